// Values that come from outside the graph: inputs, constants, and counting up.
import type { Dim, Shape } from './dims.ts'
import { make } from './make.ts'
import type { DType } from './operations.ts'
import type { Value } from './value.ts'

/** A value fed when the graph runs. */
export const input = (name: string, shape: Shape, dtype: DType = 'f32'): Value<'input'> =>
  make('input', { name, shape, dtype })

/** The inputs among some values. */
export const inputsOf = (values: readonly Value[]): Value<'input'>[] => values.filter((value) => value.op === 'input')

/** A small constant, row-major. */
export const constant = (data: readonly number[], shape: readonly number[]): Value => make('constant', { data, shape })
export const scalar = (value: number): Value => constant([value], [])

/** 0, 1, 2 … as i32 [dim]. */
export const iota = (dim: Dim): Value => make('iota', { dim })
