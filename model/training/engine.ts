// Training a network in memory that does not grow with the batch: gradient caching (Gao et al. 2021, arXiv 2101.06983).
// Four graphs: embeddings of a micro-batch; loss and its gradient on all embeddings; per micro-batch the encoder's
// vector-Jacobian product, added to the gradients; AdamW, a slice of a parameter at a time.
import { batchesByLength, padded } from './padding.ts'
import { floatsOf, tensor, type Compile } from '../execute/executor.ts'
import type { ResidentRuntime } from '../execute/resident.ts'
import type { Parameters } from '../files/safetensors.ts'
import type { Precision } from '../graph/precision.ts'
import { deviceMemory } from './device-memory.ts'
import { hostMemory } from './host-memory.ts'
import type { Network } from '../nets/network.ts'
import type { AdamW } from './optimizer.ts'
import { lossGraph } from './training-graphs.ts'
import type { TrainingMemory } from './training-memory.ts'

export interface EngineOptions {
  readonly compile: Compile
  /** Keeps parameters, moments and gradients in a device's memory between runs; left out, they stay on the host. */
  readonly resident?: ResidentRuntime
  /** Makes the engine instead: of a device that has one of its own. */
  readonly make?: (network: Network, state: TrainableState, options: EngineOptions) => Promise<Engine>
  readonly temperature: number
  readonly optimizer: AdamW
  /** Whether weight decay spares norms and biases. */
  readonly selectiveDecay: boolean
  readonly padId: number
  /** Tokens of a micro-batch at most, padding included: what memory depends on. */
  readonly microBatchTokens: number
  /** What the encoder computes in; parameters, loss and sums of gradients are float32 either way. */
  readonly precision?: Precision
  /** Asked before each micro-batch; what it throws ends the work, with the parameters as they were. */
  readonly check?: () => void
}

/** All parameters and the moments of those that are trained, on the host: current after `Engine.sync`. */
export interface TrainableState {
  readonly parameters: Parameters
  readonly first: Parameters
  readonly second: Parameters
}

/** Matrices of a batch, row-major: [queries × documents], and weights [queries]. */
export interface LossFeeds {
  readonly logCounts: Float32Array
  readonly targets: Float32Array
  readonly weights: Float32Array
}

export interface EngineLoss {
  readonly loss: number
  readonly embeddings: Float32Array
  /** Tokens, and the positions they took with padding. */
  readonly tokens: number
  readonly positions: number
}

export interface Engine {
  /** Gradients of the last `backward`, by parameter that is trained; they may be the engine's own memory. */
  gradients(): Promise<Parameters>
  /** Embeddings of texts by the present parameters, row-major [texts × dimensions]; nothing is trained. */
  embed(texts: readonly Int32Array[]): Promise<Float32Array>
  /**
   * Loss of a batch of which the first `queries` texts are queries and the others documents, and its gradients.
   * Texts are token ids. The gradients come out `lossScale` times as long.
   */
  backward(texts: readonly Int32Array[], queries: number, feeds: LossFeeds, lossScale?: number): Promise<EngineLoss>
  /** Euclidean length of all gradients together. */
  gradientNorm(): Promise<number>
  /** One AdamW step (1 for the first) with the gradients scaled by `scale`. */
  update(learningRate: number, step: number, scale: number): Promise<void>
  /** Brings the state given at the start up to date, where it is not changed in place. */
  sync(): Promise<void>
  close(): Promise<void>
}

export { zerosLike } from './training-memory.ts'

export const createEngine = async (
  network: Network,
  state: TrainableState,
  options: EngineOptions,
): Promise<Engine> => {
  if (options.make !== undefined) return options.make(network, state, options)
  const { compile, resident, padId, microBatchTokens, check = () => undefined } = options
  const loss = await compile(lossGraph(network.dimensions, options.temperature))
  const memory: TrainingMemory =
    resident === undefined
      ? await hostMemory(network, state, options)
      : await deviceMemory(network, state, { ...options, resident })
  const width = network.dimensions
  const paddedTexts = (texts: readonly Int32Array[], batch: readonly number[]) =>
    padded(
      batch.map((i) => texts[i]),
      padId,
    )

  const embed = async (texts: readonly Int32Array[], batches: readonly number[][]): Promise<Float32Array> => {
    const all = new Float32Array(texts.length * width)
    for (const batch of batches) {
      check()
      const found = await memory.encode(paddedTexts(texts, batch))
      for (const [row, i] of batch.entries()) all.set(found.subarray(row * width, (row + 1) * width), i * width)
    }
    return all
  }
  const addGradients = (texts: readonly Int32Array[], batch: readonly number[], all: Float32Array) => {
    const cotangent = new Float32Array(batch.length * width)
    for (const [row, i] of batch.entries()) cotangent.set(all.subarray(i * width, (i + 1) * width), row * width)
    return memory.addGradients(paddedTexts(texts, batch), tensor(cotangent, batch.length, width))
  }

  return {
    gradients: () => memory.gradients(),
    gradientNorm: () => memory.gradientNorm(),
    update: (learningRate, step, scale) => memory.update(learningRate, step, scale),
    sync: () => memory.sync(),
    embed: (texts) => embed(texts, batchesByLength(texts, microBatchTokens)),
    backward: async (texts, queries, { logCounts, targets, weights: each }, lossScale = 1) => {
      await memory.clear()
      const batches = batchesByLength(texts, microBatchTokens)
      const embeddings = await embed(texts, batches)
      const documents = texts.length - queries
      const results = await loss.run({
        queries: tensor(embeddings.subarray(0, queries * width), queries, width),
        documents: tensor(embeddings.subarray(queries * width), documents, width),
        log_counts: tensor(logCounts, queries, documents),
        targets: tensor(targets, queries, documents),
        weights: tensor(each, queries),
      })
      const cotangents = new Float32Array(embeddings.length)
      cotangents.set(floatsOf(results, 'query_gradient'))
      cotangents.set(floatsOf(results, 'document_gradient'), queries * width)
      if (lossScale !== 1) for (let i = 0; i < cotangents.length; i++) cotangents[i] *= lossScale
      for (const batch of batches) {
        check()
        await addGradients(texts, batch, cotangents)
      }
      const positions = batches.reduce((sum, batch) => sum + batch.length * Math.max(1, texts[batch[0]].length), 0)
      const tokens = texts.reduce((sum, ids) => sum + ids.length, 0)
      return { loss: floatsOf(results, 'loss')[0], embeddings, tokens, positions }
    },
    close: async () => {
      await loss.close()
      await memory.close()
    },
  }
}
