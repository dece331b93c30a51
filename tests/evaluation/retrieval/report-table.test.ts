import { describe, expect, it } from 'vitest'
import { formatResults, resultsJson, type ResultRow } from '../../../evaluation/retrieval/report-table.ts'

const at = (mean: number) => ({ mean, low: mean - 0.01, high: mean + 0.01 })
const names = ['recall@1', 'recall@5', 'recall@10', 'recall@100', 'ndcg@10', 'mrr@10']
const row = (system: string, querySet: string, n: number, mean: number): ResultRow => ({
  system,
  querySet,
  n,
  metrics: Object.fromEntries(names.map((name, i) => [name, at(mean + i / 100)])),
})

describe('formatResults', () => {
  it('prints one block a query set', () => {
    const rows = [row('bm25', 'original questions', 120, 0.5), row('bm25', 'agent queries', 1, 0.2)]
    rows.push(row('trained, weighted', 'original questions', 120, 0.61))
    const comparison = {
      querySet: 'original questions',
      metric: 'recall@10',
      systems: ['trained, weighted', 'bm25'] as const,
      difference: 0.11,
      p: 0.0001,
    }
    expect(formatResults(rows, [comparison, { ...comparison, metric: 'mrr@10', difference: -0.02, p: 0.25 }])).toBe(
      `original questions (120 queries)
                               recall@1     recall@5    recall@10   recall@100      ndcg@10
  bm25                            0.500        0.510        0.520        0.530        0.540
                            0.490–0.510  0.500–0.520  0.510–0.530  0.520–0.540  0.530–0.550
  trained, weighted               0.610        0.620        0.630        0.640        0.650
                            0.600–0.620  0.610–0.630  0.620–0.640  0.630–0.650  0.640–0.660
  trained, weighted − bm25                                 +0.110
                                                        p < 0.001

                                 mrr@10
  bm25                            0.550
                            0.540–0.560
  trained, weighted               0.660
                            0.650–0.670
  trained, weighted − bm25       −0.020
                              p = 0.250

agent queries (1 query)
           recall@1     recall@5    recall@10   recall@100      ndcg@10       mrr@10
  bm25        0.200        0.210        0.220        0.230        0.240        0.250
        0.190–0.210  0.200–0.220  0.210–0.230  0.220–0.240  0.230–0.250  0.240–0.260`,
    )
  })

  it('stays within about 100 columns, whatever the number of metrics', () => {
    const many = Array.from({ length: 20 }, (_, i) => [`recall@${i + 1}`, at(0.5)] as const)
    const text = formatResults([{ system: 's'.repeat(30), querySet: 'q', n: 3, metrics: Object.fromEntries(many) }])
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(102)
    for (const [name] of many) expect(text).toContain(name)
  })

  it('prints missing metrics, unequal counts and no queries at all', () => {
    const nothing = { mean: NaN, low: NaN, high: NaN }
    const text = formatResults([
      { system: 'a', querySet: 'q', n: 0, metrics: { 'recall@1': nothing } },
      { system: 'b', querySet: 'q', n: 2, metrics: { 'mrr@10': at(0.5) } },
    ])
    expect(text).toContain('a (0 queries)')
    expect(text).toContain('-')
    expect(text).not.toContain('NaN')
    expect(formatResults([])).toBe('')
  })
})

describe('resultsJson', () => {
  it('groups by query set and system', () => {
    const json = resultsJson([row('bm25', 'questions', 7, 0.5)])
    expect(json.results['questions']['bm25'].queries).toBe(7)
    expect(json.results['questions']['bm25'].metrics['recall@5']).toEqual(at(0.51))
    expect(json.comparisons).toEqual([])
  })
})
