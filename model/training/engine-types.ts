// What an engine is made with, works on and gives: apart from how, so that its memories and devices can speak of it.
import type { Compile } from '../execute/executor.ts'
import type { ResidentRuntime } from '../execute/resident.ts'
import type { Parameters } from '../files/safetensors.ts'
import type { Precision } from '../graph/precision.ts'
import type { Network } from '../nets/network.ts'
import type { AdamW } from './optimizer.ts'

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
