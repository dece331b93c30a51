// What a training run is told.
import type { Device } from '../../model/execute/devices.ts'
import type { Precision } from '../../model/graph/precision.ts'
import type { Lora } from '../../model/nets/lora.ts'
import type { Pooling } from '../../model/nets/pooling.ts'
import type { Schedule } from '../../model/training/optimizer.ts'
import type { MetricName } from '../../evaluation/retrieval/metrics.ts'
import { UserError } from '../../core/errors.ts'

/** Rows set aside to score the model on while it trains. */
export interface Development {
  /** Share of the rows, where `rows` does not say how many. */
  readonly share: number
  readonly rows?: number
  /** Negatives of a row, from the first on, that join the documents among which positives are ranked. */
  readonly negatives: number
  /** Higher is better. */
  readonly metric: MetricName
  /** Steps between evaluations; 0 is the end of each epoch. The last step always has one. */
  readonly every: number
  /** Whether the trained model is the best-scored one instead of the last. */
  readonly keepBest: boolean
}

export interface TrainConfig {
  /** A static encoder from scratch, or a model folder to go on from. */
  readonly model:
    | {
        readonly architecture: 'static'
        readonly dimensions: number
        /** Words in the vocabulary at most, where no `tokenizer` is named. */
        readonly vocabulary: number
        /** A tokenizer.json or WordPiece vocab.txt to use instead of building a vocabulary. */
        readonly tokenizer?: string
      }
    | {
        readonly folder: string
        /** Overrides how the folder's model pools. */
        readonly pooling?: Pooling
        /** Starts from random parameters of `seed`: the folder needs only config.json and a tokenizer. */
        readonly random?: boolean
      }
  readonly seed: number
  readonly epochs: number
  readonly batchSize: number
  /** Texts a query sees as its own: 1 positive and groupSize − 1 sampled negatives. */
  readonly groupSize: number
  readonly temperature: number
  readonly inBatchNegatives: boolean
  readonly weighting: 'lrat' | 'none'
  /** What the weighted sum is divided by: the number of queries (the paper) or the weights' sum (the released code). */
  readonly normalizer: 'batch' | 'weights'
  readonly learningRate: number
  readonly schedule: Schedule
  /** Share of the steps over which the learning rate rises. */
  readonly warmup: number
  readonly weightDecay: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Gradients longer than this are scaled down to it; 0 leaves them. */
  readonly maxGradientNorm: number
  readonly maxQueryTokens: number
  readonly maxPassageTokens: number
  /** Put before texts of each kind; both empty leaves a model folder's own prompts. */
  readonly queryPrefix: string
  readonly passagePrefix: string
  /** Rows that are trained on although the method would drop them. */
  readonly keep: { readonly unsatisfied: boolean; readonly emptyQuery: boolean; readonly noNegative: boolean }
  /** What a transformer trains on; `static` always trains on the CPU. `auto` takes the best that works. */
  readonly device: Device | 'auto'
  /** What a transformer computes in; parameters and their moments are float32 either way. */
  readonly precision: Precision
  /** Trains low-rank additions to some of a transformer's weights instead of all; the saved model has them merged. */
  readonly lora?: Lora
  /** Tokens that a transformer works on at a time, padding included: memory depends on it, results do not. */
  readonly microBatchTokens: number
  /** Threads of the processor that a transformer is trained with; default: one a core. Results differ by rounding. */
  readonly threads?: number
  readonly dev?: Development
  /** Steps between checkpoints. */
  readonly checkpointEvery: number
  /** Checkpoints kept. */
  readonly checkpoints: number
}

/** The defaults of the paper (arXiv 2604.04949, section 4.1) where it has them, else those that suit `static`. */
export const trainDefaults: TrainConfig = {
  model: { architecture: 'static', dimensions: 256, vocabulary: 30_000 },
  seed: 0,
  epochs: 2,
  batchSize: 32,
  groupSize: 10,
  temperature: 0.02,
  inBatchNegatives: true,
  weighting: 'lrat',
  normalizer: 'batch',
  learningRate: 0.01,
  schedule: 'linear',
  warmup: 0.1,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  maxGradientNorm: 1,
  maxQueryTokens: 512,
  maxPassageTokens: 512,
  queryPrefix: '',
  passagePrefix: '',
  keep: { unsatisfied: false, emptyQuery: false, noNegative: false },
  device: 'cpu',
  precision: 'float32',
  microBatchTokens: 1024,
  checkpointEvery: 500,
  checkpoints: 2,
}

const RANGES: readonly (readonly [keyof TrainConfig, number, number, boolean])[] = [
  ['epochs', 1, Infinity, true],
  ['batchSize', 1, Infinity, true],
  ['groupSize', 1, Infinity, true],
  ['temperature', Number.MIN_VALUE, Infinity, false],
  ['learningRate', 0, Infinity, false],
  ['warmup', 0, 1, false],
  ['weightDecay', 0, Infinity, false],
  ['maxGradientNorm', 0, Infinity, false],
  ['maxQueryTokens', 1, Infinity, true],
  ['maxPassageTokens', 1, Infinity, true],
  ['microBatchTokens', 1, Infinity, true],
  ['threads', 1, Infinity, true],
  ['checkpointEvery', 1, Infinity, true],
  ['checkpoints', 1, Infinity, true],
]

/** Throws UserError naming the first setting that is out of range. */
export const checkTrainConfig = (config: TrainConfig): void => {
  for (const [key, low, high, whole] of RANGES) {
    const value = config[key] as number | undefined
    if (value === undefined) continue
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) continue
    throw new UserError({
      where: `train.${key}`,
      expected: `${whole ? 'an integer' : 'a number'} ${high === Infinity ? `of at least ${low}` : `from ${low} to ${high}`}`,
      found: String(value),
      fix: 'Correct it in the config.',
    })
  }
}
