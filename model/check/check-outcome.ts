// Three training steps on known texts, and how far two executors' results lie apart.
import { createEngine, zerosLike, type EngineOptions, type LossFeeds } from '../training/engine.ts'
import type { Parameters } from '../files/safetensors.ts'
import type { Network } from '../nets/network.ts'
import type { AdamW } from '../training/optimizer.ts'

/**
 * Largest errors, each relative to the largest expected value of its tensor, or to 1e-3 of the largest of all tensors
 * where that is more (a key's bias has the gradient 0, since softmax does not see it).
 */
export interface EngineErrors {
  readonly embeddings: number
  readonly loss: number
  readonly gradients: number
  /** After three AdamW steps. */
  readonly parameters: number
}

/** What is trained on: a network with its parameters, which stay as they are, and a batch. */
export interface Problem {
  readonly network: Network
  readonly parameters: Parameters
  readonly queries: readonly Int32Array[]
  readonly documents: readonly Int32Array[]
  readonly feeds: LossFeeds
  readonly temperature: number
  readonly optimizer: AdamW
  readonly learningRate: number
  readonly padId: number
}

/** What comes of it. */
export interface Outcome {
  readonly embeddings: Float32Array
  /** Before each step, and after the last. */
  readonly losses: readonly number[]
  /** At the start. */
  readonly gradients: Parameters
  readonly parameters: Parameters
}

/** What the problem is computed on. */
export type Engines = Pick<EngineOptions, 'compile' | 'resident' | 'make'>
export type CheckOptions = Partial<Pick<EngineOptions, 'microBatchTokens' | 'precision'>>

const STEPS = 3
/** Keeps small gradients within float16. */
const LOSS_SCALE = 2 ** 10

export const outcomeOf = async (problem: Problem, on: Engines, options: CheckOptions = {}): Promise<Outcome> => {
  const { network, queries, documents, feeds } = problem
  const parameters = copyOf(problem.parameters)
  const engine = await createEngine(
    network,
    { parameters, first: zerosLike(parameters), second: zerosLike(parameters) },
    {
      ...on,
      temperature: problem.temperature,
      optimizer: problem.optimizer,
      selectiveDecay: false,
      padId: problem.padId,
      microBatchTokens: options.microBatchTokens ?? 64,
      precision: options.precision ?? 'float32',
    },
  )
  try {
    const lossScale = options.precision === 'float16' ? LOSS_SCALE : 1
    const run = () => engine.backward([...queries, ...documents], queries.length, feeds, lossScale)
    const { embeddings } = await run()
    const gradients = scaled(await engine.gradients(), 1 / lossScale)
    const losses: number[] = []
    for (let step = 1; step <= STEPS; step++) {
      losses.push((await run()).loss)
      await engine.update(problem.learningRate, step, 1 / lossScale)
    }
    losses.push((await run()).loss)
    await engine.sync()
    return { embeddings, losses, gradients, parameters }
  } finally {
    await engine.close()
  }
}

export const errorsBetween = (found: Outcome, expected: Outcome): EngineErrors => ({
  embeddings: relative(found.embeddings, expected.embeddings),
  loss: Math.max(...expected.losses.map((loss, i) => Math.abs(found.losses[i] - loss) / Math.abs(loss))),
  gradients: errorOf(expected.gradients, found.gradients),
  parameters: errorOf(expected.parameters, found.parameters),
})

const copyOf = (tensors: Parameters): Parameters => scaled(tensors, 1)

const errorOf = (expected: Parameters, found: Parameters): number => {
  const largest = Math.max(
    ...[...expected.values()].map(({ data }) => data.reduce((a, b) => Math.max(a, Math.abs(b)), 0)),
  )
  return Math.max(
    ...[...expected].map(([name, { data }]) => relative(found.get(name)?.data ?? [], data, largest * 1e-3)),
  )
}

const scaled = (tensors: Parameters, factor: number): Parameters =>
  new Map([...tensors].map(([name, { dims, data }]) => [name, { dims, data: data.map((x) => x * factor) }]))

/** NaN, never a pass, where the lengths differ. */
const relative = (found: ArrayLike<number>, expected: ArrayLike<number>, floor = 1e-12): number => {
  if (found.length !== expected.length) return NaN
  let [error, scale] = [0, floor]
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i] - expected[i])
    if (!(difference <= error)) error = difference
    scale = Math.max(scale, Math.abs(expected[i]))
  }
  return error / scale
}
