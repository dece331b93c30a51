import fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchesByLength, padded } from '../../../model/training/padding.ts'

it('puts every text in one batch, of similar lengths, within the budget', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 })
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 300 }), (sizes, budget) => {
      const texts = sizes.map((n) => new Int32Array(n))
      const batches = batchesByLength(texts, budget)
      expect(batches.flat().sort((a, b) => a - b)).toEqual([...sizes.keys()])
      for (const batch of batches) {
        const longest = Math.max(1, ...batch.map((i) => sizes[i]))
        expect(batch.length === 1 || batch.length * longest <= budget).toBe(true)
      }
      const order = batches.flat().map((i) => sizes[i])
      expect(order).toEqual([...order].sort((a, b) => b - a))
    }),
  )
})

it('does not pad short texts to a long one', () => {
  const texts = [500, ...Array.from({ length: 30 }, () => 60)].map((n) => new Int32Array(n))
  expect(batchesByLength(texts, 4096).map((batch) => batch.length)).toEqual([1, 30])
})

it('pads on the right', () => {
  const { input_ids: ids, attention_mask: mask } = padded([Int32Array.of(4, 5), Int32Array.of(), [6]], 9)
  expect(ids).toEqual({ data: Int32Array.of(4, 5, 9, 9, 6, 9), dims: [3, 2] })
  expect([...mask.data]).toEqual([1, 1, 0, 0, 1, 0])
})
