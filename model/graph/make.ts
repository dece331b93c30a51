// Making values: the one place where nodes come from.
import type { Op, Operations } from './operations.ts'
import { TYPES } from './types.ts'
import type { Node, Value } from './value.ts'

/** A value of an operation on inputs. Throws where its shape rule does not hold. */
export const make = <P extends Op>(op: P, attributes: Operations[P], ...inputs: readonly Value[]): Node<P> => ({
  op,
  attributes,
  inputs,
  ...TYPES[op](inputs, attributes),
})

/** The same operation on other inputs, in the same phase or the one given. */
export const again = <P extends Op>(value: Node<P>, inputs: readonly Value[], phase = value.phase): Value<P> => {
  const made = make(value.op, value.attributes, ...inputs)
  return phase === undefined ? made : { ...made, phase }
}
