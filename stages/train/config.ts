// What a training run is told: the keys under `train`, their meanings and defaults, and what follows from several of them.
import { z } from 'zod'
import { isMetricName } from '../../evaluation/retrieval/metrics.ts'
import { PRECISIONS } from '../../model/graph/precision.ts'
import { ADAMW, type AdamW } from '../../model/training/optimizer.ts'
import type { ConfigOf, Settings } from '../settings.ts'

const int = (low: number): z.ZodNumber => z.number().int().min(low)
const unique = (values: readonly unknown[]): boolean => new Set(values).size === values.length

const lora = z.strictObject({
  rank: int(1).default(16).describe('Width of the low-rank matrices.'),
  alpha: z.number().positive().default(32).describe('What is learned is scaled by alpha / rank.'),
  targets: z
    .array(z.string())
    .min(1)
    .default(['query', 'value', 'q_proj', 'v_proj'])
    .describe('Parts of the names of the weights that are adapted; names that the model lacks are passed over.'),
})

const dev = z
  .strictObject({
    share: z.number().gt(0).lt(1).default(0.05).describe('Share of the rows that is set aside.'),
    rows: int(1).optional().describe('So many rows at most, instead of a share.'),
    negatives: int(0)
      .default(9)
      .describe('Negatives of a row, from the first on, that join the documents among which positives are ranked.'),
    metric: z
      .string()
      .refine(isMetricName, 'a measure such as mrr@10, ndcg@10 or recall@5')
      .default('mrr@10')
      .describe('What decides which step is best; mrr@10, ndcg@10, recall@1 and recall@10 are measured anyway.'),
    every: int(1).optional().describe('Steps between evaluations. Default: the end of each epoch.'),
    keep_best: z
      .boolean()
      .default(true)
      .describe(
        'The trained model is the best-scored one, not the last. The start competes: where no step scores above it, it is what is shipped, with a warning.',
      ),
    patience: int(1)
      .optional()
      .describe('End training after so many evaluations in a row that scored no better than the best before them.'),
    require_gain: z
      .boolean()
      .default(false)
      .describe('Where the trained model scores no better than the start, end with an error once all is written.'),
  })
  .describe(
    'Sets rows aside that share no query, near-duplicate of one, or positive with those trained on, and scores the model on them while it trains.',
  )

const trainKeys = z.strictObject({
  data: z.string().optional().describe('LRAT-Train JSONL to train on instead of the exported pairs.'),
  architecture: z
    .enum(['static'])
    .optional()
    .describe('The encoder, where `model` names none. Default: `static`, which is token embeddings, mean pooled.'),
  model: z
    .string()
    .optional()
    .describe(
      'The model to fine-tune: the folder of a BERT, XLM-RoBERTa or Qwen3 model (config.json, tokenizer, weights in safetensors) or of a static one; or its name, ORG/NAME or ORG/NAME@REVISION, in the local Hugging Face cache. Nothing is fetched.',
    ),
  random_start: z
    .boolean()
    .optional()
    .describe('Start `model` from random parameters: the folder needs config.json and a tokenizer only.'),
  pooling: z
    .enum(['cls', 'mean', 'last_token'])
    .optional()
    .describe("How `model` pools; default: as its folder says, else its architecture's usual way."),
  lora: lora
    .optional()
    .describe('Trains low-rank additions to some weights of `model` instead of all; the saved model has them merged.'),
  query_prefix: z
    .string()
    .default('')
    .describe("Put before queries. With both prefixes empty those of `model`'s folder hold."),
  passage_prefix: z.string().default('').describe('Put before passages.'),
  precision: z
    .enum(PRECISIONS)
    .optional()
    .describe(
      'What `model` computes in. Default: `float32`. With float16 matrix products and what joins them are float16; parameters, norms, softmax, loss and sums of gradients stay float32, and the loss is scaled dynamically. For GPUs that have float16. With bfloat16 likewise, unscaled; for device torch.',
    ),
  resume_elsewhere: z
    .boolean()
    .default(false)
    .describe(
      'Go on from a checkpoint that another device, or another version of what runs it, has made; the model says so.',
    ),
  micro_batch_tokens: int(1)
    .default(1024)
    .describe('Tokens worked on at a time, padding included: memory depends on it, results but for rounding do not.'),
  threads: int(1)
    .optional()
    .describe(
      'Threads of the processor that `model` is trained with. Default: one a core. Results differ by their number, in rounding: set it for equal bytes on machines of other cores.',
    ),
  dimensions: int(8).optional().describe('Width of the embeddings of the static encoder. Default: 256.'),
  vocabulary: int(100).optional().describe('Words of the static encoder, the most frequent ones. Default: 20000.'),
  seeds: z.array(int(0)).min(1).refine(unique, 'each seed once').default([1]).describe('One model is trained a seed.'),
  weightings: z
    .array(z.enum(['lrat', 'none']))
    .min(1)
    .refine(unique, 'each weighting once')
    .default(['lrat'])
    .describe(
      '`lrat` uses the weights, `none` trains without; both can be given, to compare. The first is the main model.',
    ),
  epochs: int(1).default(2).describe('Passes over the pairs.'),
  batch_size: int(1).default(32).describe('Pairs a step.'),
  group_size: int(2).default(10).describe('Documents a pair: one positive and the others sampled from its negatives.'),
  in_batch_negatives: z.boolean().default(true).describe("Also take the other pairs' documents as negatives."),
  temperature: z.number().positive().default(0.02).describe('τ of the loss.'),
  normalizer: z
    .enum(['batch', 'weights'])
    .default('batch')
    .describe('Divide the loss by the batch size (paper) or by the sum of weights (released code).'),
  learning_rate: z
    .number()
    .positive()
    .optional()
    .describe('Peak learning rate of AdamW. Default: 0.01 for `static`, 1e-6 (paper) for a `model`.'),
  schedule: z
    .enum(['linear', 'cosine', 'constant'])
    .default('linear')
    .describe('Course of the learning rate after the warm-up.'),
  warmup: z.number().min(0).max(1).default(0.1).describe('Share of the steps in which the learning rate rises.'),
  weight_decay: z.number().min(0).default(0).describe('Decoupled weight decay; norms and biases are exempt.'),
  clip_norm: z.number().min(0).default(1).describe('Largest norm of the gradient; 0 is no limit.'),
  query_tokens: int(1).default(64).describe('Tokens of a query that are read.'),
  passage_tokens: int(1).default(512).describe('Tokens of a passage that are read.'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      'Share of the pairs to train on, for curves over the amount of data: queries drawn by the seed, each with all its pairs. A smaller share lies within a larger one; rows of `dev` are set aside before.',
    ),
  keep: z
    .array(z.enum(['unsatisfied', 'empty_query', 'no_negative']))
    .default([])
    .describe('Rows to train on although the method drops them; every drop is counted.'),
  dev: dev.optional(),
  checkpoint_every: int(1).default(100).describe('Steps between checkpoints.'),
  checkpoints: int(1).default(2).describe('Checkpoints kept, the newest ones.'),
})

