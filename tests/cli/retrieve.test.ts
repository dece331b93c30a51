// `lrat retrieve` as a user calls it: anybody's queries in, a run file out that `lrat metrics` reads.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()
const cwd = temp()
const lrat = (...args: string[]): Promise<CliResult> => runCli(args, { cwd })
const retrieve = (queries: string, ...args: string[]): Promise<CliResult> =>
  lrat('retrieve', '-c', 'config.yaml', '--queries', queries, ...args)

const corpus = [
  ...Array.from({ length: 60 }, (_, at) => ({ docid: `d${at}`, text: `river number ${at}` })),
  { docid: 'a title', text: 'The zebra crosses.' },
  { docid: 'cjk', text: '北京大学 图书馆' },
  { docid: 'rtl', text: 'שלום עולם' },
]
let built: CliResult
beforeAll(async () => {
  writeFiles(cwd, {
    'corpus.jsonl': jsonl(corpus),
    'questions.tsv': 'q1\tWhich river?\tA\n',
    'qrels.txt': 'q1 0 d1 1\nq1 0 d1 1\nq1 0 d2 -1\nq1 0 unknown 1\n',
    'config.yaml': JSON.stringify({
      run: 'run',
      corpus: { format: 'jsonl', path: 'corpus.jsonl' },
      queries: { path: 'questions.tsv', qrels: 'qrels.txt' },
    }),
  })
  built = await lrat('run', '-c', 'config.yaml', '--to', 'index')
})

test('judgements of a run: what is negative, repeated or of no document is left out aloud', () => {
  expect(built.stderr).toMatch(/1 relevance judgement names documents that the corpus lacks; left out/)
  expect(built.stderr).toMatch(/1 record skipped: duplicate/)
  expect(built.stderr).toMatch(/1 record skipped: negative-relevance/)
})

test('every query is only words, whatever it holds, and every id comes through', async () => {
  writeFiles(cwd, {
    'odd.tsv': [
      `long\t${Array.from({ length: 5000 }, (_, at) => `river w${at}`).join(' ')}`,
      'operators\t"river AND (number OR\\" NOT -1 +2* ~3^2 [a TO b] {x} text:river && || ! ?',
      'control\tri\u0001ver \u0007river\u007f number',
      'rtl\tשלום',
      'cjk\t北京大学',
      'with space\tzebra',
      'nothing\t!!! ???',
      '',
    ].join('\n'),
  })
  const [plain, packed] = await Promise.all([
    retrieve('odd.tsv', '--output', 'odd.trec', '--k', '1000'),
    retrieve('odd.tsv', '--output', 'odd.trec.gz', '--k', '1000'),
  ])
  expect([plain.code, packed.code]).toEqual([0, 0])
  expect(plain.stderr).toBe(
    [
      '7 queries, up to 1,000 documents each, written to odd.trec; nothing found for 1 query',
      'note: 1 query has more than 1024 words; BM25 reads the first 1024\n',
    ].join('\n'),
  )
  const text = readFileSync(join(cwd, 'odd.trec'), 'utf8')
  expect(gunzipSync(readFileSync(join(cwd, 'odd.trec.gz'))).toString()).toBe(text)
  const hits = new Map<string, number>()
  for (const line of text.trim().split('\n')) {
    const [id] = line.split(line.includes('\t') ? '\t' : ' ')
    hits.set(id, (hits.get(id) ?? 0) + 1)
  }
  // k beyond the corpus is no more than what matches.
  expect(Object.fromEntries(hits)).toEqual({ long: 60, operators: 60, control: 60, rtl: 1, cjk: 1, 'with space': 1 })
  writeFiles(cwd, { 'odd.qrels.tsv': 'with space\ta title\t1\nrtl\trtl\t1\ncjk\tcjk\t1\nnothing\td1\t1\n' })
  const judged = await lrat('metrics', '--qrels', 'odd.qrels.tsv', '--run', 'odd.trec.gz', '--metrics', 'mrr@1')
  expect(judged.stdout).toMatch(/odd\.trec\.gz +0\.750/)
})

describe('what cannot be done', () => {
  const wrong: [string, string, readonly string[], RegExp][] = [
    ['no queries', '', [], /empty\.tsv: expected queries, one a line; found none/],
    ['a line without a query', 'q1\n', [], /line 1: expected id and question.* separated by tabs; found one field/],
    ['an id twice', 'a\tx\na\ty\n', [], /line 2: expected ids that occur once; found "a" again/],
    ['k = 0', 'a\tx\n', ['--k', '0'], /--k <n>.* Expected a whole number of at least 1/],
    ['an unknown retriever', 'a\tx\n', ['--retriever', 'sparse'], /expected bm25, dense, hybrid.*found sparse/],
    ['an encoder that was never trained', 'a\tx\n', ['--retriever', 'dense'], /expected a trained model; found none/],
    ['no folder to write into', 'a\tx\n', ['--output', 'no/such.trec'], /such\.trec: expected a folder to write into/],
  ]
  test.each(wrong.map((row, at) => [at, ...row] as const))('%i %s', async (at, name, queries, args, error) => {
    const file = name === 'no queries' ? 'empty.tsv' : `wrong${at}.tsv`
    writeFiles(cwd, { [file]: queries })
    const { code, stderr } = await retrieve(file, '--output', `wrong${at}.trec`, ...args)
    expect([code, stderr.match(/\n {4}at /)]).toEqual([1, null])
    expect(stderr).toMatch(error)
    for (const left of [`wrong${at}.trec`, `wrong${at}.trec.tmp`]) expect(existsSync(join(cwd, left)), left).toBe(false)
  })

  test('an index of another corpus', async () => {
    writeFiles(cwd, { 'other.jsonl': jsonl(corpus.slice(3)), 'one.tsv': 'a\triver\n' })
    const other = ['--set', 'run=other', '--set', 'queries={}']
    await lrat('index', '-c', 'config.yaml', ...other)
    await lrat('ingest', '-c', 'config.yaml', ...other, '--set', 'corpus.path=other.jsonl')
    const { code, stderr } = await retrieve('one.tsv', '--output', 'one.trec', '--set', 'run=other')
    expect(code).toBe(1)
    expect(stderr).toMatch(/expected an index of the run's corpus .*found one of another corpus/)
  })
})
