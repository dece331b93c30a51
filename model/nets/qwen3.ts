// Qwen3: a causal pre-norm decoder with grouped-query attention, QK-norm, rotary positions and SwiGLU
// (Qwen3 technical report, arXiv 2505.09388).
import { add, greater, mul, neg, sigmoid, sub, toFloat, toInteger } from '../graph/elementwise.ts'
import { gather } from '../graph/linear.ts'
import { rmsNorm } from '../graph/reduce.ts'
import { broadcast, concat, reshape, slice } from '../graph/shape.ts'
import { constant, iota, scalar } from '../graph/sources.ts'
import { at, type Dim } from '../graph/dims.ts'
import type { Value } from '../graph/value.ts'
import { attention, joinHeads, linear, lookup, paddingBias, splitHeads } from './layers.ts'
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
  const length = at(mask.shape, 1)
  const rotate = rotaryEmbedding(config, length)
  const bias = add(paddingBias(mask), causalBias(length))
  const norm = (x: Value, name: string): Value => rmsNorm(x, p(`${name}.weight`), epsilon)
  const dense = (x: Value, name: string): Value => linear(x, p(`${name}.weight`))

  let x = gather(p(WORDS), ids)
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `layers.${i}`
    const before = norm(x, `${layer}.input_layernorm`)
    const head = (name: string, n: number): Value => splitHeads(dense(before, `${layer}.self_attn.${name}`), n, width)
    const q = rotate(norm(head('q_proj', heads), `${layer}.self_attn.q_norm`))
    const k = rotate(norm(head('k_proj', groups), `${layer}.self_attn.k_norm`))
    const spread = (t: Value): Value => repeatHeads(t, heads / groups)
    const mixed = joinHeads(attention(q, spread(k), spread(head('v_proj', groups)), bias), heads, width)
    x = add(x, dense(mixed, `${layer}.self_attn.o_proj`))
    const after = norm(x, `${layer}.post_attention_layernorm`)
    const gate = dense(after, `${layer}.mlp.gate_proj`)
    const swiglu = mul(mul(gate, sigmoid(gate)), dense(after, `${layer}.mlp.up_proj`))
    x = add(x, dense(swiglu, `${layer}.mlp.down_proj`))
  }
  return norm(x, 'norm')
}

/** Positions a block of the rotary tables spans. */
const BLOCK = 64

/** Rotates the halves of each vector by angles position · theta^(−2i/width) (RoFormer, arXiv 2104.09864). */
const rotaryEmbedding = ({ head_dim: width, rope_theta, max_position_embeddings }: Qwen3Config, length: Dim) => {
  const half = width / 2
  const frequencies = Array.from({ length: half }, (_, i) => rope_theta ** (-i / half))
  // GPUs' own sines are good to 2^-11 only. So the host tabulates them for block starts and for offsets in a block, and
  // the angle of a position is the sum of its two.
  const table = (f: (x: number) => number, positions: readonly number[]): Value =>
    constant(
      positions.flatMap((position) => frequencies.map((frequency) => f(position * frequency))),
      [positions.length, half],
    )
  const starts = Array.from({ length: Math.ceil(max_position_embeddings / BLOCK) }, (_, i) => i * BLOCK)
  const offsets = Array.from({ length: BLOCK }, (_, i) => i)
  const position = toFloat(iota(length))
  const block = toInteger(mul(add(position, scalar(0.5)), scalar(1 / BLOCK)))
  const offset = toInteger(sub(add(position, scalar(0.5)), mul(toFloat(block), scalar(BLOCK))))
  const [blockCos, blockSin] = [Math.cos, Math.sin].map((f) => gather(table(f, starts), block))
  const [offsetCos, offsetSin] = [Math.cos, Math.sin].map((f) => gather(table(f, offsets), offset))
  const cosines = sub(mul(blockCos, offsetCos), mul(blockSin, offsetSin))
  const sines = add(mul(blockSin, offsetCos), mul(blockCos, offsetSin))
  const twice = (x: Value): Value => concat(1, x, x)
  return (x: Value): Value => {
    const axis = x.shape.length - 1
    const turned = concat(axis, neg(slice(x, axis, half, width)), slice(x, axis, 0, half))
    return add(mul(x, twice(cosines)), mul(turned, twice(sines)))
  }
}

/** [length, length]: −1e9 where a key comes after the query. */
const causalBias = (length: Dim): Value => {
  const position = toFloat(iota(length))
  return mul(greater(reshape(position, [1, length]), reshape(position, [length, 1])), scalar(-1e9))
}

/** Each head [batch, heads, length, width] `times` in a row. */
const repeatHeads = (x: Value, times: number): Value => {
  if (times === 1) return x
  const [batch, heads, length, width] = x.shape
  const spread = broadcast(reshape(x, [batch, heads, 1, length, width]), [batch, heads, times, length, width])
  return reshape(spread, [batch, Number(heads) * times, length, width])
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
