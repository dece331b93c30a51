// The command line: help, status, show, clean, exit codes, and Ctrl-C.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { tables } from '../../data/schemas.ts'
import { version } from '../../core/versions.ts'
import { stages } from '../../stages/all.ts'
import { runCli, startCli, type CliResult } from '../helpers/cli.ts'
import { agentRun, writeSample } from '../helpers/sample.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()
const cwd = temp()
const lrat = (...args: string[]): Promise<CliResult> => runCli(args, { cwd })

let first: CliResult
beforeAll(async () => {
  writeSample(cwd)
  first = await lrat('run', '-c', 'config.yaml', '--to', 'export')
})

describe('help', () => {
  test('of lrat names every stage and command, each with what it does, within 80 columns', async () => {
    const { code, stdout } = await lrat('--help')
    expect(code).toBe(0)
    for (const name of ['run', ...stages.map((stage) => stage.name), 'status', 'show', 'clean'])
      expect(stdout).toMatch(new RegExp(`^ {2}${name} .* {2}\\w`, 'm'))
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('of a command explains its options', async () => {
    const [run, show] = await Promise.all([lrat('run', '--help'), lrat('show', '--help')])
    for (const option of ['--config', '--set', '--from', '--to'])
      expect(run.stdout).toMatch(new RegExp(`${option} .*\\w`))
    for (const table of tables) expect(show.stdout).toContain(table.name)
  })
})

test("the version is the package's", async () => {
  expect((await lrat('--version')).stdout.trim()).toBe(version)
})

describe('wrong use', () => {
  test('an unknown command or a missing option: exit code 1 and a hint', async () => {
    const [unknown, missing] = await Promise.all([lrat('minee'), lrat('run')])
    expect([unknown.code, missing.code]).toEqual([1, 1])
    expect(unknown.stderr).toMatch(/unknown command 'minee'\n\(Did you mean mine\?\)/)
    expect(missing.stderr).toMatch(/required option '-c, --config <file>'.*\n.*--help/)
  })

  test('a stage that does not exist: exit code 1 and the list', async () => {
    const { code, stderr } = await lrat('run', '-c', 'config.yaml', '--to', 'exprot')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /expected the name of a stage; found 'exprot'. Did you mean 'export'\? The stages: ingest, index, generate/,
    )
  })
})

test('a run prints its stages to stderr and the funnel to stdout, and leaves report.json', () => {
  expect(first.code).toBe(0)
  expect(first.stderr).toMatch(/ingest +starts\ningest +20 rows, .* s\n/)
  expect(first.stdout).toMatch(/^trajectories +3/m)
  expect(first.stdout).toMatch(/^exported +3 +3 unsatisfied$/m)
  const report = JSON.parse(readFileSync(join(cwd, 'runs/sample/report.json'), 'utf8')) as { funnel: object[] }
  expect(report.funnel).toContainEqual({ step: 'exported', count: 3, dropped: { unsatisfied: 3 } })
})

describe('status', () => {
  test('says how each stage stands, and why', async () => {
    const { stdout } = await lrat('status', '-c', 'config.yaml', '--set', 'mine.negatives=turn')
    expect(stdout).toMatch(/^ingest +up to date +20 /m)
    expect(stdout).toMatch(/^mine +stale: changed: negatives /m)
    expect(stdout).toMatch(/^weigh +stale: depends on mine /m)
    expect(stdout).toMatch(/^train +missing$/m)
  })

  test('in JSON', async () => {
    const { stdout } = await lrat('status', '-c', 'config.yaml', '--json')
    const found = JSON.parse(stdout) as { stage: string; state: string; rows: number | null }[]
    expect(found.find(({ stage }) => stage === 'export')?.state).toBe('up to date')
    expect(found.find(({ stage }) => stage === 'report')).toMatchObject({ state: 'missing', rows: null })
  })
})

describe('show', () => {
  const show = (...args: string[]): Promise<CliResult> => lrat('show', 'runs/sample', ...args)

  test('prints rows, and how many there are', async () => {
    const { stdout, stderr } = await show('documents', '--limit', '2')
    expect(stdout.match(/^docid: /gm)).toHaveLength(2)
    expect(stderr).toBe('2 of 20 rows of documents\n')
  })

  test('of a condition, as JSON lines', async () => {
    const { stdout, stderr } = await show('pairs', '--where', 'satisfied', '--json', '--limit', '9')
    const rows = stdout.trim().split('\n')
    expect(rows.map((row) => (JSON.parse(row) as { satisfied: boolean }).satisfied)).toEqual([true, true, true])
    expect(stderr).toBe('3 of 3 rows of pairs\n')
  })

  test('to a reader that has seen enough ends quietly', async () => {
    const { child, result } = startCli(['show', 'runs/sample', 'documents', '--limit', '20'], { cwd })
    child.stdout?.destroy()
    const { code, stderr } = await result
    expect(code).toBe(0)
    expect(stderr).not.toContain('EPIPE')
  })

  const wrong: [string, string[], RegExp][] = [
    [
      'a table that does not exist',
      ['pears'],
      /the name of a table; found 'pears'. Did you mean 'pairs'\? This run has: documents, .*pairs, weights/,
    ],
    [
      'a condition that is no SQL',
      ['pairs', '--where', 'satisfied ==='],
      /--where satisfied ===: expected a condition/,
    ],
    ['a limit that is no number', ['pairs', '--limit', 'many'], /--limit.*many/],
  ]
  for (const [name, args, message] of wrong)
    test(`${name}: an error without a stack trace`, async () => {
      const { code, stderr } = await show(...args)
      expect(code).toBe(1)
      expect(stderr).toMatch(message)
      expect(stderr).not.toMatch(/^ {4}at /m)
    })

  test('a run that does not exist', async () => {
    expect((await lrat('show', 'runs/none', 'pairs')).stderr).toMatch(/runs\/none: expected the folder of a run/)
  })
})

describe('clean', () => {
  test('without --yes only says what it would remove; with it keeps what no stage wrote', async () => {
    const folder = temp()
    writeSample(folder)
    const run = join(folder, 'runs/sample')
    await runCli(['ingest', '-c', 'config.yaml'], { cwd: folder })
    writeFiles(run, { 'notes.txt': 'mine' })
    const asked = await runCli(['clean', '-c', 'config.yaml'], { cwd: folder })
    expect(asked.stdout).toMatch(/would remove from runs\/sample: .*ingest.*add --yes to do it/)
    expect(asked.stdout).not.toContain('notes.txt')
    expect(existsSync(join(run, 'ingest/manifest.json'))).toBe(true)
    const done = await runCli(['clean', '-c', 'config.yaml', '--yes'], { cwd: folder })
    expect(done.stdout).toContain('kept what no stage wrote: notes.txt')
    expect(existsSync(join(run, 'ingest'))).toBe(false)
    expect(readFileSync(join(run, 'notes.txt'), 'utf8')).toBe('mine')
  })
})

describe('Ctrl-C', () => {
  test('stops at the next safe point with exit code 130; the same command goes on to the same file', async () => {
    const [folder, elsewhere] = [temp(), temp()]
    const runs = jsonl(Array.from({ length: 1500 }, (_, n) => agentRun(n)))
    for (const place of [folder, elsewhere]) {
      writeSample(place, { runs: 0, config: { trajectories: { import: 'runs.jsonl' } } })
      writeFileSync(join(place, 'runs.jsonl'), runs)
    }
    const args = ['run', '-c', 'config.yaml', '--to', 'export']
    const { child, result, waitFor } = startCli(args, { cwd: folder })
    await waitFor('mine      starts')
    child.kill('SIGINT')
    const stopped = await result
    expect(stopped.code).toBe(130)
    expect(stopped.stderr).toContain('stopping at the next safe point')
    expect(stopped.stderr).toContain('interrupted; the same command resumes')
    expect(existsSync(join(folder, 'runs/sample/export/lrat-train.jsonl'))).toBe(false)
    expect(existsSync(join(folder, 'runs/sample/lock'))).toBe(false)

    const next = await runCli(args, { cwd: folder })
    expect(next.code).toBe(0)
    expect(next.stderr).toMatch(/generate +up to date/)
    await runCli(args, { cwd: elsewhere })
    const file = 'runs/sample/export/lrat-train.jsonl'
    expect(readFileSync(join(folder, file)).equals(readFileSync(join(elsewhere, file)))).toBe(true)
  })
})
