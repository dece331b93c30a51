// Along axes: sums, softmax, lengths.
import { sameShape, type Shape } from './dims.ts'
import { div, maximum, mul, sqrt } from './elementwise.ts'
import { make } from './make.ts'
import { reshape } from './shape.ts'
import { scalar } from './sources.ts'
import type { Value } from './value.ts'

/** Sum over `axes`, which stay with size 1. Negative axes count from the end. */
export const sum = (x: Value, ...axes: readonly number[]): Value => {
  if (axes.length === 0) return x
  return make('sum', { axes: axes.map((a) => (a < 0 ? a + x.shape.length : a)).sort((a, b) => a - b) }, x)
}

/** Sum of all elements, as a scalar. */
export const total = (x: Value): Value => reshape(sum(x, ...x.shape.keys()), [])

/** Undoes broadcasting: sums x over the axes along which `shape` was broadcast to x's. */
export const sumTo = (x: Value, shape: Shape): Value => {
  if (sameShape(x.shape, shape)) return x
  const lead = x.shape.length - shape.length
  const axes = [...x.shape.keys()].filter((i) => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1))
  return reshape(sum(x, ...axes), shape)
}

/** Softmax over the last axis. */
export const softmax = (x: Value): Value => make('softmax', {}, x)
/** Logarithm of the softmax over the last axis. */
export const logSoftmax = (x: Value): Value => make('logSoftmax', {}, x)

/** x divided by its Euclidean length over the last axis; a zero vector stays zero. */
export const l2Normalise = (x: Value): Value => div(x, sqrt(maximum(sum(mul(x, x), -1), scalar(1e-24))))
