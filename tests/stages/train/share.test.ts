import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Dataset } from '../../../stages/train/dataset.ts'
import { drawShare } from '../../../stages/train/share.ts'
import { rows, small, stepsOf, temporaryFolder, trainModel, writeRows } from './helpers.ts'

const NONE = new Int32Array()
const datasetOf = (queries: readonly number[]): Dataset => ({
  size: queries.length,
  rows: { read: 0, unsatisfied: 0, empty_query: 0, no_negative: 0, kept: 0 },
  texts: 0,
  example: (i) => ({ query: queries[i] ?? 0, positives: NONE, negatives: NONE, weight: 1 }),
  ids: () => NONE,
  isPositive: () => false,
  close: () => undefined,
})
const all = (queries: readonly number[]): Uint32Array => Uint32Array.from(queries.keys())
const share = fc.double({ min: 0.001, max: 1, noNaN: true })

it('takes whole queries, about as many rows as asked for, and of larger shares more of the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(30), { minLength: 1, maxLength: 80 }),
      share,
      share,
      fc.nat(9),
      (queries, one, other, seed) => {
        const dataset = datasetOf(queries)
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map((part) => [
          ...drawShare(dataset, all(queries), { share: part, seed }),
        ])
        expect(more).toEqual(expect.arrayContaining(less ?? []))
        expect(more).toEqual(more?.toSorted((a, b) => a - b))
        const drawn = new Set(less?.map((index) => queries[index]))
        expect(less).toEqual([...queries.keys()].filter((index) => drawn.has(queries[index] ?? -1)))
        const wanted = Math.min(one, other) * queries.length
        const largest = Math.max(...queries.map((query) => queries.filter((own) => own === query).length))
        expect(less?.length).toBeGreaterThanOrEqual(wanted)
        expect(less?.length).toBeLessThan(wanted + largest)
        expect([...drawShare(dataset, all(queries), { share: 1, seed })]).toEqual([...queries.keys()])
      },
    ),
    { numRuns: 200 },
  )
})

it('draws others for another seed', () => {
  const queries = Array.from({ length: 100 }, (_, i) => i)
  const drawn = (seed: number): number[] => [...drawShare(datasetOf(queries), all(queries), { share: 0.3, seed })]
  expect(drawn(1)).toHaveLength(30)
  expect(drawn(1)).toEqual(drawn(1))
  expect(drawn(1)).not.toEqual(drawn(2))
})

it('trains on the share alone, and counts what it left out; rows set aside come first', async () => {
  const folder = await temporaryFolder()
  const examples = await writeRows(folder, rows(80))
  const dev = {
    ...{ share: 0.2, negatives: 3, metric: 'ndcg@10' as const },
    ...{ keep_best: true, require_gain: false },
  }
  const half = await trainModel({ examples, folder: join(folder, 'half'), config: { ...small, dev, share: 0.5 } })
  expect([half.rows.kept, half.development?.rows, half.undrawn, half.steps]).toEqual([80, 16, 32, 3 * 4])
  const seen = (await stepsOf(half)).slice(0, 4).reduce((sum, step) => sum + step.examples, 0)
  expect(seen).toBe(32)
  const whole = await trainModel({ examples, folder: join(folder, 'whole'), config: { ...small, dev } })
  expect(whole.development?.start).toBe(half.development?.start)
  expect(whole.undrawn).toBe(0)
})
