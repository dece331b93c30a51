// The same elements in another shape or order.
import { at, product, sameShape, type Dim, type Shape } from './dims.ts'
import { make } from './make.ts'
import type { Value } from './value.ts'

export const reshape = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : make('reshape', { shape }, x)

/** All axes but the last merged into one. */
export const flattenRows = (x: Value): Value => reshape(x, [product(x.shape.slice(0, -1)), at(x.shape, -1)])

/** Axis i of the result is axis order[i] of x. */
export const transpose = (x: Value, order: readonly number[]): Value => make('transpose', { order }, x)

export const broadcast = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : make('broadcast', { shape }, x)

/** Elements start … end−1 along an axis. */
export const slice = (x: Value, axis: number, start: number, end: number): Value =>
  make('slice', { axis, start, end }, x)

/** x set into zeros: `before` of them ahead of it along `axis`, which gets the size `size`. */
export const pad = (x: Value, { axis, before, size }: { axis: number; before: number; size: Dim }): Value =>
  before === 0 && size === at(x.shape, axis) ? x : make('pad', { axis, before, size }, x)

export const concat = (axis: number, ...parts: readonly Value[]): Value => make('concat', { axis }, ...parts)
