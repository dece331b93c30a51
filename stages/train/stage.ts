// Stage train: a dual encoder from the exported pairs, one model for each seed and weighting.
import { modelPath } from '../../model/resolve.ts'
import { connect, parquet, stream } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { countsAfter } from '../../pipeline/manifest.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { count } from '../../pipeline/progress.ts'
import { deciding, modelNames, nameOf, sections, type Config, type ModelName } from './config.ts'
import { reads, writes, type Context } from './io.ts'
import { trainingSection } from './report.ts'
import type { StepMetrics } from './metrics.ts'
import type { TrainResult } from './options.ts'
import { trainModels } from './models.ts'

async function* corpusTexts(context: Context): AsyncGenerator<string> {
  const parts = context.parts('documents')
  if (parts.length === 0) return
  const connection = await connect({ threads: 1 })
  try {
    const source = `SELECT "text" FROM ${parquet(parts)}`
    for await (const rows of stream<{ text: string }>(connection, source)) for (const { text } of rows) yield text
  } finally {
    connection.closeSync()
  }
}

const countsOf = ({ rows, steps, texts, undrawn, development: aside }: TrainResult): Record<string, number> => ({
  pairs: rows.read,
  'dropped: unsatisfied': rows.unsatisfied,
  'dropped: empty_query': rows.empty_query,
  'dropped: no_negative': rows.no_negative,
  'dropped: development': aside?.rows ?? 0,
  ...(undrawn > 0 && { 'dropped: share': undrawn }),
  trained_on: rows.kept - (aside?.rows ?? 0) - undrawn,
  texts,
  steps,
})

const noteOf = (name: ModelName, { loss, learningRate, tokens, seconds, padding }: StepMetrics): string =>
  [
    `${nameOf(name)}: loss ${loss.toFixed(3)}`,
    `lr ${learningRate.toExponential(1)}`,
    `${count(tokens / seconds)} tokens/s`,
    `${(100 * padding).toFixed(0)}% padding`,
  ].join(', ')

/** Throws UserError where a model is no better than its start. */
const requireGain = (results: readonly TrainResult[]): void => {
  const without = results.flatMap(({ development: aside }) => (aside && !(aside.chosen > aside.start) ? [aside] : []))
  if (without.length === 0) return
  throw new UserError({
    where: 'train.dev.require_gain',
    expected: 'every model to score better than its start',
    found: results.flatMap(({ warnings }) => warnings).join('; '),
    fix: 'All is written. Train otherwise (train.learning_rate, train.epochs), or set train.dev.require_gain to false: nothing is trained again.',
  })
}

export const trainStage = {
  name: 'train',
  version: 2,
  summary: 'train a dual encoder with the weighted contrastive loss',
  config: sections,
  reads,
  writes,
  parameters: ({ train }) => deciding(train),
  outside: ({ train: { data, model } }) => [
    ...(data === undefined ? [] : [data]),
    ...(model === undefined ? [] : [modelPath(model)]),
  ],
  funnel: ({ counts }) => [
    { step: 'trained on', count: counts['trained_on'], dropped: countsAfter(counts, 'dropped:') },
  ],
  section: trainingSection,
  run: async (context: Context) => {
    const { config } = context
    const examples = config.train.data ?? context.path('examples')
    const names = modelNames(config.train)

    const say = (line: string, name: ModelName): void => context.progress.say(`          ${nameOf(name)}: ${line}`)
    const results = await trainModels({
      ...{
        examples,
        names,
        config: { ...config.train, device: config.device },
        folder: context.folder,
        signal: context.signal,
        say,
      },
      ...(config.train.model === undefined && { corpus: () => corpusTexts(context) }),
      ...(config.workers !== undefined && { workers: config.workers }),
      onProgress: (metrics, steps, name) =>
        context.mark(names.indexOf(name) * steps + metrics.step, names.length * steps, 'steps', noteOf(name, metrics)),
    })
    if (config.train.dev?.require_gain === true) requireGain(results)
    const [main] = results
    const counts = { models: names.length, ...(main && countsOf(main)) }
    const runtimes = [...new Set(results.map(({ runtime }) => runtime).filter((name) => name !== ''))]
    return {
      counts,
      warnings: results.flatMap(({ warnings }) => warnings),
      versions: Object.fromEntries(runtimes.length === 0 ? [] : [['device', runtimes.join('; ')]]),
    }
  },
} satisfies Stage<Config>
