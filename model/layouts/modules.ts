// modules.json: what sentence-transformers makes an embedding of, step by step.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import { readJsonObject, readJsonValue } from './json.ts'

export interface Modules {
  readonly encoder: 'Transformer' | 'StaticEmbedding'
  /** Folder of the encoder's files. */
  readonly root: string
  /** The pooling's config.json, where there is one. */
  readonly pooling?: string
  /** Whether the model itself gives vectors of length 1. */
  readonly normalised: boolean
}

const FILE = 'modules.json'
const KNOWN = /^(Transformer,Pooling|StaticEmbedding)(,Normalize)?$/

/** The modules of a folder; one without modules.json is a transformer. Throws UserError when another module is needed. */
export const readModules = async (folder: string): Promise<Modules> => {
  const path = join(folder, FILE)
  const pooling = join(folder, '1_Pooling', 'config.json')
  if (!existsSync(path))
    return { encoder: 'Transformer', root: folder, normalised: true, ...(existsSync(pooling) && { pooling }) }
  const value = await readJsonValue(path)
  const modules = (Array.isArray(value) ? value : []).map((module: unknown) => {
    const { type, path: at } = isObject(module) ? module : {}
    return { kind: String(type).split('.').at(-1) ?? '', at: join(folder, typeof at === 'string' ? at : '') }
  })
  const kinds = modules.map(({ kind }) => kind)
  if (!KNOWN.test(kinds.join())) {
    throw new UserError({
      where: path,
      expected: 'Transformer and Pooling, or StaticEmbedding, then perhaps Normalize',
      found: kinds.join(', ') || 'no modules',
      fix: 'Use a model of these modules: embeddings without the others would be different ones.',
    })
  }
  const [{ at: root }, second] = modules
  const encoder = kinds[0] === 'StaticEmbedding' ? kinds[0] : 'Transformer'
  return {
    encoder,
    root,
    ...(encoder === 'Transformer' && { pooling: join(second.at, 'config.json') }),
    normalised: kinds.at(-1) === 'Normalize',
  }
}

const PROMPTS = 'config_sentence_transformers.json'
export const promptsFile = (folder: string): string => join(folder, PROMPTS)

/**
 * Throws UserError when the folder's vectors are meant to be compared by more than their direction: embeddings here
 * always have length 1.
 */
export const checkSimilarity = async (folder: string, { normalised }: Modules): Promise<void> => {
  const path = promptsFile(folder)
  if (normalised || !existsSync(path)) return
  const { similarity_fn_name: name } = await readJsonObject(path)
  if (name === undefined || name === null || name === 'cosine') return
  throw new UserError({
    where: `${path}, similarity_fn_name`,
    expected: 'cosine, or a Normalize module',
    found: JSON.stringify(name),
    fix: 'Set it to "cosine" to use and train the model with cosine similarity all the same.',
  })
}

/** The content of modules.json from its modules in order, as [folder, class]. */
export const modulesJson = (modules: readonly (readonly [string, string])[]): object[] =>
  modules.map(([path, name], idx) => ({ idx, name: String(idx), path, type: `sentence_transformers.models.${name}` }))
