// Disks and files that are not as they should be: one sentence that names the file, what is wrong and what to do.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { fileNameOf } from '../../cli/commands/export-trajectories.ts'
import { runItems } from '../../pipeline/items.ts'
import { openJournal, openMemoryJournal } from '../../pipeline/journal.ts'
import { lockRun } from '../../pipeline/lock.ts'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { agentRun, writeSample } from '../helpers/sample.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'
import { z } from 'zod'

const temp = tempFolders()
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const expectSentence = ({ code, stderr }: Pick<CliResult, 'code' | 'stderr'>, words: RegExp): void => {
  expect(stderr).toMatch(/error: .*: expected .*; found /)
  expect(stderr).toMatch(words)
  expect(stderr, 'no stack trace').not.toMatch(/^ {4}at /m)
  expect(code).toBe(1)
}

describe('a run folder', () => {
  const run = (path: string, folder = temp()) => {
    writeSample(folder)
    return runCli(['run', '-c', 'config.yaml', '--to', 'export', '--set', `run=${path}`], { cwd: folder })
  }

  test('that is a file, or below one', async () => {
    const folder = temp()
    writeFiles(folder, { taken: 'x' })
    expectSentence(await run('taken', folder), /taken: expected a folder at every step.*Correct the path/)
    expectSentence(await run('taken/run', folder), /expected a folder at every step/)
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('x')
  })

  test('with a name that is too long, or with a tab or a line break in it', async () => {
    expectSentence(await run('r'.repeat(300)), /expected names that the file system takes.*Choose shorter names/)
    for (const name of ['"a\\tb"', '"a\\nb"', '"\\e[2J"'])
      expectSentence(await run(name), /run: expected a path without tabs, line breaks or other control characters/)
  })

  test('whose lock is a folder', async () => {
    const folder = temp()
    mkdirSync(join(folder, 'r', 'lock', 'inner'), { recursive: true })
    expectSentence(await run('r', folder), /r\/lock: expected a lock, which is a file; found a folder.*move it away/)
    expect(existsSync(join(folder, 'r', 'lock', 'inner'))).toBe(true)
  })

  const isRoot = process.platform === 'linux' && process.getuid?.() === 0
  test.skipIf(!isRoot)('on a read-only file system (needs the right to mount)', async () => {
    const disk = temp()
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', disk]).status !== 0) return
    try {
      expectSentence(
        await run(join(disk, 'r')),
        /expected a file system that can be written to; found one that is read-only/,
      )
    } finally {
      spawnSync('umount', [disk])
    }
  })

  test('that this user may not write to', () => {
    const folder = temp()
    writeSample(folder)
    mkdirSync(join(folder, 'r'))
    chmodSync(join(folder, 'r'), 0o555)
    chmodSync(folder, 0o755)
    const { status, stderr } = spawnSync(
      process.execPath,
      [main, 'run', '-c', 'config.yaml', '--set', 'run=r'],
      // Root may write everywhere.
      { cwd: folder, encoding: 'utf8', ...(isRoot ? { uid: 65534, gid: 65534 } : {}) },
    )
    expectSentence({ code: status, stderr }, /expected permission to use it; found none.*ls -l/)
  })
})

describe.skipIf(process.platform !== 'linux')('too few files to open', () => {
  test('is said, and the same command goes on', async () => {
    const folder = temp()
    writeSample(folder, { runs: 30 })
    const command = (limit: string): string => `ulimit -n ${limit}; exec "$0" ${main} run -c config.yaml --to export`
    const few = spawnSync('sh', ['-c', command('25'), process.execPath], { cwd: folder, encoding: 'utf8' })
    expectSentence({ code: few.status, stderr: few.stderr }, /as many open ones as this process may have.*ulimit -n/)
    expect((await runCli(['run', '-c', 'config.yaml', '--to', 'export'], { cwd: folder })).code).toBe(0)
  })
})

