// What a graph is made of: values, each an operation on other values.
import { showShape, type Shape } from './dims.ts'
import type { DType, Op, Operations } from './operations.ts'

export interface Type {
  readonly shape: Shape
  readonly dtype: DType
}

/** A value made by one of the operations `P`. */
export interface Node<P extends Op> extends Type {
  readonly op: P
  readonly attributes: Operations[P]
  readonly inputs: readonly Value[]
  /** Set apart by the recompute pass: values of different phases are not made one, and are lowered in this order. */
  readonly phase?: Phase
}

/** A value of the graph: immutable. `value.op` tells which operation made it, and so what its attributes are. */
export type Value<P extends Op = Op> = { [Q in P]: Node<Q> }[P]

/** Left out: forward. Then what is computed again for the backward pass, and that itself. */
export type Phase = 'repeat' | 'backward'

/** An error of whoever builds the graph, not of a user: names the operation and the shapes. */
export const misfit = (op: string, expected: string, inputs: readonly Type[]): Error =>
  new TypeError(`${op}: expected ${expected}; found ${inputs.map((x) => `${x.dtype}${showShape(x.shape)}`).join(', ')}`)
