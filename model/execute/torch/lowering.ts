// What a graph's operations are on LibTorch.
import type { Shape } from '../../graph/dims.ts'
import type { CompositeName, Composites, PrimitiveName } from '../../graph/operations.ts'
import type { Node } from '../../graph/value.ts'
import type { Operators } from './operators.ts'
import type { Handle, Tensors } from './tensors.ts'

/** What a kernel works with. What it makes and does not give back is deleted after it. */
export interface Context {
  readonly operators: Operators
  readonly tensors: Tensors
  /** The sizes of a shape in this run. */
  readonly sizes: (shape: Shape) => readonly number[]
  /** Of which of its results somebody reads. */
  readonly wanted: readonly boolean[]
  /** A number for each of what it reads, the same for the same value of a run. */
  readonly reads: readonly number[]
  /** Whether some text of the run is shorter than the others. */
  readonly padding: 'some' | 'none'
  /** What several kernels need, made once a run, or once for good; it is not the kernel's to delete. */
  readonly inRun: (key: string, make: () => Handle) => Handle
  readonly forGood: (key: string, make: () => Handle) => Handle
}

type Compute<P extends PrimitiveName, R> = (
  inputs: readonly Handle[],
  context: Context & { readonly value: Node<P> },
) => R

/** Primitives that one kernel computes together, such as a norm and its statistics: each is a part of what it gives. */
export interface Part<P extends PrimitiveName> {
  readonly kernel: string
  readonly part: number
  readonly all: Compute<P, readonly Handle[]>
}
export type Lowering<P extends PrimitiveName> = Compute<P, Handle> | Part<P>

export interface CompositeLowering<C extends CompositeName> {
  /** The value, and after it so many `extras` that only its gradient reads. */
  readonly extras: number
  readonly forward: (inputs: readonly Handle[], attributes: Composites[C], context: Context) => readonly Handle[]
  /** Cotangents of the inputs, each by a kernel of its own or all by one. `kept` is the value and its extras. */
  readonly gradient: readonly ((given: Given<C>, context: Context) => Handle)[] | Together<C>
}
export interface Given<C extends CompositeName> {
  readonly cotangent: Handle
  readonly inputs: readonly Handle[]
  readonly attributes: Composites[C]
}
export type Together<C extends CompositeName> = (
  given: Given<C> & { readonly kept: readonly Handle[] },
  context: Context,
) => readonly Handle[]
