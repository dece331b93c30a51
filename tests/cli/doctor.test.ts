// `lrat doctor`: each thing that can be wrong is, once, and is found; the rest is green.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFake, type FakeServer } from '../../scripts/fake-openai/server.ts'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { corpusRows, writeSample } from '../helpers/sample.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'

interface Check {
  readonly check: string
  readonly level: string
  readonly found: string
  readonly fix?: string
}
interface Report {
  readonly level: string
  readonly checks: readonly Check[]
}

const temp = tempFolders()
const cwd = temp()
const doctor = (...args: string[]): Promise<CliResult> => runCli(['doctor', ...args], { cwd })
const reportOn = async (changes: readonly string[]): Promise<Report & { code: number | null }> => {
  const { code, stdout, stderr } = await doctor(
    '-c',
    'config.yaml',
    '--json',
    ...changes.flatMap((set) => ['--set', set]),
  )
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as Report) }
}
let server: FakeServer
beforeAll(async () => {
  writeSample(cwd)
  writeFiles(cwd, { 'few.jsonl': jsonl(corpusRows(5)), 'most.jsonl': jsonl(corpusRows(9)) })
  server = await startFake({ script: () => ({ content: 'yes' }) })
})
afterAll(() => server.close())

test('a sound configuration is fit, in words and in JSON', async () => {
  const [words, report] = await Promise.all([doctor('-c', 'config.yaml'), reportOn([])])
  expect([words.code, words.stderr, report.code]).toEqual([0, '', 0])
  expect(words.stdout).toMatch(/^ok +platform +\w+\/\w+, Node 2/m)
  expect(words.stdout).toMatch(/^ok +docids +the corpus has 10 of 10 documents that 3 sessions name \(100%\)$/m)
  expect(words.stdout).toMatch(/\nfit for a run/)
  expect(report.level).not.toBe('red')
  for (const name of ['platform', 'binaries', 'devices', 'ports', 'inputs', 'memory', 'disk', 'tokenizer', 'docids'])
    expect(report.checks.map(({ check }) => check)).toContain(name)
})

test('without a configuration only the machine is looked at', async () => {
  const { code, stdout } = await doctor()
  expect(code).toBe(0)
  expect(stdout).not.toContain('docids')
})

describe('what is wrong is red, with what to do', () => {
  const agent = (base_url: string, model: string): string =>
    `llm.agent=${JSON.stringify({ model, endpoints: [{ base_url }] })}`
  const cases: readonly (readonly [name: string, sets: () => string[], check: string, found: RegExp])[] = [
    [
      'a corpus that is not there',
      () => ['corpus.path=lost.jsonl'],
      'inputs',
      /^lost\.jsonl, which stage ingest reads/,
    ],
    ['a corpus of other ids', () => ['corpus.path=few.jsonl'], 'docids', /has 5 of 10 .*50%|has [0-4] of 10/],
    ['a model that nobody has', () => ['train.model=org/none'], 'model', /neither the folder org\/none nor/],
    ['a tokenizer that is not there', () => ['tokenizer=lost.json'], 'tokenizer', /lost\.json/],
    ['a device that does not work', () => ['device=tfjs-node-gpu'], 'devices', /^tfjs-node-gpu, which the config/],
    [
      'a model that the server lacks',
      () => ['filter.correctness=llm', agent(server.url, 'other')],
      'endpoints',
      /answers, but does not list other|lists no models/,
    ],
    [
      'a server that is away',
      () => ['filter.correctness=llm', agent('http://127.0.0.1:1/v1', 'm')],
      'endpoints',
      /127\.0\.0\.1:1\/v1: /,
    ],
    ['a key that does not exist', () => ['train.epoch=1'], 'configuration', /^--set train\.epoch: /],
  ]
  test.each(cases)('%s', async (_, sets, check, found) => {
    const report = await reportOn(sets())
    const hits = report.checks.filter((one) => one.check === check && one.level !== 'green')
    expect(hits.map((one) => one.found)).toEqual(expect.arrayContaining([expect.stringMatching(found)]))
    expect(hits.every(({ fix = '' }) => fix !== '')).toBe(true)
  })
})

test('a corpus that lacks less than half of the documents is a note, and names the first', async () => {
  const { code, checks } = await reportOn(['corpus.path=most.jsonl'])
  const docids = checks.find(({ check }) => check === 'docids')
  expect(docids).toMatchObject({
    level: 'yellow',
    found: expect.stringMatching(/9 of 10 .*; the first missing: "d9"/) as string,
  })
  expect(code).toBe(0)
})

test('after ingest the documents of the run are what counts', async () => {
  expect((await runCli(['ingest', '-c', 'config.yaml', '--quiet'], { cwd })).code).toBe(0)
  const { checks } = await reportOn(['corpus.path=few.jsonl'])
  expect(checks.find(({ check }) => check === 'docids')).toMatchObject({
    level: 'green',
    found: 'the corpus has 10 of 10 documents that 3 sessions name (100%)',
  })
})
