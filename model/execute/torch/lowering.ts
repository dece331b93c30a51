// What a graph's operation is on LibTorch.
import type { Op } from '../../graph/operations.ts'
import type { Node } from '../../graph/value.ts'
import type { Shape } from '../../graph/dims.ts'
import type { Operators } from './operators.ts'
import type { Handle, Tensors } from './tensors.ts'

/** What a lowering works with. What it makes and does not give back is deleted after it. */
export interface Context<P extends Op> {
  readonly operators: Operators
  readonly tensors: Tensors
  readonly value: Node<P>
  /** The sizes of a shape in this run. */
  readonly sizes: (shape: Shape) => readonly number[]
}

type Compute<P extends Op, R> = (inputs: readonly Handle[], context: Context<P>) => R

/** Operations that one kernel computes together, such as a norm and its statistics: each is a part of what it gives. */
export interface Part<P extends Op> {
  readonly kernel: string
  readonly part: number
  readonly all: Compute<P, readonly Handle[]>
}

export type Lowering<P extends Op> = Compute<P, Handle> | Part<P>
export type Lowerings<P extends Op> = { readonly [Q in P]: Lowering<Q> }