describe('a part that is damaged', () => {
  const commands = [
    ['show', 'runs/sample', 'trajectories'],
    ['show', 'runs/sample', 'trajectories', '--where', "status = 'completed'"],
    ['export-trajectories', 'runs/sample', '--out', 'out'],
    ['agents', 'runs/sample'],
  ]
  let folder: string
  let part: string
  let whole: Buffer
  beforeAll(async () => {
    folder = temp()
    const { run } = writeSample(folder)
    await runCli(['run', '-c', 'config.yaml', '--to', 'mine'], { cwd: folder })
    part = join(run, 'generate/trajectories/part-00000.parquet')
    whole = readFileSync(part)
  })
  const show = (args: readonly string[]) => runCli(args, { cwd: folder })

  test.each(commands)('is named by %s %s %s', async (...args) => {
    truncateSync(part, whole.length >> 1)
    expectSentence(await show(args), /part-00000\.parquet: expected the \d+ bytes.*found \d+ bytes.*--from generate/)
    const flipped = Buffer.from(whole)
    flipped[40] = (flipped[40] ?? 0) ^ 1
    writeFileSync(part, flipped)
    expectSentence(await show(args), /part-00000\.parquet: .*found other content.*--from generate/)
    writeFileSync(part, whole)
    expect((await show(args)).code).toBe(0)
    expect(existsSync(join(folder, 'out.tmp'))).toBe(false)
  })

  test('is named where its stage has not finished', async () => {
    const manifest = join(folder, 'runs/sample/generate/manifest.json')
    const kept = readFileSync(manifest)
    writeFileSync(manifest, '')
    expectSentence(
      await show(commands[0] ?? []),
      /manifest\.json: expected the manifest of a stage; found an empty file/,
    )
    spawnSync('rm', [manifest])
    truncateSync(part, whole.length >> 1)
    for (const args of commands.slice(0, 2))
      expectSentence(await show(args), /part-00000\.parquet: expected a whole part.*found damage.*--from/)
    writeFileSync(part, whole)
    writeFileSync(manifest, kept)
  })
})

describe('a journal', () => {
  test('that is a folder is named', async () => {
    const path = join(temp(), 'journal')
    mkdirSync(path)
    await expect(openJournal(path)).rejects.toThrow(/journal: expected a file; found a folder/)
  })

  test('that changes while it is in use is named', async () => {
    const path = join(temp(), 'journal')
    const journal = await openJournal<number>(path)
    await journal.append('a', 1)
    writeFileSync(path, '')
    await expect(journal.read('a')).rejects.toThrow(/journal: expected a journal that nobody else writes to/)
    await journal.close()
  })

  test('whose values are of another form: they count as damaged', async () => {
    const path = join(temp(), 'journal')
    writeFileSync(path, '["a",1]\n["b","2"]\n["c",null]\n{"d":4}\n["e",5,6]\n["f"]\n')
    const journal = await openJournal(path, z.number())
    expect([journal.size, journal.damaged]).toEqual([1, 5])
    await journal.close()
  })

  test('a note of progress that fails, fails the work, and nothing else', async () => {
    const work = runItems({
      items: [1, 2, 3],
      key: String,
      concurrency: 2,
      work: async (item) => item,
      journal: openMemoryJournal<number>(),
      signal: new AbortController().signal,
      onProgress: () => {
        throw new Error('no room for a mark')
      },
    })
    await expect(work).rejects.toThrow('no room for a mark')
  })
})

test('a lock that is damaged belongs to nobody; one that is too large is not read', () => {
  for (const text of ['[]', '{"pid":"1","host":"x","started":""}', '{"pid":1}', '\0\0', ' '.repeat(1 << 20)]) {
    const folder = temp()
    writeFileSync(join(folder, 'lock'), text)
    lockRun(folder)()
    expect(readdirSync(folder)).toEqual([])
  }
})

