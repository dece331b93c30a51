// The evaluate stage against its halves: what it says of BM25 is what `lrat retrieve` and `lrat metrics` say.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { EvaluationSummary } from '../../../evaluation/summary.ts'
import { runCli, type CliResult } from '../../helpers/cli.ts'
import { tempFolders, writeFiles } from '../../helpers/temp.ts'

const temp = tempFolders()
const cwd = temp()
const lrat = (...args: string[]): Promise<CliResult> => runCli(args, { cwd })
const json = <T>(...path: string[]): T => JSON.parse(readFileSync(join(cwd, 'run', ...path), 'utf8')) as T
const rows = async <T>(table: string, ...where: string[]): Promise<T[]> => {
  const { stdout } = await lrat('show', 'run', table, '--json', '--limit', '10000', ...where)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}

const measured = ['recall@5', 'recall@100', 'ndcg@10', 'precision@5', 'map', 'mrr']
let summary: EvaluationSummary
beforeAll(async () => {
  writeFiles(cwd, {
    'config.yaml': JSON.stringify({
      run: 'run',
      corpus: { format: 'synthetic', articles: 300, questions: 40 },
      queries: { test_share: 0.3 },
      generate: { max_steps: 8 },
      train: { seeds: [1], weightings: ['lrat'], dimensions: 16, vocabulary: 2000, epochs: 1 },
      evaluate: { k: [5, 100], metrics: measured.slice(2), resamples: 100 },
    }),
  })
  expect((await lrat('run', '-c', 'config.yaml')).code).toBe(0)
  summary = json('evaluate', 'metrics.json')
})

test('BM25 on the test questions', async () => {
  const [questions, qrels] = await Promise.all([
    rows<{ query_id: string; question: string }>('queries', '--where', "split = 'test'"),
    rows<{ query_id: string; docid: string; relevance: number }>('qrels'),
  ])
  const asked = new Set(questions.map(({ query_id }) => query_id))
  writeFiles(cwd, {
    'test.tsv': questions.map(({ query_id, question }) => `${query_id}\t${question}\n`).join(''),
    'test.qrels': qrels
      .filter(({ query_id }) => asked.has(query_id))
      .map(({ query_id, docid, relevance }) => `${query_id} 0 ${docid} ${relevance}\n`)
      .join(''),
  })
  await lrat('retrieve', '-c', 'config.yaml', '--queries', 'test.tsv', '--output', 'bm25.trec')
  const flags = ['--metrics', measured.join(','), '--per-query', '--resamples', '1']
  const { stdout } = await lrat('metrics', '--qrels', 'test.qrels', '--run', 'bm25.trec', ...flags)
  const { perQuery } = JSON.parse(stdout) as { perQuery: Record<string, Record<string, Record<string, number>>> }

  const [{ name, n, systems }] = summary.sets
  expect([name, n]).toEqual(['questions', Object.keys(perQuery['bm25.trec']).length])
  expect(Object.keys(systems[0].metrics)).toEqual(measured)
  const ids = json<Record<string, string[]>>('evaluate', 'per-query', 'queries.json')['questions']
  const scores = json<Record<string, Record<string, number[]>>>('evaluate', 'per-query', 'bm25.json')['questions']
  for (const metric of measured) {
    const values = ids.map((id) => perQuery['bm25.trec'][id][metric])
    scores[metric].forEach((value, at) => expect(value, `${ids[at]} ${metric}`).toBeCloseTo(values[at], 10))
    expect(systems[0].metrics[metric].mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / n, 10)
  }
})

test('a metric that is none is refused where it is written', async () => {
  const { code, stderr } = await lrat('status', '-c', 'config.yaml', '--set', 'evaluate.metrics=[f1@3]')
  expect(code).toBe(1)
  expect(stderr).toMatch(/evaluate\.metrics.*precision@k, ndcg\[@k\]/)
})
