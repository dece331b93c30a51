// AdamW as a graph, and the learning rate over time.
import { add, div, mul, sqrt, sub } from '../graph/elementwise.ts'
import { input, scalar } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import { scalarTensor, type Tensor } from '../execute/executor.ts'

export interface AdamW {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Decoupled: the parameter shrinks by learning rate × this, apart from the gradient. */
  readonly weightDecay: number
}
export const ADAMW: AdamW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }

/** Scalars that change from step to step. */
const rate = input('learning_rate', [])
const correction1 = input('correction1', [])
const correction2 = input('correction2', [])

/** Feeds of the optimizer's scalars at a step, 1 for the first. */
export const adamWFeeds = ({ beta1, beta2 }: AdamW, learningRate: number, step: number): Record<string, Tensor> => ({
  learning_rate: scalarTensor(learningRate),
  correction1: scalarTensor(1 - beta1 ** step),
  correction2: scalarTensor(1 - beta2 ** step),
})

export interface Moments {
  readonly parameter: Value
  readonly first: Value
  readonly second: Value
}

/**
 * One step of AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101, in the order of PyTorch's implementation).
 * `decay` is false for norms and biases.
 */
export const adamW = (
  { parameter, first, second }: Moments,
  gradient: Value,
  { beta1, beta2, epsilon, weightDecay }: AdamW,
  decay: boolean,
): Moments => {
  const shrunk = decay && weightDecay !== 0 ? mul(parameter, sub(scalar(1), mul(rate, scalar(weightDecay)))) : parameter
  const m = add(mul(first, scalar(beta1)), mul(gradient, scalar(1 - beta1)))
  const v = add(mul(second, scalar(beta2)), mul(mul(gradient, gradient), scalar(1 - beta2)))
  const denominator = add(div(sqrt(v), sqrt(correction2)), scalar(epsilon))
  const next = sub(shrunk, mul(div(m, denominator), div(rate, correction1)))
  return { parameter: next, first: m, second: v }
}

export type Schedule = 'linear' | 'cosine' | 'constant'

/**
 * Learning rate of a step (0 for the first of `steps`) as a fraction of the peak: linear warm-up over the first
 * `warmup` share of the steps, rounded up, then linear or half-cosine decay to 0, or constant.
 */
export const scheduled = (schedule: Schedule, step: number, steps: number, warmup: number): number => {
  const warm = Math.ceil(warmup * steps)
  if (step < warm) return step / Math.max(1, warm)
  const progress = (step - warm) / Math.max(1, steps - warm)
  if (schedule === 'linear') return Math.max(0, 1 - progress)
  if (schedule === 'cosine') return 0.5 * (1 + Math.cos(Math.PI * progress))
  return 1
}
