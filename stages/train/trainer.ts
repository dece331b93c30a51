// Training from a file of examples to a model's folder, resumable at any step.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { development, timings, training } from '../../data/schemas.ts'
import { readable } from '../../model/files/reading.ts'
import { saveModel } from '../../model/folder.ts'
import { UserError } from '../../core/errors.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { digest } from '../../pipeline/fingerprint.ts'
import { partPath } from '../../pipeline/parts.ts'
import { count } from '../../pipeline/progress.ts'
import { bestKeeper } from './best.ts'
import { deciding } from './config.ts'
import { openDataset, type Dataset } from './dataset.ts'
import { developmentSet } from './development.ts'
import { trainSteps } from './loop.ts'
import { openLog, writeTables } from './metrics.ts'
import type { DevelopmentResult, TrainOptions, TrainResult } from './options.ts'
import { pathsIn } from './paths.ts'
import { drawShare } from './share.ts'
import { splitRows, subset, type Split } from './split.ts'
import { startModel } from './start.ts'
import { buildDataset } from './tokenise.ts'

/** What `train.json` holds. */
export type TrainSummary = Omit<TrainResult, 'model' | 'untrained' | 'tables'> & { readonly key: string }

/**
 * Trains a model. Called again after it was killed it goes on from the last checkpoint, and after it was done it gives
 * the result at once; the model's bytes are the same either way. Errors: UserError for a wrong setting or row, no row
 * to train on, or a loss that is no longer a number; Interrupted when the signal says so.
 */
export const trainModel = async (options: TrainOptions): Promise<TrainResult> => {
  const { config, folder, examples } = options
  const paths = pathsIn(folder)
  const tables = options.tables ?? { folder, index: 0 }
  const result = ({ key: _, ...summary }: TrainSummary): TrainResult => ({
    model: paths.model,
    untrained: paths.untrained,
    tables,
    ...summary,
  })
  const content = await contentOf(examples)
  const key = keyOf(options, content)
  const done = await readJson<TrainSummary>(paths.done)
  if (done?.key === key) {
    await rm(paths.work, { recursive: true, force: true })
    return result(done)
  }
  if ((await readJson<{ key: string }>(paths.key))?.key !== key) {
    const parts = [training, timings, development].map((table) => partPath(tables.folder, table, tables.index))
    for (const path of [paths.done, paths.work, ...parts]) await rm(path, { recursive: true, force: true })
    await mkdir(paths.work, { recursive: true })
    writeFileAtomic(paths.key, JSON.stringify({ key }))
  }
  const shared = options.shared ?? paths.data
  const model = await startModel(options, shared)
  if (model.maxTokens < Math.max(config.query_tokens, config.passage_tokens))
    options.say?.(`texts are cut to ${model.maxTokens} tokens, the most that the model takes`)
  await buildDataset(examples, shared, {
    tokenizer: model.tokenizer,
    keep: config.keep,
    limits: {
      query: Math.min(config.query_tokens, model.maxTokens),
      passage: Math.min(config.passage_tokens, model.maxTokens),
    },
    prefixes: model.prefixes,
    content,
    ...(options.workers !== undefined && { threads: { workers: options.workers } }),
    ...(options.signal !== undefined && { signal: options.signal }),
  })
  const dataset = await openDataset(shared, { cache: paths.ids })
  try {
    checkSize(dataset, examples)
    if (!existsSync(paths.untrained) || !existsSync(paths.checkpoints)) await saveModel(model, paths.untrained)
    const split = config.dev && (await splitRows(examples, dataset, config, config.dev, paths.split))
    const candidates = split?.train ?? Uint32Array.from({ length: dataset.size }, (_, index) => index)
    const drawn = drawShare(dataset, candidates, config)
    const trained = drawn.length === dataset.size ? dataset : subset(dataset, drawn)
    const held = split && config.dev && developmentSet(dataset, split.dev, config.dev)
    const last = await trainSteps(options, { model, dataset: trained, key, paths, ...(held && { development: held }) })
    const best = config.dev?.keep_best === true ? await bestKeeper(paths.best).read() : undefined
    await saveModel({ ...model, parameters: best?.parameters ?? last.parameters }, paths.model)
    const { rows, texts } = dataset
    const { steps } = last
    const chosenStep = best?.step ?? steps
    const found =
      split && held && config.dev
        ? developmentResult(paths.log, config.dev.metric, split, held, { steps, chosenStep })
        : undefined
    const summary: TrainSummary = {
      ...{ key, rows, texts, steps, chosenStep },
      undrawn: candidates.length - drawn.length,
      loss: await writeTables(paths.log, tables, { model: basename(folder), chosenStep }),
      ...(found && { development: found }),
      warnings: found ? warningsOf(basename(folder), found, { steps, chosenStep }) : [],
    }
    writeFileAtomic(paths.done, JSON.stringify(summary))
    return result(summary)
  } finally {
    dataset.close()
    if (existsSync(paths.done)) await rm(paths.work, { recursive: true, force: true })
  }
}

const developmentResult = (
  log: string,
  metric: string,
  { dev, returned }: Split,
  { queries, documents }: { readonly queries: number; readonly documents: number },
  { steps, chosenStep }: { readonly steps: number; readonly chosenStep: number },
): DevelopmentResult => {
  const { scored } = openLog(log, steps)
  const [start, chosen, last] = [0, chosenStep, steps].map((step) => scored.get(step)?.[metric] ?? NaN)
  return { rows: dev.length, returned, queries, documents, metric, start, chosen, last }
}

/** A trained model that is no better than what it was trained from is never passed over in silence. */
const warningsOf = (
  name: string,
  { metric, start, chosen, last }: DevelopmentResult,
  { steps, chosenStep }: { readonly steps: number; readonly chosenStep: number },
): string[] => {
  const words = (value: number): string => `${metric} ${value.toFixed(4)}`
  if (chosenStep === 0)
    return [
      `${name}: no step scored above the start (${words(start)}; after ${count(steps)} steps ${last.toFixed(4)}): the start is what is shipped`,
    ]
  if (chosen > start) return []
  return [
    `${name}: the last step scored ${chosen < start ? 'below' : 'no better than'} the start (${words(start)} -> ${chosen.toFixed(4)}), and is shipped`,
  ]
}

const checkSize = ({ size, rows }: Dataset, where: string): void => {
  if (size > 0) return
  throw new UserError({
    where,
    expected: 'at least one row to train on',
    found: `none of ${rows.read}: ${rows.unsatisfied} unsatisfied, ${rows.empty_query} with an empty query, ${rows.no_negative} without a negative`,
    fix: 'Check the stages before, or keep such rows with train.keep.',
  })
}

/** Of everything that the result depends on: a run that ran out of memory goes on with smaller micro-batches. */
const keyOf = ({ config, fingerprint = '' }: TrainOptions, content: string): string =>
  digest([deciding(config), config.model, fingerprint, content])

/** SHA-256 of the file. */
const contentOf = (path: string): Promise<string> =>
  readable(path, async () => {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
    return hash.digest('hex')
  })

const readJson = async <T>(path: string): Promise<T | undefined> =>
  existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as T) : undefined
