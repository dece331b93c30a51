// Stage train: a dual encoder from the exported pairs, one model for each seed and weighting.
import { join } from 'node:path'
import { development, documents, examples as exampleTable, timings, tokens, training } from '../../data/schemas.ts'
import { connect, literals, stream } from '../../core/database.ts'
import type { Stage, StageContext } from '../../pipeline/stage.ts'
import { count } from '../../pipeline/progress.ts'
import type { Config } from '../config.ts'
import { trainDefaults, type Development, type TrainConfig } from './config.ts'
import type { StepMetrics } from './metrics.ts'
import { trainModel, type TrainResult } from './trainer.ts'

export interface ModelName {
  readonly seed: number
  readonly weighting: 'lrat' | 'none'
}

/** The models that the configuration asks for, the main one first. */
export const modelNames = ({ train: { seeds, weightings } }: Config): ModelName[] =>
  weightings.flatMap((weighting) => seeds.map((seed) => ({ seed, weighting })))

/** Folder of a model below the stage's: `lrat-1`, `none-1` … */
export const modelFolder = ({ seed, weighting }: ModelName): string => `${weighting}-${seed}`

/** The learning rate, where the configuration leaves it open. */
const learningRateOf = ({ model, learning_rate }: Config['train']): number =>
  learning_rate ?? (model === undefined ? trainDefaults.learningRate : 1e-6)

const modelOf = (train: Config['train']): TrainConfig['model'] =>
  train.model === undefined
    ? { architecture: 'static', dimensions: train.dimensions ?? 256, vocabulary: train.vocabulary ?? 20_000 }
    : { folder: train.model, random: train.random_start === true, ...(train.pooling && { pooling: train.pooling }) }

const trainConfig = ({ train }: Config, { seed, weighting }: ModelName): TrainConfig => ({
  ...trainDefaults,
  model: modelOf(train),
  seed,
  weighting,
  epochs: train.epochs,
  batchSize: train.batch_size,
  groupSize: train.group_size,
  temperature: train.temperature,
  inBatchNegatives: train.in_batch_negatives,
  normalizer: train.normalizer,
  learningRate: learningRateOf(train),
  schedule: train.schedule,
  warmup: train.warmup,
  weightDecay: train.weight_decay,
  maxGradientNorm: train.clip_norm,
  maxQueryTokens: train.query_tokens,
  maxPassageTokens: train.passage_tokens,
  queryPrefix: train.query_prefix,
  passagePrefix: train.passage_prefix,
  device: train.device,
  ...(train.precision && { precision: train.precision }),
  microBatchTokens: train.micro_batch_tokens,
  ...(train.threads !== undefined && { threads: train.threads }),
  ...(train.lora && { lora: train.lora }),
  keep: {
    unsatisfied: train.keep.includes('unsatisfied'),
    emptyQuery: train.keep.includes('empty_query'),
    noNegative: train.keep.includes('no_negative'),
  },
  checkpointEvery: train.checkpoint_every,
  checkpoints: train.checkpoints,
  ...(train.dev && { dev: developmentOf(train.dev) }),
})

const developmentOf = ({
  share,
  rows,
  negatives,
  metric,
  every,
  keep_best,
}: NonNullable<Config['train']['dev']>): Development => ({
  share,
  ...(rows !== undefined && { rows }),
  negatives,
  metric,
  every: every ?? 0,
  keepBest: keep_best,
})

async function* corpusTexts(context: StageContext<Config>): AsyncGenerator<string> {
  const parts = context.parts('ingest', documents)
  if (parts.length === 0) return
  const connection = await connect({ threads: 1 })
  try {
    const source = `SELECT "text" FROM read_parquet(${literals(parts)})`
    for await (const rows of stream<{ text: string }>(connection, source)) for (const { text } of rows) yield text
  } finally {
    connection.closeSync()
  }
}

const countsOf = ({ rows, steps, texts, development: aside }: TrainResult): Record<string, number> => ({
  pairs: rows.read,
  'dropped: unsatisfied': rows.unsatisfied,
  'dropped: empty_query': rows.emptyQuery,
  'dropped: no_negative': rows.noNegative,
  'dropped: development': aside?.rows ?? 0,
  trained_on: rows.kept - (aside?.rows ?? 0),
  texts,
  steps,
})

const noteOf = (name: ModelName, { loss, learningRate, tokens, seconds, padding }: StepMetrics): string =>
  [
    `${modelFolder(name)}: loss ${loss.toFixed(3)}`,
    `lr ${learningRate.toExponential(1)}`,
    `${count(tokens / seconds)} tokens/s`,
    `${(100 * padding).toFixed(0)}% padding`,
  ].join(', ')

const summaryOf = ({ steps, chosenStep, loss, development: aside }: TrainResult): string =>
  [
    `${count(steps)} steps`,
    `loss ${loss.first.toFixed(3)} -> ${loss.last.toFixed(3)}`,
    ...(aside
      ? [`${aside.metric} ${aside.start.toFixed(4)} -> ${aside.chosen.toFixed(4)} (step ${count(chosenStep)})`]
      : []),
  ].join(', ')

export const trainStage: Stage<Config> = {
  name: 'train',
  version: 2,
  summary: 'train a dual encoder with the weighted contrastive loss',
  tables: [tokens, exampleTable, training, timings, development],
  // A training file from elsewhere needs no corpus; where there is one, its words join the vocabulary.
  needs: ({ train, corpus }) => {
    if (train.data === undefined) return ['ingest', 'export']
    const given = corpus.path !== undefined || corpus.format === 'synthetic'
    return given && train.model === undefined ? ['ingest'] : []
  },
  // Files count by their content; devices, threads and micro-batches differ in rounding only.
  parameters: ({ train }) => ({
    ...train,
    data: undefined,
    model: train.model !== undefined,
    learning_rate: learningRateOf(train),
    device: undefined,
    micro_batch_tokens: undefined,
    threads: undefined,
    checkpoint_every: undefined,
    checkpoints: undefined,
  }),
  outside: ({ train: { data, model } }) => [data, model].filter((path) => path !== undefined),
  run: async (context) => {
    const { config } = context
    const examples = config.train.data ?? join(context.folderOf('export'), 'lrat-train.jsonl')
    const names = modelNames(config)

    const say = (name: ModelName, line: string): void => context.progress.say(`          ${modelFolder(name)}: ${line}`)
    let counts: Record<string, number> = { models: names.length }
    for (const [at, name] of names.entries()) {
      context.check()
      const result = await trainModel({
        examples,
        config: trainConfig(config, name),
        corpus: () => corpusTexts(context),
        folder: join(context.folder, modelFolder(name)),
        tables: { folder: context.folder, index: at },
        shared: context.folder,
        ...(config.workers !== undefined && { workers: config.workers }),
        signal: context.signal,
        onProgress: (metrics, steps) =>
          context.mark(at * steps + metrics.step, names.length * steps, 'steps', noteOf(name, metrics)),
        say: (line) => say(name, line),
      })
      say(name, summaryOf(result))
      if (at === 0) counts = { ...counts, ...countsOf(result) }
    }
    return { counts }
  },
}
