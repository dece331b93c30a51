// Every operation a graph can hold, by name, with what it is told beside its inputs. What is declared here has a shape
// rule (types.ts), a row (../primitives, ../composites) and a lowering for each executor, or the program does not compile.
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
  layerNormOutput: Epsilon
  layerNormMean: Epsilon
  layerNormInverseDeviation: Epsilon
  // Matrices and tables
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean }
  gather: None
  scatterAdd: { readonly shape: Shape }
}
export type PrimitiveName = keyof Primitives

/** What libraries have one kernel for. Each can be written in primitives, for executors that have none. */
export interface Composites {
  /** x [..., in], weight [out, in], perhaps bias [out]: x · weightᵀ + bias. */
  linear: None
  /**
   * Queries [batch, heads, length, width], keys and values [batch, key heads, length, width] (of which each serves
   * heads / key heads queries in a row), mask [batch, length] of 1 for tokens and 0 for the padding after them: softmax
   * of the scaled products over the tokens, times the values [batch, heads, length, width]. A query sees the tokens
   * that are not padding; `causal`: none after it; `reach`: none that lies further away. Where the query is padding,
   * the result may be anything finite.
   */
  attention: { readonly scale: number; readonly causal: boolean; readonly reach: number | 'all' }
  /** x, scale and bias as wide as its last axis: (x − mean) / √(variance + epsilon) · scale + bias. */
  layerNorm: Epsilon
  /** x and scale as wide as its last axis, of known size: x / √(mean(x²) + epsilon) · scale. */
  rmsNorm: Epsilon
  /** x · Φ(x) (Hendrycks & Gimpel 2016, arXiv 1606.08415), exactly or by the tangent that approximates it. */
  gelu: { readonly form: 'exact' | 'tanh' }
  /** a, b: a · sigmoid(a) · b, the gate of SwiGLU (Shazeer 2020, arXiv 2002.05202). */
  siluMul: None
  /**
   * x [..., length, width]: the halves of each vector turned by angles position · theta^(−2i/width) (RoFormer, arXiv
   * 2104.09864); positions from 0 to below `positions`.
   */
  rope: { readonly theta: number; readonly positions: number }
}
export type CompositeName = keyof Composites

/**
 * The cotangent of the input at place `input` of a composite. Inputs: the cotangent of the composite's value, then what
 * the composite reads, then, where its row says so, that value itself (whose kernel may have kept more than the value).
 * Those that differ in `input` only come out of one kernel.
 */
export interface CompositeGradient<C extends CompositeName> {
  readonly of: C
  readonly attributes: Composites[C]
  readonly input: number
}
export type Gradient<C extends CompositeName = CompositeName> = { [D in C]: CompositeGradient<D> }[C]

export interface Operations extends Primitives, Composites {
  gradient: Gradient
}
export type Op = keyof Operations
