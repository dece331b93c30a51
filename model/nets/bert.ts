// BERT and XLM-RoBERTa: post-norm transformer encoders (Devlin et al. 2019, arXiv 1810.04805).
import { z } from 'zod'
import { attention, gelu, layerNorm, linear } from '../graph/composites.ts'
import { add, mul, toFloat, toInteger } from '../graph/elementwise.ts'
import { gather } from '../graph/linear.ts'
import { reshape, slice } from '../graph/shape.ts'
import { iota, scalar } from '../graph/sources.ts'
import { at } from '../graph/dims.ts'
import type { Value } from '../graph/value.ts'
import { architecture } from './architecture.ts'
import { joinHeads, lookup, splitHeads } from './layers.ts'
import type { Network, ParameterSpec } from './network.ts'
import { pool, type Pooling } from './pooling.ts'
import { COMMON, divisible, number, oneOf, SAMPLE, size, SIZES } from './settings.ts'

/** Exact GELU in both spellings; its tanh approximation is another function. */
export const BERT_CONFIG = z
  .object({
    ...SIZES,
    ...COMMON,
    model_type: z.enum(['bert', 'xlm-roberta']),
    type_vocab_size: size,
    layer_norm_eps: number,
    pad_token_id: number,
    hidden_act: oneOf('gelu', 'gelu_python'),
    position_embedding_type: oneOf('absolute'),
    is_decoder: oneOf(false),
  })
  .superRefine(divisible('hidden_size', 'num_attention_heads'))
export type BertConfig = z.output<typeof BERT_CONFIG>

const network = (config: BertConfig, pooling: Pooling): Network => {
  const shifted = config.model_type === 'xlm-roberta'
  return {
    dimensions: config.hidden_size,
    pooling,
    maxTokens: config.max_position_embeddings - (shifted ? config.pad_token_id + 1 : 0),
    parameters: parametersOf(config),
    embed: (parameters, ids, mask) => pool(encode(config, lookup(parameters), ids, mask), mask, pooling),
  }
}

const WORDS = 'embeddings.word_embeddings.weight'
const POSITIONS = 'embeddings.position_embeddings.weight'
const TYPES = 'embeddings.token_type_embeddings.weight'
const layerName = (i: number): string => `encoder.layer.${i}`

/** Token states [batch, length, hidden]. */
const encode = (config: BertConfig, p: (name: string) => Value, ids: Value, mask: Value): Value => {
  const heads = config.num_attention_heads
  const width = config.hidden_size / heads
  const norm = (x: Value, name: string): Value =>
    layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), config.layer_norm_eps)
  const dense = (x: Value, name: string): Value => linear(x, p(`${name}.weight`), p(`${name}.bias`))

  const words = gather(p(WORDS), ids)
  const positions = gather(p(POSITIONS), positionIds(config, mask))
  const types = reshape(slice(p(TYPES), 0, 0, 1), [config.hidden_size])
  let x = norm(add(add(words, positions), types), 'embeddings.LayerNorm')
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = layerName(i)
    const head = (name: string): Value => splitHeads(dense(x, `${layer}.attention.self.${name}`), heads, width)
    const mixed = attention({ q: head('query'), k: head('key'), v: head('value'), mask })
    x = norm(
      add(dense(joinHeads(mixed, heads, width), `${layer}.attention.output.dense`), x),
      `${layer}.attention.output.LayerNorm`,
    )
    const wide = gelu(dense(x, `${layer}.intermediate.dense`))
    x = norm(add(dense(wide, `${layer}.output.dense`), x), `${layer}.output.LayerNorm`)
  }
  return x
}

/** BERT counts from 0; XLM-RoBERTa counts tokens from padding's id + 1, and gives padding its own id. */
const positionIds = (config: BertConfig, mask: Value): Value => {
  const count = iota(at(mask.shape, 1))
  if (config.model_type === 'bert') return count
  const fromOne = add(toFloat(count), scalar(1))
  return toInteger(add(mul(fromOne, mask), scalar(config.pad_token_id)))
}

const parametersOf = (config: BertConfig): ParameterSpec[] => {
  const deviation = config.initializer_range ?? 0.02
  const { hidden_size: hidden, intermediate_size: inner } = config
  const weight = (name: string, ...dims: number[]): ParameterSpec => ({ name, dims, start: { deviation }, decay: true })
  const bias = (name: string, n: number): ParameterSpec => ({ name, dims: [n], start: { value: 0 }, decay: false })
  const dense = (name: string, out: number, into: number): ParameterSpec[] => [
    weight(`${name}.weight`, out, into),
    bias(`${name}.bias`, out),
  ]
  const norm = (name: string): ParameterSpec[] => [
    { name: `${name}.weight`, dims: [hidden], start: { value: 1 }, decay: false },
    bias(`${name}.bias`, hidden),
  ]
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) => [
    ...['query', 'key', 'value'].flatMap((name) => dense(`${layerName(i)}.attention.self.${name}`, hidden, hidden)),
    ...dense(`${layerName(i)}.attention.output.dense`, hidden, hidden),
    ...norm(`${layerName(i)}.attention.output.LayerNorm`),
    ...dense(`${layerName(i)}.intermediate.dense`, inner, hidden),
    ...dense(`${layerName(i)}.output.dense`, hidden, inner),
    ...norm(`${layerName(i)}.output.LayerNorm`),
  ])
  return [
    weight(WORDS, config.vocab_size, hidden),
    weight(POSITIONS, config.max_position_embeddings, hidden),
    weight(TYPES, config.type_vocab_size, hidden),
    ...norm('embeddings.LayerNorm'),
    ...layers.flat(),
  ]
}

const ROW = {
  config: BERT_CONFIG,
  network,
  tensorPrefixes: ['bert.'],
  pooling: 'mean',
  prefixes: { query: '', passage: '' },
} as const
const sample = { ...SAMPLE, layer_norm_eps: 1e-12, type_vocab_size: 2, pad_token_id: 0 }

export const BERT = architecture({ ...ROW, name: 'bert', sample: { ...sample, model_type: 'bert' } })
export const XLM_ROBERTA = architecture({
  ...ROW,
  name: 'xlm-roberta',
  tensorPrefixes: ['roberta.'],
  sample: { ...sample, model_type: 'xlm-roberta', pad_token_id: 1 },
})
