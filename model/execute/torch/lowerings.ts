// How every operation of a graph is computed.
import type { Op } from '../../graph/operations.ts'
import type { Node, Value } from '../../graph/value.ts'
import type { Context, Lowering, Lowerings } from './lowering.ts'
import { PRIMITIVES } from './primitives.ts'
import type { Handle } from './tensors.ts'

export const LOWERINGS: Lowerings<Op> = { ...PRIMITIVES }

/** What else the same kernel computes: values of one key on the same inputs are parts of its result. */
export const kernelOf = (value: Value): { readonly key?: string; readonly part: number } => {
  const lowering: Lowering<never> | Lowering<Op> = LOWERINGS[value.op]
  if (typeof lowering === 'function') return { part: 0 }
  return { key: `${lowering.kernel} ${JSON.stringify(value.attributes)}`, part: lowering.part }
}

/** The results of the kernel that computes a value. */
export const computed = <P extends Op>(
  value: Node<P>,
  inputs: readonly Handle[],
  context: Omit<Context<P>, 'value'>,
): readonly Handle[] => {
  const lowering: Lowering<P> = LOWERINGS[value.op]
  const whole = { ...context, value }
  return typeof lowering === 'function' ? [lowering(inputs, whole)] : lowering.all(inputs, whole)
}
