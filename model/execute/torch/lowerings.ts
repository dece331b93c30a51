// How every operation of a graph is computed.
import type { CompositeName, Op, PrimitiveName } from '../../graph/operations.ts'
import type { Node, Value } from '../../graph/value.ts'
import type { Context, Lowering, Lowerings } from './lowering.ts'
import { PRIMITIVES } from './primitives.ts'
import type { Handle } from './tensors.ts'

/** All primitives, and the composites that are taken as they are. */
const ALL: Lowerings<PrimitiveName> = PRIMITIVES
const LOWERINGS: { readonly [P in Op]?: Lowering<P> } = { ...ALL }

/** Composites that have a lowering; others are expanded. */
export const TAKEN: ReadonlySet<CompositeName> = new Set()

const loweringOf = <P extends Op>(op: P): Lowering<P> => {
  const found: Lowering<P> | undefined = LOWERINGS[op]
  if (found === undefined) throw new TypeError(`${op} was not expanded`)
  return found
}

/** What else the same kernel computes: values of one key on the same inputs are parts of its result. */
export const kernelOf = (value: Value): { readonly key?: string; readonly part: number } => {
  const lowering: Lowering<never> | Lowering<Op> = loweringOf(value.op)
  if (typeof lowering === 'function') return { part: 0 }
  return { key: `${lowering.kernel} ${JSON.stringify(value.attributes)}`, part: lowering.part }
}

/** The results of the kernel that computes a value. */
export const computed = <P extends Op>(
  value: Node<P>,
  inputs: readonly Handle[],
  context: Omit<Context<P>, 'value'>,
): readonly Handle[] => {
  const lowering: Lowering<P> = loweringOf(value.op)
  const whole = { ...context, value }
  return typeof lowering === 'function' ? [lowering(inputs, whole)] : lowering.all(inputs, whole)
}
