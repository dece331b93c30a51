// What is known of a primitive beside its shape rule. Every field must be there: "none" and "no" are written, not implied.
import type * as Tfjs from '@tensorflow/tfjs-core'
import type { Shape } from '../graph/dims.ts'
import type { DType, PrimitiveName } from '../graph/operations.ts'
import type { Node, Value } from '../graph/value.ts'

export interface Row<P extends PrimitiveName> extends Traits {
  /**
   * Vector-Jacobian product in operations of the graph: the cotangent of each input from the output's. `none` where no
   * gradient flows, to one input or at all: the derivative is 0, or the input holds integers.
   */
  readonly gradient: ((value: Node<P>, cotangent: Value) => readonly Cotangent[]) | 'none'
  /** The name of what holds the value, in a file that is being written. */
  readonly onnx: (emitter: OnnxEmitter, inputs: readonly string[], value: Node<P>) => string
  readonly tfjs: (tf: typeof Tfjs, inputs: readonly Tfjs.Tensor[], context: TfjsContext<P>) => Tfjs.Tensor
}

export type Cotangent = Value | 'none'

/** What the passes over graphs need to know of an operation. */
export interface Traits {
  /** `yes`: element by element, operands spread by themselves, so that none need be spread before. */
  readonly broadcasts: 'yes' | 'no'
  /**
   * What computing it once more costs: nothing, for what is made of nothing or fed anyway; little; as much as a matrix
   * product; or so much that it is always kept.
   */
  readonly twice: 'free' | 'cheap' | 'product' | 'dear'
  /**
   * In a reduced precision: `weak`, it takes the precision of what it meets; `moves` elements without computing, as
   * exact as a cast after it; `safe` element by element; a `product`, where it pays; `never` (sums, exponentials,
   * quotients, roots, statistics).
   */
  readonly reduced: 'weak' | 'moves' | 'safe' | 'product' | 'never'
}

export interface TfjsContext<P extends PrimitiveName> {
  readonly value: Node<P>
  /** The sizes of a shape in this run. */
  readonly sizes: (shape: Shape) => number[]
}

export type OnnxAttribute = number | readonly number[] | string | { readonly float: number }

/** What an ONNX lowering writes to: nodes and constants, each constant once. */
export interface OnnxEmitter {
  /** Adds a node and gives the names of its outputs. */
  op(
    type: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    outputs?: number,
  ): readonly [string, ...string[]]
  /** A node that casts to the type. */
  cast(x: string, to: DType): string
  /** An int64 constant of rank 1. */
  ints(values: readonly number[]): string
  /** An int64 scalar. */
  int(value: number): string
  floats(values: readonly number[], dims: readonly number[]): string
  /** The int64 sizes of a shape, read off the graph's inputs where they are only known when it runs. */
  shape(shape: Shape): string
  /** The outputs of what `make` adds, added once a key. */
  shared(key: string, make: () => readonly string[]): readonly string[]
}

/** Rows of some of the primitives. */
export type Rows<P extends PrimitiveName> = { readonly [Q in P]: Row<Q> }
