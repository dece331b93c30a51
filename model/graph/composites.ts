// Layers that libraries have one kernel for; what each computes stands with its name in operations.ts.
import { at } from './dims.ts'
import { make } from './make.ts'
import type { Composites } from './operations.ts'
import type { Value } from './value.ts'

/** x [..., in] times the transposed weight [out, in]: a linear layer as PyTorch stores it. */
export const linear = (x: Value, weight: Value, bias?: Value): Value =>
  bias === undefined ? make('linear', {}, x, weight) : make('linear', {}, x, weight, bias)

export interface AttentionInputs {
  /** [batch, heads, length, width] */
  readonly q: Value
  /** [batch, key heads, length, width] */
  readonly k: Value
  readonly v: Value
  /** [batch, length] of 1 for tokens and 0 for the padding after them. */
  readonly mask: Value
}
/** Dot-product attention, scaled by 1 / √width unless told otherwise; over all tokens unless told otherwise. */
export const attention = (
  { q, k, v, mask }: AttentionInputs,
  {
    scale = 1 / Math.sqrt(Number(at(q.shape, -1))),
    causal = false,
    reach = 'all',
  }: Partial<Composites['attention']> = {},
): Value => make('attention', { scale, causal, reach }, q, k, v, mask)

/** (x − mean) / √(variance + epsilon) · scale + bias, over the last axis. */
export const layerNorm = (x: Value, scale: Value, bias: Value, epsilon: number): Value =>
  make('layerNorm', { epsilon }, x, scale, bias)

/** x / √(mean(x²) + epsilon) · scale, over the last axis, which must have a known size. */
export const rmsNorm = (x: Value, scale: Value, epsilon: number): Value => make('rmsNorm', { epsilon }, x, scale)

export const gelu = (x: Value, form: Composites['gelu']['form'] = 'exact'): Value => make('gelu', { form }, x)

/** gate · sigmoid(gate) · x */
export const siluMul = (gate: Value, x: Value): Value => make('siluMul', {}, gate, x)

/** Rotary positions on x [..., length, width]. */
export const rope = (x: Value, attributes: Composites['rope']): Value => make('rope', attributes, x)
