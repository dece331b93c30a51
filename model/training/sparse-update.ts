// AdamW on some rows of a table, in place: what the graph of optimizer.ts computes, without copying the rows out and in.
import type { AdamW } from './optimizer.ts'

export interface SparseTable {
  /** [rows, width] each. */
  readonly parameter: Float32Array
  readonly first: Float32Array
  readonly second: Float32Array
  readonly width: number
}

export interface SparseStep {
  readonly learningRate: number
  /** 1 for the first. */
  readonly step: number
  /** Factor on the gradient, for clipping. */
  readonly scale: number
}

/**
 * One step on the rows named, whose gradients follow each other in `gradient` [rows.length, width]. Other rows keep
 * their value and moments, as with PyTorch's SparseAdam.
 */
export const updateRows = (
  { parameter, first, second, width }: SparseTable,
  rows: readonly number[],
  gradient: Float32Array,
  { beta1, beta2, epsilon, weightDecay }: AdamW,
  { learningRate, step, scale }: SparseStep,
): void => {
  const rate = learningRate / (1 - beta1 ** step)
  const correction = Math.sqrt(1 - beta2 ** step)
  const kept = 1 - learningRate * weightDecay
  let from = 0
  for (const row of rows) {
    const end = (row + 1) * width
    for (let i = row * width; i < end; i++, from++) {
      const g = gradient[from] * scale
      const m = first[i] * beta1 + g * (1 - beta1)
      const v = second[i] * beta2 + g * g * (1 - beta2)
      first[i] = m
      second[i] = v
      parameter[i] = parameter[i] * kept - (rate * m) / (Math.sqrt(v) / correction + epsilon)
    }
  }
}
