// The ingest stage as a whole: chunks of articles, questions with their split, judgements of chunks or of articles.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { documents, qrels, queries, type Document, type Qrel, type Query } from '../../../data/schemas.ts'
import { all, parquet, writer } from '../../../core/database.ts'
import { readManifest } from '../../../pipeline/manifest.ts'
import { listParts } from '../../../pipeline/parts.ts'
import { runStages } from '../../../pipeline/runner.ts'
import type { Table } from '../../../core/columns.ts'
import { configSchema } from '../../../stages/config.ts'
import { ingestStage } from '../../../stages/ingest/stage.ts'
import { jsonl, tempFolders, writeFiles } from '../../helpers/temp.ts'
import { silent } from '../../pipeline/fake-stages.ts'

const temp = tempFolders()

const ingest = async (files: Record<string, string>, config: (at: (name: string) => string) => object) => {
  const folder = temp()
  writeFiles(folder, files)
  const run = join(folder, 'run')
  const parsed = configSchema.parse({ run, ...config((name) => join(folder, name)) })
  const signal = new AbortController().signal
  await runStages({ run, config: parsed, stages: [ingestStage], progress: silent, signal })
  const read = async <T>(table: Table): Promise<T[]> =>
    all<T>(await writer(), `SELECT * FROM ${parquet(listParts(join(run, 'ingest'), table))}`)
  return { manifest: readManifest(join(run, 'ingest')), read }
}

const sentence = 'One two three four five six seven eight nine ten. '
const articles = jsonl([
  { id: '7', title: 'Long', url: '', text: sentence.repeat(6) },
  { id: '8', title: 'Short', url: '', text: 'A few words.' },
])

test('articles become chunks within the limit, and judgements of an article those of its chunks', async () => {
  const { read, manifest } = await ingest(
    {
      'wiki/AA/wiki_00': articles,
      'questions.tsv': 'q1\tWhich?\tthis\nq2\tWhat?\tthat\n',
      'qrels.txt': 'q1 0 7 1\nq1 0 8#0 2\nq2 0 99 1\n',
    },
    (at) => ({
      corpus: { format: 'wikiextractor', path: at('wiki'), chunk_tokens: 24 },
      queries: { path: at('questions.tsv'), qrels: at('qrels.txt') },
    }),
  )
  const chunks = await read<Document>(documents)
  expect(chunks.length).toBeGreaterThan(3)
  for (const { docid, text, title, tokens } of chunks) {
    expect(docid).toMatch(/^[78]#\d+$/)
    expect(tokens).toBeLessThanOrEqual(24)
    expect(text.startsWith(title)).toBe(true)
  }
  const longs = chunks.flatMap(({ docid }) => (docid.startsWith('7#') ? [docid] : []))
  expect(await read<Qrel>(qrels)).toEqual([
    ...longs.map((docid) => ({ query_id: 'q1', docid, relevance: 1 })),
    { query_id: 'q1', docid: '8#0', relevance: 2 },
  ])
  expect(await read<Query>(queries)).toEqual([
    { query_id: 'q1', question: 'Which?', answers: ['this'], split: 'train' },
    { query_id: 'q2', question: 'What?', answers: ['that'], split: 'train' },
  ])
  expect(manifest?.counts).toMatchObject({ documents: chunks.length, queries: 2, qrels_outside_corpus: 1 })
  expect(manifest?.warnings).toEqual([
    expect.stringMatching(/^1 relevance judgement names documents that the corpus lacks/),
  ])
})

test('a jsonl corpus that is to be cut is cut; one that is not keeps its ids', async () => {
  const files = { 'c.jsonl': jsonl([{ docid: 'a', text: sentence.repeat(6) }]) }
  const cut = await ingest(files, (at) => ({ corpus: { path: at('c.jsonl'), chunk_tokens: 24 } }))
  expect((await cut.read<Document>(documents)).length).toBeGreaterThan(2)
  const whole = await ingest(files, (at) => ({ corpus: { path: at('c.jsonl') } }))
  expect((await whole.read<Document>(documents)).map(({ docid }) => docid)).toEqual(['a'])
})

test('the test share is by the question, whatever else is asked', async () => {
  const lines = Array.from({ length: 200 }, (_, n) => `q${n}\tWhich ${n}?\tx\n`)
  const split = async (text: string): Promise<Map<string, string>> => {
    const { read } = await ingest({ 'c.jsonl': jsonl([{ docid: 'a', text: 'x' }]), 'q.tsv': text }, (at) => ({
      corpus: { path: at('c.jsonl') },
      queries: { path: at('q.tsv'), test_share: 0.3 },
    }))
    return new Map((await read<Query>(queries)).map((query) => [query.query_id, query.split]))
  }
  const [all200, some] = [await split(lines.join('')), await split(lines.slice(50).reverse().join(''))]
  const tests = [...all200.values()].filter((name) => name === 'test').length
  expect(tests).toBeGreaterThan(35)
  expect(tests).toBeLessThan(85)
  for (const [id, name] of some) expect(all200.get(id)).toBe(name)
})
