// From scores by query to the numbers that people read.
import { expect, test } from 'vitest'
import type { QuerySet } from '../../../stages/evaluate/query-sets.ts'
import { summarise } from '../../../stages/evaluate/summary.ts'
import { evaluatedSystems, mainGroup, type System, type Trained } from '../../../stages/evaluate/systems.ts'
import { renderEvaluation } from '../../../stages/evaluate/report.ts'

const trained: Trained = { seeds: [1, 2], weightings: ['lrat', 'none'] }
const told = { main: mainGroup(trained), synthetic: { corpus: true, agent: true }, seed: 1, resamples: 1000 }
const n = 200
const set: QuerySet = {
  name: 'questions',
  description: 'made for this test',
  queries: Array.from({ length: n }, (_, id) => ({
    id: String(id),
    questionId: String(id),
    search: { text: 'q' },
    grades: new Map([['d', 1]]),
  })),
}
const empty: QuerySet = { ...set, name: 'agent-queries', queries: [] }

/** Every fourth query is found by all; the trained models find every second one too; seeds differ in every tenth. */
const score = (system: System): number[] =>
  Array.from({ length: n }, (_, at) => {
    if (at % 4 === 0) return 1
    if (system.kind === 'encoder' && system.seed === 2 && at % 10 === 1) return 1
    return system.name.startsWith('lrat') || system.name.startsWith('none') ? Number(at % 2 === 0) : 0
  })

const summary = summarise({
  ...told,
  sets: [set, empty],
  notes: [],
  names: ['recall@10'],
  systems: evaluatedSystems(trained),
  scores: (system) => ({ questions: { 'recall@10': score(system) } }),
})

test('averages over seeds, one row a retriever, one a model; a set without queries is left out', () => {
  expect(summary.sets.map(({ name }) => name)).toEqual(['questions'])
  const [{ systems, models }] = summary.sets
  const mean = (rows: typeof systems, name: string) =>
    rows.find(({ system }) => system === name)?.metrics['recall@10'].mean
  expect(mean(systems, 'BM25')).toBeCloseTo(0.25)
  expect(mean(models, 'untrained-1')).toBeCloseTo(0.25)
  expect(mean(models, 'untrained-2')).toBeCloseTo(0.35)
  expect(mean(systems, 'untrained encoder')).toBeCloseTo(0.3)
  expect(mean(systems, 'trained, weights on')).toBeCloseTo(0.55)
  for (const { metrics } of [...systems, ...models]) {
    const { mean: middle, low, high } = metrics['recall@10']
    expect(low).toBeLessThanOrEqual(middle)
    expect(high).toBeGreaterThanOrEqual(middle)
  }
})

test('searches on one question are no independent evidence', () => {
  const together = { ...set, queries: set.queries.map((query, at) => ({ ...query, questionId: `of ${at % 10}` })) }
  const widths = [set, together].map((one) => {
    const { sets } = summarise({
      ...told,
      sets: [one],
      notes: [],
      names: ['recall@10'],
      systems: evaluatedSystems(trained),
      // Each question is found by all of its searches or by none.
      scores: () => ({ questions: { 'recall@10': Array.from({ length: n }, (_, at) => Number(at % 10 < 5)) } }),
    })
    const { low, high } = sets[0].systems[0].metrics['recall@10']
    return high - low
  })
  expect(widths[1]).toBeGreaterThan(2 * widths[0])
})

test('compares the main retriever with every other, and tells a difference from none', () => {
  const [{ comparisons }] = summary.sets
  expect(comparisons.map(({ system, against }) => [system, against])).toEqual([
    ['trained, weights on', 'BM25'],
    ['trained, weights on', 'untrained encoder'],
    ['trained, weights on', 'trained, weights off'],
  ])
  expect(comparisons[1].difference).toBeCloseTo(0.25)
  expect(comparisons[1].p).toBeLessThan(0.001)
  expect(comparisons[2]).toMatchObject({ difference: 0, p: 1 })
})

test('prints it narrowly and says what is synthetic', () => {
  const text = renderEvaluation(summary)
  expect(text).toContain('SYNTHETIC')
  expect(text).toMatch(/untrained encoder \+0\.250 \(p ≤ 0\.0001\)/)
  expect(text).toMatch(/trained, weights off \+0\.000 \(p = 1(\.0)?\)/)
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
})
