import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EXCLUDED } from '../../../model/training/loss.ts'
import { batchesOf, stepsPerEpoch, type Batch } from '../../../stages/train/batches.ts'
import type { Dataset, Example } from '../../../stages/train/dataset.ts'
import { small } from './helpers.ts'

const datasetOf = (examples: readonly Omit<Example, 'weight'>[], weight = (i: number): number => 1 + i): Dataset => ({
  size: examples.length,
  rows: { read: 0, unsatisfied: 0, empty_query: 0, no_negative: 0, kept: 0 },
  texts: 0,
  example: (i) => ({ ...examples[i], weight: weight(i) }),
  ids: () => new Int32Array(),
  isPositive: (query, text) => examples.some((row) => row.query === query && row.positives.includes(text)),
  close: () => undefined,
})

const texts = (least: number, most: number) =>
  fc.array(fc.integer({ min: 100, max: 130 }), { minLength: least, maxLength: most }).map((ids) => Int32Array.from(ids))
const example = fc.record({ query: fc.nat(6), positives: texts(1, 3), negatives: texts(0, 12) })
const cases = fc.record({
  rows: fc.array(example, { minLength: 1, maxLength: 20 }),
  batch_size: fc.integer({ min: 1, max: 9 }),
  group_size: fc.integer({ min: 2, max: 6 }),
  in_batch_negatives: fc.boolean(),
  seed: fc.nat(99),
})

/** How often each document counts for query `row`, by text. */
const countsOf = ({ documents, logCounts }: Batch, row: number): ReadonlyMap<number, number> =>
  new Map(
    documents.flatMap((text, column) => {
      const value = logCounts[row * documents.length + column]
      return value === EXCLUDED ? [] : [[text, Math.round(Math.exp(value))] as const]
    }),
  )

describe('batchesOf', () => {
  it('has every example once an epoch, and never another positive of the same query among the negatives', () => {
    fc.assert(
      fc.property(cases, ({ rows, ...settings }) => {
        const dataset = datasetOf(rows)
        const config = { ...small, ...settings }
        const batch = batchesOf(dataset, config)
        const perEpoch = stepsPerEpoch(rows.length, config.batch_size)
        for (const epoch of [0, 1]) {
          const batches = Array.from({ length: perEpoch }, (_, i) => batch(epoch * perEpoch + i))
          const queries = batches.flatMap((found) => found.queries)
          expect(queries.toSorted()).toEqual(rows.map(({ query }) => query).toSorted())
          for (const found of batches) {
            expect(new Set(found.documents).size).toBe(found.documents.length)
            for (const [row, query] of found.queries.entries()) {
              const counts = countsOf(found, row)
              const width = found.documents.length
              const targets = found.documents.filter((_, column) => found.targets[row * width + column] === 1)
              expect(targets).toHaveLength(1)
              expect(dataset.isPositive(query, targets[0])).toBe(true)
              expect(counts.get(targets[0])).toBe(1)
              for (const text of counts.keys())
                if (text !== targets[0]) expect(dataset.isPositive(query, text)).toBe(false)
            }
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is the same from any step on, and another for another seed', () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      query: i,
      positives: Int32Array.of(100 + i, 200 + i),
      negatives: Int32Array.from({ length: 8 }, (_, k) => 300 + ((i + k) % 30)),
    }))
    const dataset = datasetOf(rows)
    const config = { ...small, batch_size: 6 }
    const walked = batchesOf(dataset, config)
    const all = Array.from({ length: 12 }, (_, step) => walked(step))
    expect(batchesOf(dataset, config)(11)).toEqual(all[11])
    expect(batchesOf(dataset, { ...config, seed: 9 })(11)).not.toEqual(all[11])
    expect(all[8].queries).not.toEqual(all[0].queries)
  })

  it('draws negatives without replacement, others each epoch; fewer are repeated', () => {
    const negatives = Int32Array.from({ length: 10 }, (_, k) => 300 + k)
    const rows = [{ query: 0, positives: Int32Array.of(100), negatives }]
    const drawn = (own: readonly Omit<Example, 'weight'>[], groupSize: number) => {
      const batch = batchesOf(datasetOf(own), { ...small, group_size: groupSize })
      return Array.from({ length: 30 }, (_, epoch) => countsOf(batch(epoch), 0))
    }
    const epochs = drawn(rows, 6)
    for (const counts of epochs) expect([...counts.values()]).toEqual([1, 1, 1, 1, 1, 1])
    expect(new Set(epochs.flatMap((counts) => [...counts.keys()])).size).toBe(11)
    expect(new Set(epochs.map((counts) => [...counts.keys()].toSorted().join())).size).toBeGreaterThan(10)
    const few = drawn([{ ...rows[0], negatives: negatives.slice(0, 2) }], 6)
    for (const counts of few) expect([...counts.values()].toSorted()).toEqual([1, 2, 3])
  })

  it('draws one of several positives each epoch, each in turn about as often', () => {
    const row = { query: 0, positives: Int32Array.of(100, 101, 102), negatives: Int32Array.of(101, 300) }
    const batch = batchesOf(datasetOf([row]), { ...small, group_size: 3 })
    const drawn = Array.from({ length: 300 }, (_, epoch) => batch(epoch).documents[0])
    for (const positive of row.positives) {
      const times = drawn.filter((text) => text === positive).length
      expect(times).toBeGreaterThan(60)
      expect(times).toBeLessThan(140)
    }
  })

  it('counts in-batch documents as often as they occur, or only its own', () => {
    const rows = [0, 1].map((query) => ({
      query,
      positives: Int32Array.of(100 + query),
      negatives: Int32Array.of(300, 301),
    }))
    const counts = (inBatchNegatives: boolean) =>
      countsOf(batchesOf(datasetOf(rows), { ...small, group_size: 3, in_batch_negatives: inBatchNegatives })(0), 0)
    expect([...counts(true).values()].toSorted()).toEqual([1, 1, 2, 2])
    expect([...counts(false).values()]).toEqual([1, 1, 1])
  })

  it('divides weights by their number or by their sum; without weighting all are alike', () => {
    const rows = [0, 1].map((query) => ({
      query,
      positives: Int32Array.of(100 + query),
      negatives: Int32Array.of(300),
    }))
    const weights = (change: object, weight?: (i: number) => number): number[] =>
      [...batchesOf(datasetOf(rows, weight), { ...small, ...change })(0).weights].toSorted()
    expect(weights({ normalizer: 'batch' })).toEqual([0.5, 1])
    expect(weights({ normalizer: 'weights' })).toEqual([Math.fround(1 / 3), Math.fround(2 / 3)])
    expect(weights({ weighting: 'none' })).toEqual([0.5, 0.5])
    // Nothing is learned from pairs without weight, and nothing is divided by zero.
    expect(weights({ normalizer: 'weights' }, () => 0)).toEqual([0, 0])
  })
})
