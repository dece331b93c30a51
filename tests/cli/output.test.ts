// What commands say at their end: to a person in three lines, to a program as JSON, and nothing when asked to be quiet.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { writeSample } from '../helpers/sample.ts'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()
const cwd = temp()
writeSample(cwd)
writeFiles(cwd, { 'queries.tsv': 'q1\triver\n' })
const lrat = (...args: string[]): Promise<CliResult> => runCli(args, { cwd })

test('a run ends with what was made and the next command; --json and --quiet are the same run for others', async () => {
  const run = await lrat('run', '-c', 'config.yaml', '--to', 'export')
  expect(run.code).toBe(0)
  expect(run.stdout.trim().split('\n').slice(-3)).toEqual([
    'rows    runs/sample/export/lrat-train.jsonl',
    'report  runs/sample/report.json',
    'next    lrat train -c config.yaml',
  ])

  const [asJson, quiet] = [
    await lrat('run', '-c', 'config.yaml', '--to', 'export', '--json'),
    await lrat('export', '-c', 'config.yaml', '--quiet'),
  ]
  const found = JSON.parse(asJson.stdout) as { funnel: { step: string; count: number }[]; made: Record<string, string> }
  expect(found.funnel.find(({ step }) => step === 'exported')?.count).toBe(3)
  expect(found.made['rows']).toBe('runs/sample/export/lrat-train.jsonl')
  expect(existsSync(join(cwd, found.made['rows'] ?? ''))).toBe(true)
  expect(asJson.stderr).toMatch(/export +up to date/)
  expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([0, '', ''])
})

test('retrieve in JSON says what was done, and quietly nothing', async () => {
  const args = ['retrieve', '-c', 'config.yaml', '--queries', 'queries.tsv', '--k', '3', '--output', 'run.trec']
  expect((await lrat('run', '-c', 'config.yaml', '--to', 'index', '--quiet')).code).toBe(0)
  const { stdout, stderr } = await lrat(...args, '--json')
  expect(JSON.parse(stdout)).toMatchObject({ queries: 1, k: 3, retriever: 'bm25', output: 'run.trec' })
  expect(stderr).toBe('')
  const quiet = await lrat(...args, '--quiet')
  expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([0, '', ''])
})

test('colours come only where they are asked for or there is a terminal', async () => {
  const wrong = (env: Readonly<Record<string, string>>): Promise<CliResult> =>
    runCli(['run', '-c', 'nothing.yaml'], { cwd, env })
  const [plain, forced, none] = await Promise.all([
    wrong({}),
    wrong({ FORCE_COLOR: '1' }),
    wrong({ FORCE_COLOR: '1', NO_COLOR: '1' }),
  ])
  expect(plain.stderr).toMatch(/^\nerror: nothing\.yaml: expected/)
  expect(forced.stderr).toMatch(/^\n\x1b\[31merror:\x1b\[39m nothing\.yaml/)
  expect(none.stderr).toBe(plain.stderr)
})
