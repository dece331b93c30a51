// All primitives, each with all that is known of it.
import type { PrimitiveName } from '../graph/operations.ts'
import type { Value } from '../graph/value.ts'
import { ELEMENTWISE } from './elementwise.ts'
import { MOVES } from './moves.ts'
import { PRODUCTS } from './products.ts'
import { REDUCTIONS } from './reductions.ts'
import type { Rows } from './row.ts'
import { SOURCES } from './sources.ts'

/** All that is known of each primitive beside its shape rule. */
export const PRIMITIVES: Rows<PrimitiveName> = { ...SOURCES, ...ELEMENTWISE, ...MOVES, ...REDUCTIONS, ...PRODUCTS }

export const isPrimitive = (value: Value): value is Value<PrimitiveName> => value.op in PRIMITIVES
