// What a training step is to the loop, whatever the encoder.
import type { Device } from '../../model/execute/device-names.ts'
import type { Batch } from './batches.ts'
import type { TrainState } from './checkpoint.ts'
import type { ModelConfig } from './config.ts'
import type { Dataset } from './dataset.ts'

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

/** What every trainer is made of. */
export interface TrainerSetting {
  readonly dataset: Dataset
  readonly config: ModelConfig
  /** Where parameters and moments start; changed in place. */
  readonly start: TrainState
  /** Asked between micro-batches, before anything of the step has reached the parameters: throws to stop. */
  readonly check: () => void
}

export interface Trainer {
  /** What it computes on. */
  readonly device: Device
  /** The same with what runs it and its version: two that differ may differ in rounding. */
  readonly runtime: string
  /** Trains on one batch; `step` is 1 for the first. Where it throws, the parameters are those from before. */
  step(batch: Batch, learningRate: number, step: number): Promise<StepResult>
  /** L2-normalised embeddings of texts by the present parameters, row-major [texts × dimensions]. */
  embed(texts: readonly Int32Array[]): Promise<Float32Array>
  state(step: number): Promise<TrainState>
  close(): Promise<void>
}
