// The training objective as a graph.
import { add, mul, neg } from '../graph/elementwise.ts'
import { matmul } from '../graph/linear.ts'
import { logSoftmax, sum, total } from '../graph/reduce.ts'
import { reshape } from '../graph/shape.ts'
import { scalar } from '../graph/sources.ts'
import { at } from '../graph/dims.ts'
import type { Value } from '../graph/value.ts'

/** What excludes a document: its exponential is 0 in f32. */
export const EXCLUDED = -1e9

export interface ContrastiveInputs {
  /** [queries, width] L2-normalised embeddings. */
  readonly queries: Value
  /** [documents, width] L2-normalised embeddings, each distinct document of the batch once. */
  readonly documents: Value
  /**
   * [queries, documents] logarithm of how often the document stands in the query's denominator: 0 for once,
   * `EXCLUDED` for never. So a document that occurs several times in a batch is encoded once and counts in full.
   */
  readonly logCounts: Value
  /** [queries, documents] 1 at each query's positive, else 0. */
  readonly targets: Value
  /** [queries] weight of each query's term, already divided by the normalizer. */
  readonly weights: Value
}

/**
 * Weighted InfoNCE, a scalar: −Σᵢ wᵢ log( exp(sᵢ⁺/τ) / Σⱼ cᵢⱼ exp(sᵢⱼ/τ) ) with s the cosine (LRAT, arXiv 2604.04949,
 * section 3.3; the weights' divisor N or Σw is `normalisedWeights`').
 */
export const weightedInfoNce = (
  { queries, documents, logCounts, targets, weights }: ContrastiveInputs,
  temperature: number,
): Value => {
  const scores = mul(matmul(queries, documents, false, true), scalar(1 / temperature))
  const logProbabilities = logSoftmax(add(scores, logCounts))
  const each = sum(mul(targets, logProbabilities), -1)
  return neg(total(mul(each, reshape(weights, [at(weights.shape, 0), 1]))))
}

/** Weights divided by their number (`batch`, the paper) or by their sum (`weights`, the released code). */
export const normalisedWeights = (weights: readonly number[], normalizer: 'batch' | 'weights'): Float32Array => {
  const sum = weights.reduce((a, b) => a + b, 0)
  const divisor = normalizer === 'batch' || sum === 0 ? weights.length : sum
  return Float32Array.from(weights, (w) => w / divisor)
}
