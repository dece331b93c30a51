// Agent runs through the command line: our sample against pairs derived by hand, the released ones against the released builder.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Manifest } from '../../pipeline/manifest.ts'
import { handMadePairs } from '../fixtures/sample-pairs.ts'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { sharedSuite } from '../helpers/shared.ts'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

interface Row extends Record<string, unknown> {
  readonly query: string
  readonly pos: readonly string[]
  readonly neg: readonly string[]
  readonly pos_id: readonly string[]
  readonly neg_id: readonly string[]
  readonly reasoning_len: number
  readonly satisfied: boolean
  readonly reweight_rate: number
}
const rowsOf = (path: string): Row[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)

const temp = tempFolders()

describe('the six runs of configs/sample', () => {
  const sample = fileURLToPath(new URL('../../configs/sample', import.meta.url))
  const texts = new Map(
    readFileSync(join(sample, 'corpus.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { docid: string; text: string })
      .map(({ docid, text }) => [docid, text]),
  )
  const exported = async (relevance: unknown): Promise<Row[]> => {
    const folder = temp()
    writeFiles(folder, {
      'sample.yaml': {
        run: 'run',
        corpus: { format: 'jsonl', path: join(sample, 'corpus.jsonl') },
        trajectories: { import: join(sample, 'trajectories') },
        filter: { correctness: 'exact-match', match: 'contains' },
        mine: { relevance },
        export: { keep: 'all' },
      },
    })
    const { code, stderr } = await runCli(['run', '-c', 'sample.yaml', '--to', 'export'], { cwd: folder })
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 docid in the trajectories is not in the corpus')])
    return rowsOf(join(folder, 'run/export/lrat-train.jsonl'))
  }

  test.each([
    ['labels', { labels: join(sample, 'labels.jsonl') }],
    ['rules', 'rules'],
  ])('give the pairs that were derived by hand, judged by %s', async (_, relevance) => {
    const rows = await exported(relevance)
    expect(
      rows.map((row) => ({
        query: row.query,
        positive: row.pos_id.join(),
        negatives: row.neg_id,
        reasoning: row.reasoning_len,
        relevant: row.satisfied,
      })),
    ).toEqual(handMadePairs.map(({ weight: _weight, ...pair }) => pair))
    for (const [at, { weight }] of handMadePairs.entries()) expect(rows[at]?.reweight_rate).toBeCloseTo(weight, 12)
    for (const { pos, neg, pos_id, neg_id } of rows)
      expect([...pos, ...neg]).toEqual([...pos_id, ...neg_id].map((docid) => texts.get(docid)))
  })
})

const NEEDED = [
  'reference/lrat/pairs.jsonl',
  'reference/lrat/stats.json',
  'data/lrat/corpus.jsonl',
  'data/lrat/trajectories',
  'reference/lrat/judgements.jsonl',
] as const

const config = `
run: runs/lrat-sample
tokenizer: whitespace
corpus:       { format: jsonl, path: ../shared/data/lrat/corpus.jsonl }
trajectories: { import: ../shared/data/lrat/trajectories }
filter:       { correctness: none }
mine:         { negatives: session, relevance: { labels: ../shared/reference/lrat/judgements.jsonl } }
export:       { keep: all }
`

sharedSuite('six real agent runs', NEEDED, (pairs, stats, data) => {
  const folder = temp()
  const run = join(folder, 'runs/lrat-sample')
  let result: CliResult

  beforeAll(async () => {
    writeFiles(folder, { 'sample.yaml': config.replaceAll('../shared', dirname(dirname(dirname(data)))) })
    result = await runCli(['run', '-c', 'sample.yaml', '--to', 'export'], { cwd: folder })
  })

  test('the command succeeds and prints the funnel', () => {
    expect(result.stderr).not.toContain('error')
    expect(result.code).toBe(0)
    expect(result.stdout).toMatch(/pairs +15/)
  })

  test('rows, order, texts, ids, lengths and flags equal the reference; weights to 1e-12', () => {
    const ours = rowsOf(join(run, 'export/lrat-train.jsonl'))
    const reference = rowsOf(pairs).map(({ query_id: _, ...row }): Row => row)
    expect(ours.map((row) => ({ ...row, reweight_rate: 0 }))).toEqual(
      reference.map((row) => ({ ...row, reweight_rate: 0 })),
    )
    for (const [at, { reweight_rate }] of reference.entries())
      expect(Math.abs(ours[at].reweight_rate - reweight_rate)).toBeLessThanOrEqual(1e-12)
  })

  test('half life and mean raw weight equal the reference', () => {
    const { counts } = JSON.parse(readFileSync(join(run, 'weigh/manifest.json'), 'utf8')) as Manifest
    const { half_life, mean_raw_weight } = JSON.parse(readFileSync(stats, 'utf8')) as Record<string, number>
    expect(counts.half_life_tokens).toBe(half_life)
    expect(counts.mean_raw_weight).toBeCloseTo(mean_raw_weight, 12)
  })
})
