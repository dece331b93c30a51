// The model that training starts from.
import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openModel, randomStaticModel, type Model } from '../../model/folder.ts'
import { loadTokenizer } from '../../model/tokenize/tokenizer.ts'
import { vocabularyBuilder } from '../../model/tokenize/vocabulary.ts'
import { UserError } from '../../core/errors.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { TrainConfig } from './config.ts'
import { noRows, trainRows } from './rows.ts'
import { textIndex } from './text-index.ts'
import type { TrainOptions } from './trainer.ts'

/** A new model from its seed, its vocabulary built once and kept in `kept`; or the model of a folder. */
export const startModel = async (options: TrainOptions, kept: string): Promise<Model> => {
  const { model, seed, maxQueryTokens, maxPassageTokens, queryPrefix, passagePrefix } = options.config
  const prefixes = { query: queryPrefix, passage: passagePrefix }
  if ('folder' in model) {
    const { folder, pooling, random = false } = model
    const told = queryPrefix !== '' || passagePrefix !== ''
    const opened = await openModel(folder, {
      ...(told && { prefixes }),
      ...(pooling && { pooling }),
      ...(random && { seed }),
    })
    if (opened.architecture === 'static') checkStatic(folder, options.config, { random, pooling })
    return opened
  }
  const maxTokens = Math.max(maxQueryTokens, maxPassageTokens)
  const path = join(kept, 'tokenizer.json')
  if (!existsSync(path)) writeFileAtomic(path, await tokenizerJson(options, model, maxTokens))
  const { dimensions } = model
  return randomStaticModel({ tokenizerJson: await readFile(path, 'utf8'), dimensions, maxTokens, seed, prefixes })
}

/** Settings that mean nothing for a static model are not passed over in silence. */
const checkStatic = (
  folder: string,
  { lora, precision }: TrainConfig,
  { random, pooling }: { readonly random: boolean; readonly pooling?: string },
): void => {
  const told = {
    random_start: random ? 'true' : undefined,
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
  model: { readonly vocabulary: number; readonly tokenizer?: string },
  maxTokens: number,
): Promise<string> => {
  if (model.tokenizer !== undefined) return (await loadTokenizer(model.tokenizer)).json ?? ''
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
  return builder.finish({ size: model.vocabulary, maxTokens })
}
