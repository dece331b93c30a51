import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareBytes,
  evaluateRankings,
  isMetricName,
  parseMetric,
  rankByScore,
  rankingMetrics,
  type MetricName,
} from '../../../evaluation/retrieval/metrics.ts'

interface Case {
  readonly run: Record<string, number>
  readonly qrels: Record<string, number>
  readonly expected: Record<MetricName, number>
}
// Random rankings (many with tied scores) and trec_eval's values for them, through pytrec_eval-terrier 0.5.11.
const cases = JSON.parse(readFileSync(new URL('./metrics-trec.json', import.meta.url), 'utf8')) as Case[]

describe('metrics', () => {
  it('equal trec_eval, ties included', () => {
    expect(cases.length).toBe(60)
    for (const { run, qrels, expected } of cases) {
      const names = Object.keys(expected) as MetricName[]
      const values = rankingMetrics(rankByScore(Object.entries(run)), new Map(Object.entries(qrels)), names)
      for (const name of names) expect(Math.abs(values[name] - expected[name]), name).toBeLessThan(2e-7)
    }
  })

  it('break ties as bytes in UTF-8 do', () => {
    // A private use letter and a letter beyond 16 bits: UTF-16 has them the other way round.
    expect(rankByScore(['a', '\u{e000}', '\u{1d400}', 'ab', ''].map((docid) => [docid, 1]))).toEqual([
      '\u{1d400}',
      '\u{e000}',
      'ab',
      'a',
      '',
    ])
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        fc.pre(a.isWellFormed() && b.isWellFormed())
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
    )
  })

  it('have names that are checked', () => {
    expect(parseMetric('recall@10')).toEqual({ measure: 'recall', k: 10 })
    expect(parseMetric('map')).toEqual({ measure: 'map', k: Infinity })
    for (const name of ['recall', 'precision', 'recall@0', 'recall@-1', 'f1@3', 'ndcg@', 'ndcg@1.5', 'RECALL@1', ''])
      expect(isMetricName(name), name).toBe(false)
    expect(() => rankingMetrics([], new Map(), ['f1@3' as MetricName])).toThrow('unknown metric "f1@3"')
  })

  it('count missing queries as zero or leave them out', () => {
    const judgements = new Map([
      ['q1', new Map([['a', 1]])],
      ['q2', new Map([['b', 2]])],
      ['q3', new Map([['c', 0]])],
    ])
    const rankings = new Map([
      ['q1', ['a']],
      ['q9', ['a']],
    ])
    const all = evaluateRankings(judgements, rankings, ['recall@1'])
    expect(all.queryIds).toEqual(['q1', 'q2', 'q3'])
    expect([...all.values['recall@1']]).toEqual([1, 0, 0])
    expect(all.missing).toEqual(['q2', 'q3'])
    expect(evaluateRankings(judgements, rankings, ['recall@1'], { empty: 'skip' }).queryIds).toEqual(['q1', 'q2'])
    expect(evaluateRankings(judgements, rankings, ['recall@1'], { missing: 'skip' }).queryIds).toEqual(['q1'])
  })

  const docid = fc.integer({ min: 0, max: 30 }).map((i) => `d${i}`)
  const ranking = fc.uniqueArray(docid, { maxLength: 20 })
  const grades = fc.dictionary(docid, fc.integer({ min: -1, max: 3 })).map((record) => new Map(Object.entries(record)))
  const relevantIn = (judged: ReadonlyMap<string, number>) => [...judged.values()].filter((grade) => grade > 0).length
  const names = ['recall', 'precision', 'ndcg', 'mrr', 'map'].flatMap((m) =>
    [1, 3, 10].map((k) => `${m}@${k}` as MetricName),
  )

  it('lie in [0, 1], and recall, MRR and MAP grow with k', () => {
    fc.assert(
      fc.property(ranking, grades, (ranked, judged) => {
        const values = rankingMetrics(ranked, judged, names)
        for (const name of names) {
          expect(values[name]).toBeGreaterThanOrEqual(0)
          expect(values[name]).toBeLessThanOrEqual(1 + 1e-12)
        }
        for (const m of ['recall', 'mrr', 'map'] as const) {
          expect(values[`${m}@3`]).toBeGreaterThanOrEqual(values[`${m}@1`])
          expect(values[`${m}@10`]).toBeGreaterThanOrEqual(values[`${m}@3`])
        }
      }),
    )
  })

  it('are 1 for the ideal order and unchanged by what follows the cut or by renaming', () => {
    fc.assert(
      fc.property(ranking, grades, (ranked, judged) => {
        const ideal = [...judged].sort((a, b) => b[1] - a[1]).map(([id]) => id)
        const best = rankingMetrics(ideal, judged, ['ndcg', 'map', 'mrr', 'ndcg@3'])
        const one = relevantIn(judged) > 0 ? 1 : 0
        for (const value of Object.values(best)) expect(value).toBeCloseTo(one, 12)
        const cut = rankingMetrics(ranked, judged, ['recall@3', 'ndcg@3', 'mrr@3', 'map@3', 'precision@3'])
        const tail = [...ranked.slice(0, 3), ...ranked.slice(3).reverse()]
        expect(rankingMetrics(tail, judged, ['recall@3', 'ndcg@3', 'mrr@3', 'map@3', 'precision@3'])).toEqual(cut)
        const renamed = new Map([...judged].reverse().map(([id, grade]) => [`x${id}`, grade]))
        expect(
          rankingMetrics(
            ranked.map((id) => `x${id}`),
            renamed,
            names,
          ),
        ).toEqual(rankingMetrics(ranked, judged, names))
      }),
    )
  })

  it('count a repeated docid once', () => {
    expect(
      rankingMetrics(
        ['a', 'a', 'a'],
        new Map([
          ['a', 1],
          ['b', 1],
        ]),
        ['recall@3', 'precision@3'],
      ),
    ).toEqual({
      'recall@3': 0.5,
      'precision@3': 1 / 3,
    })
  })
})
