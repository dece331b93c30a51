// Qwen3: a causal pre-norm decoder with grouped-query attention, QK-norm, rotary positions and SwiGLU
// (Qwen3 technical report, arXiv 2505.09388).
import { isObject } from '../../core/json.ts'
import { z } from 'zod'
import { attention, linear, rmsNorm, rope, siluMul } from '../graph/composites.ts'
import { add } from '../graph/elementwise.ts'
import { gather } from '../graph/linear.ts'
import type { Value } from '../graph/value.ts'
import { architecture } from './architecture.ts'
import { joinHeads, lookup, splitHeads } from './layers.ts'
import type { Network, ParameterSpec } from './network.ts'
import { pool, type Pooling } from './pooling.ts'
import { COMMON, divisible, fullAttention, number, oneOf, SAMPLE, size, SIZES } from './settings.ts'

/** The rotary settings: newer configs nest them, and what is nested counts. */
const withRotary = (config: unknown): unknown => {
  if (!isObject(config)) return config
  const { rope_parameters, rope_scaling, rope_theta, partial_rotary_factor: partial } = config
  const given = rope_parameters ?? rope_scaling ?? {}
  const nested = isObject(given) ? given : { rope_type: given }
  return {
    ...config,
    rope_theta: nested.rope_theta ?? rope_theta,
    rope_type: nested.rope_type ?? nested.type ?? 'default',
    partial_rotary_factor: nested.partial_rotary_factor ?? partial ?? 1,
  }
}

export const QWEN3_CONFIG = z
  .object({
    ...SIZES,
    ...COMMON,
    model_type: z.literal('qwen3'),
    num_key_value_heads: size,
    head_dim: size.refine((width) => width % 2 === 0, { error: 'even' }),
    rms_norm_eps: number,
    rope_theta: number,
    rope_type: oneOf('default'),
    partial_rotary_factor: oneOf(1),
    hidden_act: oneOf('silu', 'swish'),
    attention_bias: oneOf(false),
    use_sliding_window: oneOf(false),
    layer_types: fullAttention,
    is_causal: oneOf(true),
    use_bidirectional_attention: oneOf(false),
  })
  .superRefine(divisible('num_attention_heads', 'num_key_value_heads'))
export type Qwen3Config = z.output<typeof QWEN3_CONFIG>

const network = (config: Qwen3Config, pooling: Pooling): Network => ({
  dimensions: config.hidden_size,
  pooling,
  maxTokens: config.max_position_embeddings,
  parameters: parametersOf(config),
  embed: (parameters, ids, mask) => pool(decode(config, lookup(parameters), ids, mask), mask, pooling),
})

const WORDS = 'embed_tokens.weight'

/** Token states [batch, length, hidden]. */
const decode = (config: Qwen3Config, p: (name: string) => Value, ids: Value, mask: Value): Value => {
  const { num_attention_heads: heads, num_key_value_heads: groups, head_dim: width, rms_norm_eps: epsilon } = config
  const rotate = (x: Value): Value => rope(x, { theta: config.rope_theta, positions: config.max_position_embeddings })
  const norm = (x: Value, name: string): Value => rmsNorm(x, p(`${name}.weight`), epsilon)
  const dense = (x: Value, name: string): Value => linear(x, p(`${name}.weight`))

  let x = gather(p(WORDS), ids)
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `layers.${i}`
    const before = norm(x, `${layer}.input_layernorm`)
    const head = (name: string, n: number): Value => splitHeads(dense(before, `${layer}.self_attn.${name}`), n, width)
    const q = rotate(norm(head('q_proj', heads), `${layer}.self_attn.q_norm`))
    const k = rotate(norm(head('k_proj', groups), `${layer}.self_attn.k_norm`))
    const mixed = attention({ q, k, v: head('v_proj', groups), mask }, { causal: true })
    x = add(x, dense(joinHeads(mixed, heads, width), `${layer}.self_attn.o_proj`))
    const after = norm(x, `${layer}.post_attention_layernorm`)
    const gate = dense(after, `${layer}.mlp.gate_proj`)
    x = add(x, dense(siluMul(gate, dense(after, `${layer}.mlp.up_proj`)), `${layer}.mlp.down_proj`))
  }
  return norm(x, 'norm')
}

const parametersOf = (config: Qwen3Config): ParameterSpec[] => {
  const deviation = config.initializer_range ?? 0.02
  const { hidden_size: hidden, intermediate_size: inner, head_dim: width } = config
  const [queries, keys] = [config.num_attention_heads * width, config.num_key_value_heads * width]
  const weight = (name: string, ...dims: number[]): ParameterSpec => ({
    name: `${name}.weight`,
    dims,
    start: { deviation },
    decay: true,
  })
  const scale = (name: string, n: number): ParameterSpec => ({
    name: `${name}.weight`,
    dims: [n],
    start: { value: 1 },
    decay: false,
  })
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) => {
    const layer = `layers.${i}`
    return [
      weight(`${layer}.self_attn.q_proj`, queries, hidden),
      weight(`${layer}.self_attn.k_proj`, keys, hidden),
      weight(`${layer}.self_attn.v_proj`, keys, hidden),
      weight(`${layer}.self_attn.o_proj`, hidden, queries),
      weight(`${layer}.mlp.gate_proj`, inner, hidden),
      weight(`${layer}.mlp.up_proj`, inner, hidden),
      weight(`${layer}.mlp.down_proj`, hidden, inner),
      scale(`${layer}.input_layernorm`, hidden),
      scale(`${layer}.post_attention_layernorm`, hidden),
      scale(`${layer}.self_attn.q_norm`, width),
      scale(`${layer}.self_attn.k_norm`, width),
    ]
  })
  return [weight('embed_tokens', config.vocab_size, hidden), ...layers.flat(), scale('norm', hidden)]
}

export const QWEN3 = architecture({
  name: 'qwen3',
  config: z.preprocess(withRotary, QWEN3_CONFIG),
  network,
  tensorPrefixes: [],
  pooling: 'last_token',
  prefixes: { query: '', passage: '' },
  sample: {
    ...SAMPLE,
    model_type: 'qwen3',
    num_key_value_heads: 2,
    head_dim: 8,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
  },
})
