// `lrat init` as a newcomer calls it: what it finds, what it says is missing, and that what it writes runs.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../pipeline/config.ts'
import { configSchema } from '../../stages/config.ts'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { agentRun, corpusRows } from '../helpers/sample.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()
const init = (cwd: string, ...args: string[]): Promise<CliResult> => runCli(['init', ...args], { cwd })

test('logs and a corpus: the configuration runs as it is', async () => {
  const cwd = temp()
  writeFiles(cwd, {
    'docs/corpus.jsonl': jsonl(corpusRows(20)),
    ...Object.fromEntries([0, 1, 2].map((n) => [`logs/${n}.json`, JSON.stringify(agentRun(n))])),
    'questions.tsv': 'q0\tWhich town does river 0 flow through?\ttown 0\n',
    'qrels.txt': 'q0 0 d2 1\n',
    'notes.txt': 'nothing to see',
  })
  const { code, stdout, stderr } = await init(cwd, '--yes')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toBe(
    [
      'found in .',
      '  corpus     docs/corpus.jsonl (jsonl)',
      '  logs       logs (lrat, 3 sessions, 3 of 3 searches with hits)',
      '  questions  questions.tsv (with answers)',
      '  judgements qrels.txt',
      'wrote lrat.yaml',
      'next  lrat run -c lrat.yaml',
      '',
    ].join('\n'),
  )
  const text = readFileSync(join(cwd, 'lrat.yaml'), 'utf8')
  expect(text.match(/ # /g)?.length).toBeGreaterThan(4)
  const run = await runCli(['run', '-c', 'lrat.yaml', '--to', 'export', '--set', 'queries={}'], { cwd })
  expect([run.code, run.stderr]).toEqual([0, expect.stringMatching(/export +1 files/)])
  expect(existsSync(join(cwd, 'runs/lrat/export/lrat-train.jsonl'))).toBe(true)

  const again = await init(cwd, '--yes')
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('lrat.yaml: expected a name that is free')])
  expect(readFileSync(join(cwd, 'lrat.yaml'), 'utf8')).toBe(text)
})

test('training rows and a model: only training, from another folder', async () => {
  const cwd = temp()
  writeFiles(cwd, {
    'mine/rows.jsonl': jsonl([{ query: 'q', pos: ['p'], neg: ['n'] }]),
    'mine/model/config.json': '{}',
    'mine/model/modules.json': '[]',
  })
  const { code, stdout } = await init(cwd, 'mine')
  expect([code, stdout]).toEqual([0, expect.stringContaining('next  lrat train -c mine/lrat.yaml')])
  const { train, run } = loadConfig(configSchema, join(cwd, 'mine/lrat.yaml'))
  expect(run).toBe('mine/runs/lrat')
  expect(train).toMatchObject({ data: 'mine/rows.jsonl', model: 'mine/model' })
})

test('questions without a corpus: what is missing is named, in the file as well', async () => {
  const cwd = temp()
  writeFiles(cwd, { 'questions.jsonl': jsonl([{ id: 'a', question: 'Who?', answer: 'I' }]) })
  const { code, stdout } = await init(cwd, '--yes')
  expect(code).toBe(0)
  expect(stdout).toMatch(/missing\n {2}No corpus was found.*\n {2}Put the name of the model/)
  expect(stdout).toMatch(/next {2}lrat doctor -c lrat\.yaml/)
  const text = readFileSync(join(cwd, 'lrat.yaml'), 'utf8')
  expect(text.match(/MISSING/g)).toHaveLength(2)
  expect(loadConfig(configSchema, join(cwd, 'lrat.yaml')).queries.path).toBe('questions.jsonl')
})

test('an empty or new folder: the demo', async () => {
  const cwd = temp()
  const { stdout } = await init(cwd, 'new')
  expect(stdout).toMatch(/found nothing in new that it knows/)
  expect(loadConfig(configSchema, join(cwd, 'new/lrat.yaml')).corpus.format).toBe('synthetic')
})

test('odd names and files come through or are passed over', async () => {
  const cwd = temp()
  writeFiles(cwd, {
    'a: b #c/corpus.jsonl': jsonl(corpusRows(3)),
    'broken.jsonl': '{"docid": ',
    'empty.jsonl': '',
    'binary.csv': '\u0000\u0001\n',
    '.hidden/corpus.jsonl': jsonl(corpusRows(3)),
  })
  const { code, stderr } = await init(cwd, '--yes')
  expect([code, stderr]).toEqual([0, ''])
  expect(loadConfig(configSchema, join(cwd, 'lrat.yaml')).corpus.path).toBe('a: b #c/corpus.jsonl')
})

test.each(['demo', 'lrat', 'llm', 'finetune'])('the example %s is copied and valid', async (name) => {
  const cwd = temp()
  const { code, stdout } = await init(cwd, 'there', '--example', name)
  expect(code).toBe(0)
  expect(stdout).toContain(`wrote there/${name}.yaml`)
  const config = loadConfig(configSchema, join(cwd, `there/${name}.yaml`))
  if (name === 'lrat') {
    expect(config.corpus.path).toBe('there/sample/corpus.jsonl')
    expect(existsSync(join(cwd, 'there/sample/corpus.jsonl'))).toBe(true)
  }
})
