import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { bootstrapMeans, randomisationTest } from '../../../evaluation/retrieval/statistics.ts'

const uniforms = (seed: number, count: number) => {
  const random = xoroshiro128plus(seed)
  return Float64Array.from({ length: count }, () => (random.next() >>> 0) / 2 ** 32)
}

describe('bootstrapMeans', () => {
  it('is repeatable and shares draws among columns', () => {
    const a = uniforms(1, 200)
    const first = bootstrapMeans({ a, b: a }, { seed: 3 })
    expect(bootstrapMeans({ a }, { seed: 3 }).a).toEqual(first.a)
    expect(first.b).toEqual(first.a)
    expect(bootstrapMeans({ a }, { seed: 4 }).a.low).not.toBe(first.a.low)
  })

  it('covers the true mean about as often as it says', () => {
    let covered = 0
    for (let i = 0; i < 200; i++) {
      const { low, high } = bootstrapMeans({ x: uniforms(100 + i, 60) }, { resamples: 400, seed: i }).x
      if (low <= 0.5 && 0.5 <= high) covered++
    }
    expect(covered).toBeGreaterThan(178)
    expect(covered).toBeLessThan(200)
  })

  it('agrees with the normal approximation', () => {
    const { mean, low, high } = bootstrapMeans({ x: uniforms(5, 3000) }).x
    const standardError = Math.sqrt(1 / 12 / 3000)
    expect(high - low).toBeCloseTo(2 * 1.96 * standardError, 2.5)
    expect((low + high) / 2).toBeCloseTo(mean, 2.5)
  })

  it('draws whole clusters: the same value many times over tells no more than once', () => {
    const values = uniforms(9, 60)
    const often = Array.from({ length: 600 }, (_, i) => values[i % 60])
    const names = often.map((_, i) => `c${i % 60}`)
    const [once, clustered, loose] = [
      bootstrapMeans({ x: values }).x,
      bootstrapMeans({ x: often }, { clusters: names }).x,
      bootstrapMeans({ x: often }).x,
    ]
    for (const end of ['mean', 'low', 'high'] as const) expect(clustered[end]).toBeCloseTo(once[end], 12)
    expect(loose.high - loose.low).toBeLessThan(0.5 * (once.high - once.low))
    // A cluster weighs by its size.
    expect(bootstrapMeans({ x: [0, 1, 1, 1] }, { clusters: ['a', 'b', 'b', 'b'] }).x).toEqual({
      mean: 0.75,
      low: 0,
      high: 1,
    })
    expect(() => bootstrapMeans({ x: [1, 2] }, { clusters: ['a'] })).toThrow('1 clusters of 2 values')
  })

  it('takes constants, one value, none, and refuses unequal lengths', () => {
    expect(bootstrapMeans({ x: [1, 1, 1] }).x).toEqual({ mean: 1, low: 1, high: 1 })
    expect(bootstrapMeans({ x: [0.3] }).x).toEqual({ mean: 0.3, low: 0.3, high: 0.3 })
    expect(bootstrapMeans({ x: [] }).x).toEqual({ mean: NaN, low: NaN, high: NaN })
    expect(() => bootstrapMeans({ x: [1], y: [1, 2] })).toThrow('differ in length')
  })
})

describe('randomisationTest', () => {
  it('is 1 for equal systems and equals the exact test on few queries', () => {
    expect(randomisationTest([1, 0, 1], [1, 0, 1])).toEqual({ difference: 0, p: 1 })
    // Five wins of five: 2 of the 32 sign patterns are as extreme.
    const { difference, p } = randomisationTest([1, 1, 1, 1, 1], [0, 0, 0, 0, 0])
    expect(difference).toBe(1)
    expect(p).toBeCloseTo(2 / 32, 1.9)
    expect(() => randomisationTest([1], [1, 2])).toThrow('differ in number')
  })

  it('flips clusters together', () => {
    // Four wins, but of two questions: half of the four sign patterns are as extreme, not two of sixteen.
    const [a, b] = [
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ]
    expect(randomisationTest(a, b, { clusters: ['x', 'x', 'y', 'y'] }).p).toBeCloseTo(1 / 2, 1.5)
    expect(randomisationTest(a, b).p).toBeCloseTo(1 / 8, 1.5)
    expect(randomisationTest(a, b, { clusters: ['x', 'x', 'y', 'y'] }).difference).toBe(1)
  })

  it('is uniform where there is no difference and small where there is one', () => {
    const ps = Array.from({ length: 200 }, (_, i) =>
      randomisationTest(uniforms(1000 + i, 80), uniforms(5000 + i, 80), { permutations: 500 }),
    ).map(({ p }) => p)
    expect(ps.filter((p) => p < 0.1).length / 200).toBeCloseTo(0.1, 1)
    const a = uniforms(7, 300)
    expect(
      randomisationTest(
        a.map((x) => x + 0.2),
        uniforms(8, 300),
      ).p,
    ).toBeLessThan(0.001)
  })
})
