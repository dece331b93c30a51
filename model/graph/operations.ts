// Every operation a graph can hold, by name, with what it is told beside its inputs. What is declared here has a shape
// rule (types.ts), a row (../primitives) and a lowering for each executor, or the program does not compile.
import type { Dim, Shape } from './dims.ts'

/** Reduced floats are there for speed: graphs are written and differentiated in f32, and a pass turns parts of them. */
export type Float = 'f32' | 'f16' | 'bf16'
export type DType = Float | 'i32'

type None = Readonly<Record<string, never>>
interface Axis {
  readonly axis: number
}
interface Epsilon {
  readonly epsilon: number
}

export interface Primitives {
  // From outside the graph
  input: { readonly name: string; readonly shape: Shape; readonly dtype: DType }
  constant: { readonly data: readonly number[]; readonly shape: readonly number[] }
  iota: { readonly dim: Dim }
  // Element by element
  add: None
  sub: None
  mul: None
  div: None
  maximum: None
  greater: None
  neg: None
  exp: None
  sqrt: None
  erf: None
  sigmoid: None
  sin: None
  cos: None
  toFloat: None
  toInteger: None
  cast: { readonly to: Float }
  // The same elements elsewhere
  reshape: { readonly shape: Shape }
  transpose: { readonly order: readonly number[] }
  broadcast: { readonly shape: Shape }
  slice: Axis & { readonly start: number; readonly end: number }
  pad: Axis & { readonly before: number; readonly size: Dim }
  concat: Axis
  // Along axes
  sum: { readonly axes: readonly number[] }
  softmax: None
  logSoftmax: None
  layerNorm: Epsilon
  layerNormMean: Epsilon
  layerNormInverseDeviation: Epsilon
  // Matrices and tables
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean }
  gather: None
  scatterAdd: { readonly shape: Shape }
}
export type PrimitiveName = keyof Primitives

export type Operations = Primitives
export type Op = keyof Operations
