// All primitives, each with all that is known of it.
import type { PrimitiveName } from '../graph/operations.ts'
import { ELEMENTWISE } from './elementwise.ts'
import { MOVES } from './moves.ts'
import { PRODUCTS } from './products.ts'
import { REDUCTIONS } from './reductions.ts'
import type { Rows } from './row.ts'
import { SOURCES } from './sources.ts'

export const PRIMITIVES: Rows<PrimitiveName> = { ...SOURCES, ...ELEMENTWISE, ...MOVES, ...REDUCTIONS, ...PRODUCTS }
