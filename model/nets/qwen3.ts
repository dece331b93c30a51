// Qwen3: a causal pre-norm decoder with grouped-query attention, QK-norm, rotary positions and SwiGLU
// (Qwen3 technical report, arXiv 2505.09388).
import { attention, linear, rmsNorm, rope, siluMul } from '../graph/composites.ts'
import { add } from '../graph/elementwise.ts'
import { gather } from '../graph/linear.ts'
import type { Value } from '../graph/value.ts'
import { joinHeads, lookup, splitHeads } from './layers.ts'
import type { Network, ParameterSpec } from './network.ts'
import { pool, type Pooling } from './pooling.ts'

/** The keys of a Hugging Face config.json that matter here. */
export interface Qwen3Config {
  readonly model_type: 'qwen3'
  readonly vocab_size: number
  readonly hidden_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly num_key_value_heads: number
  readonly head_dim: number
  readonly intermediate_size: number
  readonly rms_norm_eps: number
  readonly rope_theta: number
  readonly max_position_embeddings: number
  readonly initializer_range?: number
}

export const qwen3Network = (config: Qwen3Config, pooling: Pooling): Network => ({
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