/** Keys that say something about a folder, and those about an encoder from scratch: of no effect on the other kind. */
const OF_A_FOLDER = ['random_start', 'pooling', 'lora', 'precision', 'threads'] as const
const FROM_SCRATCH = ['architecture', 'dimensions', 'vocabulary'] as const
const WITHOUT_EFFECT: ReadonlySet<unknown> = new Set([undefined, false, 'float32'])

export const trainSchema = trainKeys.superRefine((train, context) => {
  for (const key of train.model === undefined ? OF_A_FOLDER : FROM_SCRATCH)
    if (!WITHOUT_EFFECT.has(train[key]))
      context.addIssue({
        code: 'custom',
        path: [key],
        message:
          train.model === undefined
            ? 'it only along with train.model, the folder it is about'
            : 'it only without train.model, whose folder says what the encoder is',
      })
})

export const sections = { train: trainSchema.prefault({}).describe('Stage train: the encoder.') }
export type Config = ConfigOf<typeof sections>

/** The configuration of training, every default filled in that does not depend on another key. */
export type TrainConfig = z.output<typeof trainSchema>
/** Rows set aside to score the model on while it trains. */
export type DevConfig = NonNullable<TrainConfig['dev']>
/** Why a row is dropped unless it is asked for. */
export type DropReason = TrainConfig['keep'][number]

/** A stage trains one model for each of these. */
export interface ModelName {
  readonly seed: number
  readonly weighting: TrainConfig['weightings'][number]
}

/** What one model is trained with. */
export type ModelConfig = TrainConfig & ModelName & Pick<Settings, 'device'>

/** The models that are asked for, the main one first. */
export const modelNames = ({ seeds, weightings }: TrainConfig): ModelName[] =>
  weightings.flatMap((weighting) => seeds.map((seed) => ({ seed, weighting })))

/** A model's name and folder below the stage's: `lrat-1`, `none-1` … */
export const nameOf = ({ seed, weighting }: ModelName): string => `${weighting}-${seed}`

/** Size of the static encoder that is built where no folder is named. */
export const staticSize = ({ dimensions = 256, vocabulary = 20_000 }: TrainConfig) => ({ dimensions, vocabulary })

/** The peak learning rate: the paper's for a model that is fine-tuned. */
export const learningRateOf = ({ model, learning_rate: rate }: TrainConfig): number =>
  rate ?? (model === undefined ? 0.01 : 1e-6)

export const optimizerOf = ({ weight_decay: weightDecay }: TrainConfig): AdamW => ({ ...ADAMW, weightDecay })

/** Keys that change how training is done, but no result beyond rounding: work goes on after they were changed. */
export const WITHOUT_RESULT = [
  'device',
  'resume_elsewhere',
  'threads',
  'micro_batch_tokens',
  'checkpoint_every',
  'checkpoints',
] as const

/**
 * What decides the result, as a fingerprint takes it. Files that are named count by their content, elsewhere. A key that
 * came later is left out at its default, so that results from before stay up to date.
 */
export const deciding = (config: TrainConfig): Readonly<Record<string, unknown>> => {
  const free = new Set<string>([...WITHOUT_RESULT, 'data', 'share', 'dev'])
  const decided = Object.fromEntries(Object.entries(config).filter(([key]) => !free.has(key)))
  return {
    ...decided,
    model: config.model !== undefined,
    learning_rate: learningRateOf(config),
    ...(config.share < 1 && { share: config.share }),
    ...(config.dev && { dev: decidingOfDev(config.dev) }),
  }
}

/** Whether a gain is required changes no result; that the start competes came later, and does. */
const decidingOfDev = ({ require_gain: _, ...dev }: DevConfig): Readonly<Record<string, unknown>> => ({
  ...dev,
  ...(dev.keep_best && { start_competes: true }),
})
