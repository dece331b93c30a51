// A network from a Hugging Face config.json.
import { UserError } from '../../core/errors.ts'
import { bertNetwork, type BertConfig } from './bert.ts'
import type { Network } from './network.ts'
import type { Pooling } from './pooling.ts'
import { qwen3Network, type Qwen3Config } from './qwen3.ts'
import { SETTINGS } from './settings.ts'

export type TransformerConfig = BertConfig | Qwen3Config
type Json = Readonly<Record<string, unknown>>

const SIZES = [
  'vocab_size',
  'hidden_size',
  'num_hidden_layers',
  'num_attention_heads',
  'intermediate_size',
  'max_position_embeddings',
] as const
const BERT = { sizes: [...SIZES, 'type_vocab_size'], numbers: ['layer_norm_eps', 'pad_token_id'] }
const QWEN3 = { sizes: [...SIZES, 'num_key_value_heads', 'head_dim'], numbers: ['rms_norm_eps', 'rope_theta'] }

/** How each architecture's released embedders pool, for a folder that does not say. */
const POOLINGS: Readonly<Record<TransformerConfig['model_type'], Pooling>> = {
  bert: 'mean',
  'xlm-roberta': 'mean',
  qwen3: 'last_token',
}

/** The rotary settings: newer configs nest them, and what is nested counts. */
const rotaryOf = ({ rope_parameters, rope_scaling, rope_theta, partial_rotary_factor }: Json) => {
  const nested = (rope_parameters ?? rope_scaling ?? {}) as Json
  return {
    rope_theta: nested.rope_theta ?? rope_theta,
    rope_type: nested.rope_type ?? nested.type ?? 'default',
    partial_rotary_factor: nested.partial_rotary_factor ?? partial_rotary_factor ?? 1,
  }
}

/**
 * The network that a config.json describes. Throws UserError naming the key that is missing, or asks for what this
 * engine does not have.
 */
export const networkOf = (config: Json, where: string, pooling?: Pooling): Network => {
  const fail = (expected: string, found: unknown): UserError =>
    new UserError({
      where,
      expected,
      found: found === undefined ? 'nothing' : JSON.stringify(found),
      fix: 'Use a BERT, XLM-RoBERTa or Qwen3 model that has this.',
    })
  const type = config.model_type
  if (type !== 'bert' && type !== 'xlm-roberta' && type !== 'qwen3')
    throw fail('"model_type" bert, xlm-roberta or qwen3', type)
  const full: Json = type === 'qwen3' ? { ...config, ...rotaryOf(config) } : config
  const { sizes, numbers } = type === 'qwen3' ? QWEN3 : BERT
  for (const key of sizes)
    if (!(Number.isInteger(full[key]) && Number(full[key]) > 0))
      throw fail(`"${key}", an integer of at least 1`, full[key])
  for (const key of numbers) if (typeof full[key] !== 'number') throw fail(`a number "${key}"`, full[key])
  for (const [key, { expected, fits }] of Object.entries(SETTINGS[type])) {
    const value = full[key]
    if (value !== undefined && value !== null && !fits(value)) throw fail(`"${key}" ${expected}`, value)
  }
  const known = full as unknown as TransformerConfig
  const divides = (key: string, by: string): void => {
    const divisor = Number(full[by])
    if (Number(full[key]) % divisor !== 0) throw fail(`"${key}" divisible by "${by}", ${divisor}`, full[key])
  }
  const how = pooling ?? POOLINGS[type]
  if (known.model_type === 'qwen3') {
    divides('num_attention_heads', 'num_key_value_heads')
    if (known.head_dim % 2 !== 0) throw fail('an even "head_dim"', known.head_dim)
    return qwen3Network(known, how)
  }
  divides('hidden_size', 'num_attention_heads')
  return bertNetwork(known, how)
}
