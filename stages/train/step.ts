// What a training step is to the loop, whatever the encoder.
import type { Device } from '../../model/execute/devices.ts'
import type { Batch } from './batches.ts'
import type { TrainState } from './checkpoint.ts'

export interface StepResult {
  readonly loss: number
  readonly gradientNorm: number
  /** Tokens of the batch's distinct texts, and how many positions they took with padding. */
  readonly tokens: number
  readonly positions: number
  /** In float16: the factor that the loss had, and how many steps were left out so far because of it. */
  readonly lossScale?: number
  readonly skipped?: number
}

export interface Trainer {
  /** What it computes on. */
  readonly device: Device
  /** Trains on one batch; `step` is 1 for the first. */
  step(batch: Batch, learningRate: number, step: number): Promise<StepResult>
  /** L2-normalised embeddings of texts by the present parameters, row-major [texts × dimensions]. */
  embed(texts: readonly Int32Array[]): Promise<Float32Array>
  state(step: number): Promise<TrainState>
  close(): Promise<void>
}
