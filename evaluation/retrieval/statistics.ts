// What a mean over queries is worth: confidence intervals and tests of differences.
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A mean with the ends of its confidence interval; all NaN where there is nothing to average. */
export interface Estimate {
  readonly mean: number
  readonly low: number
  readonly high: number
}

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

/** Quantile of sorted values, linear between neighbours (Hyndman and Fan's type 7). */
const quantile = (sorted: Float64Array, q: number): number => {
  const at = q * (sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below]
  const high = sorted[Math.min(below + 1, sorted.length - 1)]
  return low + (at - below) * (high - low)
}

/** Values that belong together, such as an agent's searches on one question: for each value the name of its cluster. */
export type Clusters = readonly string[]

/** Cluster of each value by number, in the order of first occurrence; each value its own where there are no clusters. */
const numbered = (length: number, clusters: Clusters | undefined): { of: Int32Array; count: number } => {
  if (clusters === undefined) return { of: Int32Array.from({ length }, (_, i) => i), count: length }
  if (clusters.length !== length) throw new RangeError(`${clusters.length} clusters of ${length} values`)
  const known = new Map<string, number>()
  const of = Int32Array.from(clusters, (name) => {
    const number = known.get(name) ?? known.size
    known.set(name, number)
    return number
  })
  return { of, count: known.size }
}

const sums = (values: ArrayLike<number>, { of, count }: { of: Int32Array; count: number }): Float64Array => {
  const sum = new Float64Array(count)
  for (let i = 0; i < of.length; i++) sum[of[i]] += values[i]
  return sum
}

/**
 * Means with percentile bootstrap intervals (Efron 1979) of columns of equal length, one value a query: queries, or whole
 * clusters of them, are drawn with replacement, the same draws for every column. The same seed gives the same interval on
 * any machine.
 */
export const bootstrapMeans = <N extends string>(
  columns: Readonly<Record<N, ArrayLike<number>>>,
  options: {
    readonly seed?: number
    readonly resamples?: number
    readonly confidence?: number
    readonly clusters?: Clusters | undefined
  } = {},
): Record<N, Estimate> => {
  const { seed = 0, resamples = 1000, confidence = 0.95, clusters } = options
  const names = Object.keys(columns) as N[]
  const length = names.length === 0 ? 0 : columns[names[0]].length
  if (names.some((name) => columns[name].length !== length)) throw new RangeError('columns differ in length')
  const random = xoroshiro128plus(seed)
  const means = names.map(() => new Float64Array(length === 0 ? 0 : resamples))
  const groups = numbered(length, clusters)
  const sizes = sums(new Float64Array(length).fill(1), groups)
  const totals = names.map((name) => sums(columns[name], groups))
  const draw = new Int32Array(groups.count)
  for (let r = 0; length > 0 && r < resamples; r++) {
    let drawn = 0
    for (let i = 0; i < draw.length; i++) {
      draw[i] = uniformInt(random, 0, draw.length - 1)
      drawn += sizes[draw[i]]
    }
    totals.forEach((total, column) => {
      let sum = 0
      for (let i = 0; i < draw.length; i++) sum += total[draw[i]]
      means[column][r] = sum / drawn
    })
  }
  const entries = names.map((name, column) => {
    const sorted = means[column].sort()
    const tail = (1 - confidence) / 2
    return [name, { mean: mean(columns[name]), low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) }] as const
  })
  return Object.fromEntries(entries) as Record<N, Estimate>
}

/** `difference` is mean(a) − mean(b); `p` is two-sided. */
export interface PairedTest {
  readonly difference: number
  readonly p: number
}

/**
 * Fisher's paired randomisation test of two systems' values for the same queries: the share of random sign flips of the
 * differences whose mean is at least as far from 0 as the observed one, the observed one counted too (so p > 0). Values of
 * a cluster flip together.
 */
export const randomisationTest = (
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { readonly seed?: number; readonly permutations?: number; readonly clusters?: Clusters | undefined } = {},
): PairedTest => {
  const { seed = 0, permutations = 10_000, clusters } = options
  if (a.length !== b.length) throw new RangeError(`paired values differ in number: ${a.length} and ${b.length}`)
  const differences = Float64Array.from({ length: a.length }, (_, i) => a[i] - b[i])
  const difference = mean(differences)
  const moving = sums(differences, numbered(a.length, clusters)).filter((value) => value !== 0)
  const total = moving.reduce((sum, value) => sum + value, 0)
  const threshold = Math.abs(total) * (1 - 1e-12)
  const random = xoroshiro128plus(seed)
  let extreme = 1
  for (let r = 0; r < permutations; r++) {
    let sum = 0
    let bits = 0
    for (let i = 0; i < moving.length; i++) {
      if (i % 32 === 0) bits = random.next()
      sum += bits & (1 << (i % 32)) ? moving[i] : -moving[i]
    }
    if (Math.abs(sum) >= threshold) extreme++
  }
  return { difference, p: extreme / (permutations + 1) }
}
