// What training a model takes and gives.
import type { ModelConfig } from './config.ts'
import type { Losses, StepMetrics, TablePlace } from './metrics.ts'
import type { RowCounts } from './rows.ts'

export interface TrainOptions {
  /** LRAT-Train JSONL, compressed or not. */
  readonly examples: string
  /** Texts that the vocabulary is counted over besides the training texts; called when one has to be built. */
  readonly corpus?: () => AsyncIterable<string>
  readonly config: ModelConfig
  /** Gets `model/`, `untrained/`, `train.json`, and `work/` until training is complete. */
  readonly folder: string
  /** Where the tables of metrics go; default: part 0 of tables in `folder`. */
  readonly tables?: TablePlace
  /** Where vocabulary and tokenised rows are kept for models of the same data and tokenizer; default: in `work/`. */
  readonly shared?: string
  /** Threads that tokenise; changes no result. */
  readonly workers?: number
  /** Whatever else the result depends on (the corpus): another value starts over. */
  readonly fingerprint?: string
  /** Ends training between two micro-batches with a checkpoint of the last step completed, and `Interrupted`. */
  readonly signal?: AbortSignal
  readonly onProgress?: (metrics: StepMetrics, steps: number) => void
  /** Told in a line what a user may want to know beside the steps. */
  readonly say?: (line: string) => void
}

/** What a development split said. */
export interface DevelopmentResult {
  /** Rows set aside, and those given back since a training query nearly says the same. */
  readonly rows: number
  readonly returned: number
  readonly queries: number
  /** Documents ranked for each query. */
  readonly documents: number
  readonly metric: string
  /** The metric before training, at the chosen step, and at the last. */
  readonly start: number
  readonly chosen: number
  readonly last: number
}

export interface TrainResult {
  /** Folder of the trained model. */
  readonly model: string
  /** Folder of the model that training started from. */
  readonly untrained: string
  readonly tables: TablePlace
  /** Rows read, dropped by reason, and kept. */
  readonly rows: RowCounts
  /** Distinct texts, those a query and a passage have in common counted twice. */
  readonly texts: number
  readonly steps: number
  /** The step whose parameters the trained model has: the best-scored one, 0 being the start, or the last. */
  readonly chosenStep: number
  /** Rows that `share` left out. */
  readonly undrawn: number
  readonly loss: Losses
  readonly development?: DevelopmentResult
  /** What a user must know of the model, such as that it is no better than what it was trained from. */
  readonly warnings: readonly string[]
}
