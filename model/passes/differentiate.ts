// Reverse-mode differentiation: the gradient of a graph is a graph of the same operations.
import { at } from '../graph/dims.ts'
import { add } from '../graph/elementwise.ts'
import { COMPOSITES, isComposite } from '../composites/table.ts'
import type { CompositeName, Gradient, PrimitiveName } from '../graph/operations.ts'
import { topological } from '../graph/order.ts'
import { make } from '../graph/make.ts'
import { broadcast } from '../graph/shape.ts'
import { scalar } from '../graph/sources.ts'
import { misfit, type Node, type Value } from '../graph/value.ts'
import type { Cotangent } from '../primitives/row.ts'
import { isPrimitive, PRIMITIVES } from '../primitives/table.ts'

/**
 * Gradients of `output` with respect to each of `wrt`, in their shapes.
 * `cotangent` has the output's shape and weighs its elements (a vector-Jacobian product); left out, the output must be
 * a scalar and is weighed by 1. A value that the output does not depend on gets zeros.
 */
export const gradients = (output: Value, wrt: readonly Value[], cotangent?: Value): Value[] => {
  if (cotangent === undefined && output.shape.length > 0)
    throw misfit('gradients', 'a scalar, or a cotangent', [output])
  const order = topological([output])
  const needed = new Set<Value>(wrt)
  for (const value of order) if (value.inputs.some((x) => needed.has(x))) needed.add(value)
  const found = new Map<Value, Value>([[output, cotangent ?? scalar(1)]])
  for (const value of order.reverse()) {
    const g = found.get(value)
    if (g === undefined || !value.inputs.some((x) => needed.has(x))) continue
    for (const [input, part] of cotangents(value, g)) {
      if (part === 'none' || !needed.has(input)) continue
      const sum = found.get(input)
      found.set(input, sum === undefined ? part : add(sum, part))
    }
  }
  return wrt.map((value) => found.get(value) ?? broadcast(scalar(0), value.shape))
}

/** Each input with the cotangent that reaches it. */
const cotangents = (value: Value, cotangent: Value): (readonly [Value, Cotangent])[] => {
  const parts = partsOf(value, cotangent)
  if (parts === 'none') return []
  if (parts.length !== value.inputs.length)
    throw new TypeError(`${value.op}: ${parts.length} gradients for ${value.inputs.length} inputs`)
  return value.inputs.map((input, i) => [input, at(parts, i)])
}

const partsOf = (value: Value, cotangent: Value): readonly Cotangent[] | 'none' => {
  if (isPrimitive(value)) return ofPrimitive(value, cotangent)
  if (isComposite(value)) return ofComposite(value, cotangent)
  throw new TypeError(`the gradient of ${value.attributes.of} cannot be differentiated again: expand it first`)
}

const ofPrimitive = <P extends PrimitiveName>(value: Node<P>, cotangent: Value): readonly Cotangent[] | 'none' => {
  const { gradient } = PRIMITIVES[value.op]
  return gradient === 'none' ? 'none' : gradient(value, cotangent)
}

const ofComposite = (value: Value<CompositeName>, cotangent: Value): readonly Cotangent[] => {
  const { constants, gradientReads } = COMPOSITES[value.op]
  const read = [cotangent, ...value.inputs, ...(gradientReads === 'inputs' ? [] : [value])]
  return value.inputs.map((_, i) => (constants.includes(i) ? 'none' : make('gradient', partOf(value, i), ...read)))
}

const partOf = <C extends CompositeName>({ op, attributes }: Node<C>, input: number): Gradient<C> => ({
  of: op,
  attributes,
  input,
})
