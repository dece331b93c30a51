// A model's folder: read and written so that sentence-transformers opens it unchanged.
import { mkdir, rename, rm } from 'node:fs/promises'
import { writeEncoderOnnx } from './encoder-graph.ts'
import type { Json } from '../core/json.ts'
import { readOptionalJson, writeJson } from './layouts/json.ts'
import { checkSimilarity, promptsFile, readModules } from './layouts/modules.ts'
import { openStatic } from './layouts/static.ts'
import { openTransformer, type TransformerOptions } from './layouts/transformer.ts'
import type { Model, Prefixes } from './model.ts'
import { modelPath } from './resolve.ts'

export type { Model, Prefixes } from './model.ts'
export { randomStaticModel } from './layouts/static.ts'

export interface OpenOptions extends TransformerOptions {
  /** Overrides the prompts that the folder names. */
  readonly prefixes?: Prefixes
}

/**
 * Reads a model: a folder, or ORG/NAME in the local Hugging Face cache. Throws UserError naming the file, key or tensor
 * that is missing or does not fit.
 */
export const openModel = async (name: string, options: OpenOptions = {}): Promise<Model> => {
  const folder = modelPath(name)
  const modules = await readModules(folder)
  await checkSimilarity(folder, modules)
  const model =
    modules.encoder === 'StaticEmbedding' ? await openStatic(modules.root) : await openTransformer(modules, options)
  const { prompts } = await readOptionalJson(promptsFile(folder))
  const prompt = (otherwise: string, ...names: readonly string[]): string =>
    names.map((name) => ((prompts ?? {}) as Json)[name]).find((text) => typeof text === 'string') ?? otherwise
  // The first of these that is there, as sentence-transformers' encode_query and encode_document have it.
  const found = {
    query: prompt(model.prefixes.query, 'query'),
    passage: prompt(model.prefixes.passage, 'document', 'passage', 'corpus'),
  }
  return { ...model, prefixes: options.prefixes ?? found }
}

/**
 * Writes the model's folder: weights, tokenizer, sentence-transformers' module files, and `encoder.onnx`.
 * The folder appears whole, under a temporary name first.
 */
export const saveModel = async (model: Model, folder: string): Promise<void> => {
  const temporary = `${folder}.tmp`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  await model.write(model, temporary)
  await writeEncoderOnnx(model, temporary)
  await writeJson(promptsFile(temporary), {
    model_type: 'SentenceTransformer',
    prompts: { query: model.prefixes.query, document: model.prefixes.passage },
    default_prompt_name: null,
    similarity_fn_name: 'cosine',
  })
  await rm(folder, { recursive: true, force: true })
  await rename(temporary, folder)
}
