import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitForDevelopment, type SplitPair } from '../../../stages/train/dev-split.ts'
import { findOverlap, normaliseText } from '../../../data/overlap.ts'

const word = fc.constantFrom('river', 'otter', 'stone', 'moss', 'bear', 'fish', 'who', 'when')
const pairs: fc.Arbitrary<SplitPair[]> = fc
  .array(
    fc.record({
      query: fc.array(word, { minLength: 1, maxLength: 6 }),
      positives: fc.array(fc.nat(40), { minLength: 1, maxLength: 2 }),
    }),
    { maxLength: 60 },
  )
  .map((rows) =>
    rows.map(({ query, positives }, i) => ({
      pair_id: `p${i}`,
      query: query.join(' '),
      positives: positives.map((n) => `d${n}`),
    })),
  )

describe('splitForDevelopment', () => {
  it('shares no query, near-duplicate or positive, keeps every pair, and respects the share', () => {
    fc.assert(
      fc.property(pairs, fc.double({ min: 0, max: 1, noNaN: true }), (rows, share) => {
        const { train, dev } = splitForDevelopment(rows, { share })
        expect([...train, ...dev].sort()).toEqual(rows.map(({ pair_id }) => pair_id).sort())
        expect(dev.length).toBeLessThanOrEqual(share * rows.length)
        const side = (ids: readonly string[]) => rows.filter(({ pair_id }) => ids.includes(pair_id))
        const asRows = (ids: readonly string[]) =>
          side(ids).map(({ pair_id, query }) => ({ query_id: pair_id, question: query }))
        expect(findOverlap(asRows(dev), asRows(train), 0.8)).toEqual([])
        const positives = new Set(side(train).flatMap(({ positives: own }) => own))
        const queries = new Set(side(train).map(({ query }) => normaliseText(query)))
        for (const { positives: own, query } of side(dev)) {
          expect(own.some((docid) => positives.has(docid))).toBe(false)
          expect(queries.has(normaliseText(query))).toBe(false)
        }
      }),
    )
  })

  it('does not depend on the order, does on the seed, and comes near the share', () => {
    const rows = Array.from({ length: 2000 }, (_, i) => ({
      pair_id: `p${i}`,
      query: `word${i} other${i}`,
      positives: [`d${i}`],
    }))
    const { dev } = splitForDevelopment(rows, { share: 0.1 })
    expect(dev).toHaveLength(200)
    expect(splitForDevelopment(rows, { rows: 70 }).dev).toHaveLength(70)
    expect([...splitForDevelopment([...rows].reverse(), { share: 0.1 }).dev].sort()).toEqual([...dev].sort())
    expect(splitForDevelopment(rows, { share: 0.1, seed: 1 }).dev).not.toEqual(dev)
  })

  it('gives back what is nearly a training query', () => {
    const words = (i: number) => Array.from({ length: 9 }, (_, w) => `w${i}x${w}`).join(' ')
    const rows = Array.from({ length: 40 }, (_, i) => ({
      pair_id: `p${i}`,
      query: `${words(i >> 1)}${i % 2 ? ' extra' : ''}`,
      positives: [`d${i}`],
    }))
    const { dev, returned } = splitForDevelopment(rows, { share: 0.5 })
    expect(returned).toBeGreaterThan(0)
    const twins = new Set(dev.map((id) => Number(id.slice(1)) >> 1))
    expect(dev).toHaveLength(2 * twins.size)
  })
})