describe('export-trajectories', () => {
  const ids = [
    'q1',
    'Q1',
    'é',
    'e\u0301',
    '../../up',
    '/root',
    'con',
    'a/b',
    'a\\b',
    '.',
    '..',
    '.hidden',
    'x'.repeat(300),
    'tab\tid',
    '漢字',
    'index',
    '',
  ]
  let folder: string
  beforeAll(async () => {
    folder = temp()
    const rows = ids.map((id, n) => agentRun(n, { more: { query_id: id === '' ? 'q0' : id } }))
    writeSample(folder, {
      runs: 0,
      config: { trajectories: { import: 'runs.jsonl' } },
      files: { 'runs.jsonl': jsonl(rows) },
    })
    const { stderr, code } = await runCli(['run', '-c', 'config.yaml', '--to', 'generate'], { cwd: folder })
    expect(stderr).toMatch(/generate/)
    expect(code).toBe(0)
  })

  test('writes names that every file system takes, and an index of what is what', async () => {
    const { code, stderr } = await runCli(['export-trajectories', 'runs/sample', '--out', 'out'], { cwd: folder })
    expect(stderr).toMatch(/17 files in out, named in index\.tsv/)
    expect(code).toBe(0)
    const files = readdirSync(join(folder, 'out')).filter((name) => name !== 'index.tsv')
    expect(files).toHaveLength(ids.length)
    expect(new Set(files.map((name) => name.toLowerCase())).size).toBe(ids.length)
    for (const name of files) expect(name).toMatch(/^[A-Za-z0-9_#][A-Za-z0-9._#-]{0,110}\.json$/)
    const lines = readFileSync(join(folder, 'out/index.tsv'), 'utf8').trimEnd().split('\n').slice(1)
    expect(lines).toHaveLength(ids.length)
    for (const [n, line] of lines.entries()) {
      const [file = '', trajectory] = line.split('\t')
      const { query_id } = JSON.parse(readFileSync(join(folder, 'out', file), 'utf8')) as { query_id: string }
      expect(query_id).toBe(ids[n] === '' ? 'q0' : ids[n])
      expect(trajectory).toBe(query_id.replace('\\', '\\\\').replace('\t', '\\t'))
    }
  })

  test('leaves a folder that holds files alone', async () => {
    writeFiles(folder, { 'mine/letter.txt': 'x' })
    const result = await runCli(['export-trajectories', 'runs/sample', '--out', 'mine'], { cwd: folder })
    expectSentence(result, /mine: expected a new or an empty folder; found one that holds files/)
    expect(readdirSync(join(folder, 'mine'))).toEqual(['letter.txt'])
  })

  test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)('is whole or not at all', async () => {
    const disk = temp()
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status !== 0) return
    try {
      const result = await runCli(['export-trajectories', 'runs/sample', '--out', join(disk, 'out')], { cwd: folder })
      expectSentence(result, /expected room to write; found a full disk/)
      expect(readdirSync(disk)).toEqual([])
    } finally {
      spawnSync('umount', [disk])
    }
  })

  test('names stay as they are where they are plain', () => {
    expect(fileNameOf('q1#2')).toBe('q1#2')
    expect(fileNameOf('Q1')).toMatch(/^Q1-[0-9a-f]{16}$/)
    expect(fileNameOf('../x')).toMatch(/^_x-[0-9a-f]{16}$/)
  })
})

describe('control characters of a document', () => {
  test('reach neither terminal nor log, from any command', async () => {
    const folder = temp()
    const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e'
    writeSample(folder, {
      runs: 0,
      files: {
        'corpus.jsonl': jsonl([{ docid: 'd0', text: `Title${evil}\nThe river${evil} flows.` }]),
        'trajectories/0.json': agentRun(0, { corpus: 1, more: { query: `river${evil}`, answer: `town${evil}` } }),
      },
    })
    const lrat = (...args: string[]) => runCli(args, { cwd: folder })
    const results = [
      await lrat('run', '-c', 'config.yaml', '--to', 'mine'),
      await lrat('index', '-c', 'config.yaml'),
      await lrat('search', 'runs/sample', `river${evil}`),
      await lrat('search', 'runs/sample', 'river', '--json'),
      await lrat('show', 'runs/sample', 'documents'),
      await lrat('show', 'runs/sample', 'documents', '--json'),
      await lrat('show', 'runs/sample', 'trajectories', '--where', `nonsense${evil}`),
      await lrat('show', 'runs/sample', 'trajectory', 'q0'),
      await lrat('show', `runs/${evil}`, 'documents'),
    ]
    for (const { stdout, stderr } of results) expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/)
    expect(results.map(({ stdout }) => stdout).join()).toContain('\\u001b]0;owned')
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 1])
  })
})
