// A transformer's folder, as Hugging Face and sentence-transformers have it.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import {
  readSafeTensors,
  writeSafeTensors,
  type NamedTensor,
  type Parameters,
  type SafeTensors,
} from '../files/safetensors.ts'
import type { Model } from '../model.ts'
import type { Architecture } from '../nets/architecture.ts'
import { ARCHITECTURES, architectureOf } from '../nets/architectures.ts'
import { checkParameters, randomParameters, type Network } from '../nets/network.ts'
import type { Pooling } from '../nets/pooling.ts'
import { loadTokenizer, type Tokenizer } from '../tokenize/tokenizer.ts'
import type { Json } from '../../core/json.ts'
import { readJsonObject, readOptionalJson, writeJson } from './json.ts'
import { modulesJson, type Modules } from './modules.ts'
import { poolingJson, readPooling } from './pooling.ts'

export interface TransformerOptions {
  /** Overrides what the folder says, or the architecture's default. */
  readonly pooling?: Pooling
  /** Random parameters from this seed instead of the folder's: only config.json and a tokenizer are needed. */
  readonly seed?: number
  /** All that there are, unless told otherwise. */
  readonly architectures?: readonly Architecture[]
}

/** Small files that belong to a model and are carried over as they are. */
const CARRIED =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$|^(vocab|merges)\.txt$|\.(model|jinja)$/

/** Reads a transformer. Throws UserError naming the file, key or tensor that is missing or does not fit. */
export const openTransformer = async (
  { root: folder, pooling: poolingPath }: Pick<Modules, 'root' | 'pooling'>,
  { pooling, seed, architectures = ARCHITECTURES }: TransformerOptions = {},
): Promise<Model> => {
  const adapter = join(folder, 'adapter_config.json')
  if (existsSync(adapter)) {
    throw new UserError({
      where: folder,
      expected: 'whole weights',
      found: `${adapter}: weights that are added to others`,
      fix: 'Merge the adapter into the model (merge_and_unload) and use what that gives.',
    })
  }
  const configPath = join(folder, 'config.json')
  const config = await readJsonObject(configPath)
  const how = pooling ?? (poolingPath === undefined ? undefined : await readPooling(poolingPath))
  const { open, tensorPrefixes, prefixes } = architectureOf(config, configPath, architectures)
  const network = open(config, configPath, how)
  const tokenizer = await loadTokenizer(folder)
  if (tokenizer.vocabularySize > Number(config.vocab_size)) {
    throw new UserError({
      where: folder,
      expected: `a tokenizer of at most ${String(config.vocab_size)} tokens, as config.json says`,
      found: `one of ${tokenizer.vocabularySize}`,
      fix: 'Use the tokenizer that belongs to the model.',
    })
  }
  const stored =
    seed === undefined ? await storedTensors(folder, network, tensorPrefixes) : randomTensors(network, seed)
  const maxTokens = Math.min(network.maxTokens, await longestText(folder, tokenizer))
  const names = (await readdir(folder)).filter((name) => CARRIED.test(name))
  const carried = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const))
  const write: Model['write'] = async (model, target) => {
    for (const [name, content] of carried) await writeFile(join(target, name), content)
    await writeSafeTensors(join(target, 'model.safetensors'), storedNames(model.parameters, stored), stored)
    await writeModules(target, network, network.pooling ?? 'mean', maxTokens)
  }
  return { architecture: 'transformer', network, tokenizer, maxTokens, parameters: stored.parameters, prefixes, write }
}

/** A file's tensors: those of the network under its names, and the rest. */
interface Stored {
  readonly parameters: Parameters
  /** What the file puts before the network's names. */
  readonly prefix: string
  readonly rest: Parameters
  readonly others: SafeTensors['others']
}

const randomTensors = (network: Network, seed: number): Stored => ({
  parameters: randomParameters(network, seed),
  prefix: '',
  rest: new Map(),
  others: new Map(),
})

/** Tokens of a text at most, as sentence-transformers' file says, or else the tokenizer's. */
const longestText = async (folder: string, tokenizer: Tokenizer): Promise<number> => {
  const name = (await readdir(folder)).find((file) => /^sentence_.*_config\.json$/.test(file))
  const path = join(folder, name ?? 'sentence_bert_config.json')
  const { max_seq_length, do_lower_case, transformer_task: task } = await readOptionalJson(path)
  const fail = (expected: string, found: unknown): UserError =>
    new UserError({ where: path, expected, found: JSON.stringify(found), fix: 'Use a model without this setting.' })
  if (task !== undefined && task !== 'feature-extraction') throw fail('"transformer_task" feature-extraction', task)
  if (do_lower_case === true && tokenizer.encode('A').join() !== tokenizer.encode('a').join())
    throw fail('"do_lower_case" false where the tokenizer minds case', do_lower_case)
  const { model_max_length } = await readOptionalJson(join(folder, 'tokenizer_config.json'))
  return [max_seq_length, model_max_length].find((limit) => typeof limit === 'number') ?? Infinity
}

