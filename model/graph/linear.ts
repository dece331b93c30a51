// Matrix products and rows of tables.
import type { Shape } from './dims.ts'
import { make } from './make.ts'
import type { Value } from './value.ts'

/** Product of matrices in the last two axes, each transposed first if asked; leading axes broadcast. */
export const matmul = (a: Value, b: Value, transposeA = false, transposeB = false): Value =>
  make('matmul', { transposeA, transposeB }, a, b)

/** Rows of a table [rows, width]: ids [...] to [..., width]. */
export const gather = (table: Value, ids: Value): Value => make('gather', {}, table, ids)

/** Adds each update [..., width] to the row that its id [...] names, in a table of zeros of the given shape. */
export const scatterAdd = (updates: Value, ids: Value, shape: Shape): Value =>
  make('scatterAdd', { shape }, updates, ids)
