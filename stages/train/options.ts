// What training takes and gives.
import type { ModelConfig, ModelName } from './config.ts'
import type { StepMetrics, TablePlace } from './metrics.ts'
import type { DatasetRecord, ModelRecord } from './records.ts'

export interface TrainOptions {
  /** LRAT-Train JSONL, compressed or not. */
  readonly examples: string
  /** Texts that the vocabulary is counted over besides the training texts; called when one has to be built. */
  readonly corpus?: () => AsyncIterable<string>
  readonly config: Omit<ModelConfig, keyof ModelName>
  /** The models to train, the main one first. */
  readonly names: readonly ModelName[]
  /**
   * Gets a folder for each model with `model/`, `untrained/` and `train.json`, and the tables. What lies there of an
   * earlier call with the same settings and rows is gone on from; whoever calls sees to it that they are the same.
   */
  readonly folder: string
  /** Threads that tokenise; changes no result. */
  readonly workers?: number
  /** Ends training between two micro-batches with a checkpoint of the last step completed, and `Interrupted`. */
  readonly signal?: AbortSignal
  /** Told of each step, of how many the model is to take, and of which model. */
  readonly onProgress?: (metrics: StepMetrics, steps: number, name: ModelName) => void
  /** Told in a line what a user may want to know beside the steps. */
  readonly say?: (line: string, name: ModelName) => void
}

export interface TrainResult extends ModelRecord, DatasetRecord {
  /** Its name and its folder's: `lrat-1`. */
  readonly name: string
  /** Folder of the trained model. */
  readonly model: string
  /** Folder of the model that training started from. */
  readonly untrained: string
  readonly tables: TablePlace
}