/** What is put before the names where a model is saved as part of another, and by sentence-transformers as one. */
const ANY = ['model.', '0.auto_model.']

const storedTensors = async (folder: string, network: Network, prefixes: readonly string[]): Promise<Stored> => {
  const { tensors, others, where } = await readWeights(folder)
  const [first] = network.parameters
  const prefix = ['', ...prefixes, ...ANY].find((start) => tensors.has(start + first.name)) ?? ''
  const wanted = new Set(network.parameters.map(({ name }) => prefix + name))
  const parameters = new Map<string, NamedTensor>()
  const rest = new Map<string, NamedTensor>()
  for (const [name, value] of tensors) {
    if (wanted.has(name)) parameters.set(name.slice(prefix.length), value)
    else rest.set(name, value)
  }
  checkTypes(wanted, others, where)
  checkParameters(network, parameters, where)
  checkRest(network, [...rest.keys(), ...others.keys()], prefix, where)
  return { parameters, prefix, rest, others }
}

const wrongTensor = (where: string, name: string, expected: string, found: string): UserError =>
  new UserError({
    where: `${where}, tensor ${name}`,
    expected,
    found,
    fix: 'Use the weights that belong to config.json, in F32, F16 or BF16.',
  })

const checkTypes = (wanted: ReadonlySet<string>, others: SafeTensors['others'], where: string): void => {
  for (const [name, { dtype }] of others)
    if (wanted.has(name)) throw wrongTensor(where, name, 'F32, F16 or BF16', dtype)
}

/** Tables that follow from the configuration, which old files hold. */
const DERIVED = /position_ids$|rotary_emb\.inv_freq$|attention\.(bias|masked_bias)$/

/** Heads beside the encoder are carried along; a tensor in the midst of it that it has no use for would be left out of the numbers. */
const checkRest = (network: Network, rest: readonly string[], prefix: string, where: string): void => {
  const stem = (name: string): string => name.split('.')[0]
  const own = new Set(network.parameters.map(({ name }) => stem(name)))
  for (const name of rest) {
    if (!name.startsWith(prefix) || DERIVED.test(name) || !own.has(stem(name.slice(prefix.length)))) continue
    throw wrongTensor(where, name, 'the tensors that config.json speaks of', 'one more')
  }
}

const storedNames = (parameters: Parameters, { prefix, rest }: Stored): Parameters =>
  new Map([...[...parameters].map(([name, value]) => [prefix + name, value] as const), ...rest])

/** One model.safetensors, or the shards that an index names. */
const readWeights = async (folder: string): Promise<SafeTensors & { readonly where: string }> => {
  const indexPath = join(folder, 'model.safetensors.index.json')
  const single = join(folder, 'model.safetensors')
  if (existsSync(single) || !existsSync(indexPath)) return { ...(await readSafeTensors(single)), where: single }
  const { weight_map: map } = await readJsonObject(indexPath)
  const files = new Set(Object.values((map ?? {}) as Json).map(String))
  const shards = await Promise.all([...files].sort().map((name) => readSafeTensors(join(folder, name))))
  return {
    tensors: new Map(shards.flatMap((shard) => [...shard.tensors])),
    others: new Map(shards.flatMap((shard) => [...shard.others])),
    metadata: {},
    where: indexPath,
  }
}

const POOLING_FOLDER = '1_Pooling'

const writeModules = async (folder: string, network: Network, pooling: Pooling, maxTokens: number): Promise<void> => {
  await mkdir(join(folder, POOLING_FOLDER))
  await mkdir(join(folder, '2_Normalize'))
  await writeJson(
    join(folder, 'modules.json'),
    modulesJson([
      ['', 'Transformer'],
      [POOLING_FOLDER, 'Pooling'],
      ['2_Normalize', 'Normalize'],
    ]),
  )
  await writeJson(join(folder, 'sentence_bert_config.json'), { max_seq_length: maxTokens, do_lower_case: false })
  await writeJson(join(folder, POOLING_FOLDER, 'config.json'), poolingJson(pooling, network.dimensions))
}
