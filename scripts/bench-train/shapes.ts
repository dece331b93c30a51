// What bench-train measures on.
export interface BenchBatch {
  readonly queries: readonly string[]
  /** A query's positive and negatives. */
  readonly groups: readonly (readonly string[])[]
  readonly temperature: number
  readonly learningRate: number
}

export interface Measured {
  readonly losses: readonly number[]
  readonly seconds: readonly number[]
  readonly peakKiB: number
  /** Seconds to encode all documents. */
  readonly encode?: number
  readonly tokens?: number
  readonly positions?: number
  /** On LibTorch: calls a step, and microseconds of one that computes next to nothing. */
  readonly calls?: number
  readonly microseconds?: number
}

/** Tokens that encoding works on at a time, padding included. */
export const ENCODE_TOKENS = 4096

const bert = (layers: number, hidden: number, inner: number) => ({
  architectures: ['BertModel'],
  model_type: 'bert',
  vocab_size: 30_522,
  hidden_size: hidden,
  num_hidden_layers: layers,
  num_attention_heads: 12,
  intermediate_size: inner,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  layer_norm_eps: 1e-12,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  pad_token_id: 0,
  initializer_range: 0.02,
})

export const SHAPES = {
  minilm: { config: bert(6, 384, 1536), batch: 16, group: 8 },
  base: { config: bert(12, 768, 3072), batch: 8, group: 4 },
} as const

/**
 * Floating-point operations of a step per position: 2 a weight for each of two forward passes, and 4 for the backward
 * one; attention's own products, which depend on the lengths, are left out.
 */
export const flopsPerPosition = (shape: keyof typeof SHAPES): number => {
  const { num_hidden_layers: layers, hidden_size: hidden, intermediate_size: inner } = SHAPES[shape].config
  return layers * (4 * hidden * hidden + 2 * hidden * inner) * (2 + 2 + 4)
}
