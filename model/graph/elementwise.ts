// Element by element, broadcasting as NumPy does.
import { make } from './make.ts'
import type { Float } from './operations.ts'
import type { Value } from './value.ts'

export const add = (a: Value, b: Value): Value => make('add', {}, a, b)
export const sub = (a: Value, b: Value): Value => make('sub', {}, a, b)
export const mul = (a: Value, b: Value): Value => make('mul', {}, a, b)
export const div = (a: Value, b: Value): Value => make('div', {}, a, b)
/** Where both are equal the gradient goes to the second. */
export const maximum = (a: Value, b: Value): Value => make('maximum', {}, a, b)
/** 1 where a > b, else 0; no gradient flows. */
export const greater = (a: Value, b: Value): Value => make('greater', {}, a, b)

export const neg = (x: Value): Value => make('neg', {}, x)
export const exp = (x: Value): Value => make('exp', {}, x)
export const sqrt = (x: Value): Value => make('sqrt', {}, x)
export const erf = (x: Value): Value => make('erf', {}, x)
export const sigmoid = (x: Value): Value => make('sigmoid', {}, x)
export const sin = (x: Value): Value => make('sin', {}, x)
export const cos = (x: Value): Value => make('cos', {}, x)

/** i32 to f32. */
export const toFloat = (x: Value): Value => make('toFloat', {}, x)
/** f32 to i32, rounding towards 0; no gradient flows. */
export const toInteger = (x: Value): Value => make('toInteger', {}, x)
/** A float in another precision, rounded to the nearest. */
export const cast = (x: Value, to: Float): Value => (x.dtype === to ? x : make('cast', { to }, x))
