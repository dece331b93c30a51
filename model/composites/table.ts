// All composites, each with all that is known of it.
import type { CompositeName } from '../graph/operations.ts'
import type { Value } from '../graph/value.ts'
import type { Traits } from '../primitives/row.ts'
import { isPrimitive, PRIMITIVES } from '../primitives/table.ts'
import { ATTENTION } from './attention.ts'
import { GELU, LAYER_NORM, LINEAR, RMS_NORM, SILU_MUL } from './layers.ts'
import { ROPE } from './rope.ts'
import type { CompositeRow } from './row.ts'

export const COMPOSITES: { readonly [C in CompositeName]: CompositeRow<C> } = {
  linear: LINEAR,
  attention: ATTENTION,
  layerNorm: LAYER_NORM,
  rmsNorm: RMS_NORM,
  gelu: GELU,
  siluMul: SILU_MUL,
  rope: ROPE,
}

export const isComposite = (value: Value): value is Value<CompositeName> => value.op in COMPOSITES

/** The traits of a value's operation. */
export const traitsOf = (value: Value): Traits => {
  if (isPrimitive(value)) return PRIMITIVES[value.op]
  if (isComposite(value)) return COMPOSITES[value.op]
  return { ...COMPOSITES[value.attributes.of], broadcasts: 'no', twice: 'dear' }
}
