// The model that training starts from.
import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { openModel, randomStaticModel, type Model } from '../../model/folder.ts'
import { vocabularyBuilder } from '../../model/tokenize/vocabulary.ts'
import { UserError } from '../../core/errors.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { staticSize, type ModelConfig } from './config.ts'
import type { TrainOptions } from './options.ts'
import { sharedPaths } from './paths.ts'
import { noRows, trainRows } from './rows.ts'
import { textIndex } from './text-index.ts'

/** A new model from its seed, its vocabulary built once and kept; or the model of a folder. */
export const startModel = async (options: TrainOptions, config: ModelConfig): Promise<Model> => {
  const prefixes = { query: config.query_prefix, passage: config.passage_prefix }
  if (config.model !== undefined) return opened(config.model, config, prefixes)
  const { dimensions, vocabulary } = staticSize(config)
  const maxTokens = Math.max(config.query_tokens, config.passage_tokens)
  const path = sharedPaths(options.folder).tokenizer
  if (!existsSync(path)) writeFileAtomic(path, await tokenizerJson(options, vocabulary, maxTokens))
  const tokenizer = await readFile(path, 'utf8')
  return randomStaticModel({ tokenizerJson: tokenizer, dimensions, maxTokens, seed: config.seed, prefixes })
}

const opened = async (folder: string, config: ModelConfig, prefixes: Model['prefixes']): Promise<Model> => {
  const { pooling, random_start: random = false, seed } = config
  const told = prefixes.query !== '' || prefixes.passage !== ''
  const model = await openModel(folder, {
    ...(told && { prefixes }),
    ...(pooling && { pooling }),
    ...(random && { seed }),
  })
  if (model.architecture === 'static') checkStatic(folder, config)
  return model
}

/** Settings that mean nothing for a static model are not passed over in silence. */
const checkStatic = (folder: string, { lora, precision, random_start: random, pooling }: ModelConfig): void => {
  const told = {
    random_start: random === true ? 'true' : undefined,
    pooling,
    lora: lora && 'adapters',
    precision: precision === 'float32' ? undefined : precision,
  }
  for (const [key, found] of Object.entries(told)) {
    if (found === undefined) continue
    throw new UserError({
      where: `train.${key}`,
      expected: 'it only for a transformer',
      found: `${found}, for the static model in ${folder}`,
      fix: 'Leave it away, or name the folder of a transformer in train.model.',
    })
  }
}

const tokenizerJson = async (
  { examples, corpus, config, signal }: TrainOptions,
  size: number,
  maxTokens: number,
): Promise<string> => {
  const builder = vocabularyBuilder()
  const seen = textIndex()
  const add = (text: string): void => {
    if (seen.add('', text).fresh) builder.add(text)
  }
  for await (const text of corpus?.() ?? []) {
    signal?.throwIfAborted()
    add(text)
  }
  for await (const { query, positives, negatives } of trainRows(examples, config.keep, noRows())) {
    signal?.throwIfAborted()
    for (const text of [query, ...positives, ...negatives]) add(text)
  }
  return builder.finish({ size, maxTokens })
}
