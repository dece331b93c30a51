// Kinds of keys that config.json has, and those that every transformer shares.
import { z } from 'zod'

/** An integer of at least 1. */
export const size = z.int({ error: 'an integer of at least 1' }).min(1, { error: 'an integer of at least 1' })
export const number = z.number({ error: 'a number' })

const kind = (expected: string, fits: (value: unknown) => boolean) =>
  z.custom<unknown>((value) => value === undefined || value === null || fits(value), { error: expected }).optional()

/** May be left out; if not, one of these. */
export const oneOf = (...values: readonly (string | number | boolean)[]) =>
  kind(values.map((value) => JSON.stringify(value)).join(' or '), (value) =>
    values.some((allowed) => allowed === value),
  )
const empty = kind('empty', (value) => Object.keys(Object(value) as object).length === 0)
const absent = kind('absent', () => false)
export const fullAttention = kind(
  '"full_attention" in every layer',
  (value) => Array.isArray(value) && value.every((layer) => layer === 'full_attention'),
)

export const SIZES = {
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  max_position_embeddings: size,
  initializer_range: z.number({ error: 'a number' }).optional(),
}
export const COMMON = { add_cross_attention: oneOf(false), pruned_heads: empty, quantization_config: absent }

/** For `superRefine`: one key has to be a multiple of another. */
export const divisible =
  <A extends string, B extends string>(key: A, by: B) =>
  (config: Readonly<Record<A | B, number>>, context: z.RefinementCtx): void => {
    const message = `divisible by "${by}", ${config[by]}`
    if (config[key] % config[by] !== 0) context.addIssue({ code: 'custom', path: [key], message, input: config[key] })
  }

/** What the self-check's models have in common. */
export const SAMPLE = {
  vocab_size: 200,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 64,
  max_position_embeddings: 64,
  initializer_range: 0.1,
}
