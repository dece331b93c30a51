// Nothing leaves the machine, and nothing is written outside the run: watched through the system calls of real commands.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const temp = tempFolders()
const watchable = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true']).status === 0
if (!watchable) console.warn('skipped: what commands touch is watched with strace, which is not here or not allowed')

const CALLS =
  'socket,connect,sendto,sendmsg,openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat'
const WRITES = /^(creat|mkdir|rename|link|unlink)|O_WRONLY|O_RDWR|O_CREAT/

interface Seen {
  readonly status: number | null
  readonly output: string
  /** Calls that create, change or remove files. */
  readonly writes: readonly string[]
  readonly sockets: readonly string[]
  readonly all: readonly string[]
  readonly home: string
}

const watch = (folder: string, program: readonly string[]): Seen => {
  const [log, home, spare] = [join(folder, 'calls'), join(folder, 'home'), join(folder, 'spare')]
  for (const made of [home, spare]) mkdirSync(made)
  const { status, stdout, stderr } = spawnSync(
    'strace',
    ['-f', '-qq', '-s', '400', '-e', `trace=${CALLS}`, '-o', log, process.execPath, ...program],
    { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: home, TMPDIR: spare } },
  )
  const all = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\d+ +/, ''))
    .filter((call) => call !== '' && !call.startsWith('<...'))
  return {
    status,
    output: stdout + stderr,
    all,
    home,
    sockets: all.filter((call) => /^(socket|connect|send)/.test(call) && !call.includes('AF_UNIX')),
    writes: all.filter((call) => WRITES.test(call) && !/"\/dev\/(null|shm\/)/.test(call)),
  }
}

const expectQuiet = ({ sockets, all, home }: Seen): void => {
  expect(sockets).toEqual([])
  expect(readdirSync(home)).toEqual([])
  expect(all.filter((call) => /machine-id|mat-debug|resolv\.conf|nsswitch|stored_secrets/.test(call))).toEqual([])
}

describe.skipIf(!watchable)('what a command touches (needs strace)', () => {
  test('a run, from corpus to report, writes below its own folder only and opens no socket', () => {
    const folder = temp()
    const config = {
      run: 'runs/small',
      corpus: { format: 'synthetic', articles: 100, questions: 12 },
      queries: { test_share: 0.3 },
      train: { dimensions: 8, vocabulary: 500, epochs: 1, batch_size: 4 },
      evaluate: { resamples: 100 },
    }
    writeFiles(folder, { 'config.yaml': stringify(config) })
    const seen = watch(folder, [main, 'run', '-c', 'config.yaml'])
    expect(seen.output).toMatch(/report +\d+ files/)
    expect(seen.status).toBe(0)
    expectQuiet(seen)
    expect(seen.writes.length).toBeGreaterThan(20)
    const own = [join(folder, 'runs'), 'runs']
    expect(seen.writes.filter((call) => !own.some((path) => call.includes(`"${path}`)))).toEqual([])
  }, 120_000)

  test("ONNX Runtime's telemetry is off", () => {
    const seen = watch(temp(), [main, 'check-engine'])
    expect(seen.output).toMatch(/updated parameters/)
    expect(seen.all.some((call) => call.includes('onnxruntime_binding.node'))).toBe(true)
    expectQuiet(seen)
    expect(seen.writes).toEqual([])
  }, 120_000)

  test('a query that would need an extension fails instead of fetching it', () => {
    const database = new URL('../../dist/core/database.js', import.meta.url).href
    const program = `import { connect } from ${JSON.stringify(database)}
      const connection = await connect()
      for (const sql of ["SELECT * FROM read_csv('https://example.com/x.csv')", "SELECT * FROM st_read('x')"])
        await connection.run(sql).then(() => console.log('ran'), (error) => console.log('refused'))`
    const seen = watch(temp(), ['--input-type=module', '-e', program])
    expect(seen.output).toBe('refused\nrefused\n')
    expectQuiet(seen)
  })
})
