// The static encoder's folder, as sentence-transformers' StaticEmbedding has it.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { readable } from '../files/reading.ts'
import { readSafeTensors, writeSafeTensors } from '../files/safetensors.ts'
import type { Model, Prefixes } from '../model.ts'
import { checkParameters, randomParameters } from '../nets/network.ts'
import { staticNetwork, TABLE } from '../nets/static.ts'
import { tokenizerFromJson } from '../tokenize/tokenizer.ts'
import { modulesJson } from './modules.ts'
import { writeJson } from './json.ts'

const INNER = '0_StaticEmbedding'
const NORMALIZE = '1_Normalize'

/** StaticEmbedding cuts texts only where its tokenizer says so. */
const UNLIMITED = 2 ** 31 - 1

interface Truncation {
  readonly max_length?: number
  readonly [key: string]: unknown
}

/**
 * The tokenizer as StaticEmbedding uses it, which adds neither special tokens nor padding, so that every reader of the
 * tokenizer.json that is written makes the same ids; `limit` is where it cuts, instead of where the JSON says.
 */
const staticTokenizer = (json: string, name: string, limit?: number) => {
  const given = tokenizerFromJson(json, name)
  const old = JSON.parse(json) as { readonly truncation?: Truncation | null }
  const truncation: Truncation | null =
    limit === undefined
      ? (old.truncation ?? null)
      : { direction: 'Right', max_length: limit, strategy: 'LongestFirst', stride: 0 }
  const most = truncation?.max_length ?? UNLIMITED
  if (!Number.isSafeInteger(most) || most < 0)
    throw new UserError({
      where: `${name}, truncation.max_length`,
      expected: 'a whole number of tokens',
      found: JSON.stringify(most).slice(0, 100),
      fix: 'Correct the file, or take the one that came with the model.',
    })
  const bare = JSON.stringify({ ...old, truncation, padding: null, post_processor: null })
  const tokenizer = bare === json ? given : tokenizerFromJson(bare, name)
  return { tokenizer, maxTokens: most }
}

/** The untrained static encoder: parameters follow from the seed, the tokenizer is given as tokenizer.json. */
export const randomStaticModel = (options: {
  readonly tokenizerJson: string
  readonly dimensions: number
  readonly maxTokens: number
  readonly seed: number
  readonly prefixes?: Prefixes
}): Model => {
  const { dimensions, seed, prefixes = { query: '', passage: '' } } = options
  const { tokenizer, maxTokens } = staticTokenizer(options.tokenizerJson, 'static', options.maxTokens)
  const network = staticNetwork({ vocabularySize: tokenizer.vocabularySize, dimensions, maxTokens })
  const parameters = randomParameters(network, seed)
  return { architecture: 'static', network, tokenizer, maxTokens, parameters, prefixes, write }
}

/** Reads a static model. Throws UserError when a file is missing, or the table does not fit the tokenizer. */
export const openStatic = async (folder: string): Promise<Model> => {
  const tokenizerPath = join(folder, 'tokenizer.json')
  const json = await readable(tokenizerPath, () => readFile(tokenizerPath, 'utf8'))
  const { tokenizer, maxTokens } = staticTokenizer(json, tokenizerPath)
  const weights = join(folder, 'model.safetensors')
  const { tensors: parameters } = await readSafeTensors(weights)
  const [rows = 0, dimensions = 0] = parameters.get(TABLE)?.dims ?? []
  const vocabularySize = Math.max(rows, tokenizer.vocabularySize)
  const network = staticNetwork({ vocabularySize, dimensions, maxTokens })
  checkParameters(network, parameters, weights)
  const prefixes = { query: '', passage: '' }
  return { architecture: 'static', network, tokenizer, maxTokens, parameters, prefixes, write }
}

const write: Model['write'] = async (model, folder) => {
  await mkdir(join(folder, INNER))
  await mkdir(join(folder, NORMALIZE))
  await writeSafeTensors(join(folder, INNER, 'model.safetensors'), model.parameters)
  await writeFile(join(folder, INNER, 'tokenizer.json'), jsonOf(model))
  await writeJson(
    join(folder, 'modules.json'),
    modulesJson([
      [INNER, 'StaticEmbedding'],
      [NORMALIZE, 'Normalize'],
    ]),
  )
}

const jsonOf = ({ tokenizer: { name, json } }: Model): string => {
  if (json === undefined) throw new TypeError(`the tokenizer ${name} has no vocabulary to write`)
  return json
}
