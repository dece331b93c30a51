// Training from a file of examples to the folders of models: the texts are tokenised once, then model after model.
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Model } from '../../model/folder.ts'
import { UserError } from '../../core/errors.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { runItems } from '../../pipeline/items.ts'
import { openJournal } from '../../pipeline/journal.ts'
import { nameOf, type ModelName } from './config.ts'
import { openDataset, type Dataset } from './dataset.ts'
import type { TrainOptions, TrainResult } from './options.ts'
import { adoptEarlier } from './earlier.ts'
import { modelPaths, sharedPaths, type ModelPaths } from './paths.ts'
import {
  datasetRecordSchema,
  modelRecordSchema,
  once,
  readRecord,
  splitRecordSchema,
  type DatasetRecord,
  type ModelRecord,
} from './records.ts'
import { chooseRows, splitOf } from './split.ts'
import { startModel } from './start.ts'
import { buildDataset } from './tokenise.ts'
import { tidyModel, trainModel } from './trainer.ts'

/** What `train.json` holds: also how many rows and texts there were, which is the same for all models. */
const summarySchema = modelRecordSchema.extend(datasetRecordSchema.shape)
type Summary = ModelRecord & DatasetRecord

/**
 * Trains the models, one after the other. Called again after it was killed it goes on from the last checkpoint; bytes
 * are the same either way. Errors: UserError for a wrong row, no row to train on, or a loss that is no longer a number;
 * Interrupted when the signal says so.
 */
export const trainModels = async (options: TrainOptions): Promise<TrainResult[]> => {
  const { folder, names } = options
  const { journal, work } = sharedPaths(folder)
  const pathsOf = (name: ModelName): ModelPaths => modelPaths(join(folder, nameOf(name)))
  // Summaries are written last of all: where every model has one, there is nothing left to do but to tidy up.
  const summaries = names.map((name) => readSummary(pathsOf(name).summary))
  const found = summaries.flatMap((summary) => summary ?? [])
  const all = found.length === names.length ? found : await train(options)
  if (all !== found)
    for (const [index, summary] of all.entries()) {
      const name = names[index]
      if (name) writeFileAtomic(pathsOf(name).summary, JSON.stringify(summary))
    }
  for (const left of [journal, work]) await rm(left, { recursive: true, force: true })
  return names.flatMap((name, index) => {
    const summary = all[index]
    const { model, untrained } = pathsOf(name)
    return summary ? [{ name: nameOf(name), model, untrained, tables: { folder, index }, ...summary }] : []
  })
}

/** What a model's summary says; undefined where there is none, or not a whole one: it is written again. */
const readSummary = (path: string): Summary | undefined => {
  if (!existsSync(path)) return undefined
  try {
    return summarySchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data
  } catch {
    return undefined
  }
}

/** Does what the journal does not have, and gives all. */
const train = async (options: TrainOptions): Promise<Summary[]> => {
  const { config, examples, folder, names, signal = new AbortController().signal } = options
  const paths = sharedPaths(folder)
  await mkdir(paths.work, { recursive: true })
  await adoptEarlier(folder, names)
  const records = { path: paths.journal, journal: await openJournal<unknown>(paths.journal) }
  try {
    const start = starts(options)
    const record = await once(records, 'dataset', datasetRecordSchema, async () =>
      tokenised(options, await start.look(firstOf(names))),
    )
    const dataset = await openDataset(folder, { ...record, cache: paths.ids })
    try {
      checkSize(dataset, examples)
      const { dev } = config
      const split =
        dev &&
        splitOf(
          examples,
          dataset,
          await once(records, 'split', splitRecordSchema, () => chooseRows(examples, dataset, config, dev)),
        )
      await runItems({
        items: names.entries(),
        key: ([, name]) => nameOf(name),
        concurrency: 1,
        journal: records.journal,
        signal,
        work: async ([index, name], stop) => {
          const own = modelPaths(join(folder, nameOf(name)))
          return trainModel({
            config: { ...config, ...name },
            start: await start.take(name),
            ...{ dataset, split, paths: own, tables: { folder, index }, signal: stop },
            onProgress: (metrics, steps) => options.onProgress?.(metrics, steps, name),
            say: (line) => options.say?.(line, name),
          })
        },
      })
      const all: Summary[] = []
      for (const name of names) {
        await tidyModel(modelPaths(join(folder, nameOf(name))))
        all.push({ ...record, ...(await readRecord(records, nameOf(name), modelRecordSchema)) })
      }
      return all
    } finally {
      dataset.close()
    }
  } finally {
    await records.journal.close()
  }
}

/** The models that training starts from. One that was only looked at is not opened again to be trained. */
const starts = (options: TrainOptions) => {
  let opened: { readonly name: ModelName; readonly model: Model } | undefined
  const look = async (name: ModelName): Promise<Model> => {
    opened = { name, model: await startModel(options, { ...options.config, ...name }) }
    return opened.model
  }
  const take = async (name: ModelName): Promise<Model> => {
    const model = opened?.name === name ? opened.model : await look(name)
    // Training changes it in place.
    opened = undefined
    return model
  }
  return { look, take }
}

const firstOf = (names: readonly ModelName[]): ModelName => {
  const [first] = names
  if (first === undefined) throw new TypeError('no model to train')
  return first
}

const tokenised = async (options: TrainOptions, model: Model): Promise<DatasetRecord> => {
  const { config, examples, folder, names, workers, signal } = options
  const { query_tokens: query, passage_tokens: passage } = config
  if (model.maxTokens < Math.max(query, passage))
    options.say?.(`texts are cut to ${model.maxTokens} tokens, the most that the model takes`, firstOf(names))
  return buildDataset(examples, folder, {
    tokenizer: model.tokenizer,
    keep: config.keep,
    limits: { query: Math.min(query, model.maxTokens), passage: Math.min(passage, model.maxTokens) },
    prefixes: model.prefixes,
    ...(workers !== undefined && { threads: { workers } }),
    ...(signal !== undefined && { signal }),
  })
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
