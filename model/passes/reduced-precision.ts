// Mixed precision: the same graph with its matrix products, and what lies between them, in f16 or bf16.
import { at } from '../graph/dims.ts'
import { cast } from '../graph/elementwise.ts'
import { LARGEST_HALF } from '../../core/half.ts'
import { again } from '../graph/make.ts'
import type { Float } from '../graph/operations.ts'
import { topological } from '../graph/order.ts'
import type { Precision } from '../graph/precision.ts'
import type { Value } from '../graph/value.ts'
import { traitsOf } from '../composites/table.ts'
import { simplify } from './simplify.ts'

/** The type of the products of each precision. */
export const FLOATS = { float32: 'f32', float16: 'f16', bfloat16: 'bf16' } as const satisfies Record<Precision, Float>

/**
 * The outputs of an f32 graph, still f32, computed in f16 or bf16 where that pays and is safe: matrix products, and the
 * element-wise operations and moves that join them. Softmax, norms and all sums and their operands stay in f32 (as
 * PyTorch's autocast has it). `parameters` are inputs that take the precision of what they meet. It goes over a graph
 * that has been differentiated: f32 gradients of reduced products come out by themselves.
 */
export const reducedPrecision = (
  outputs: readonly Value[],
  parameters: Iterable<Value>,
  to: Exclude<Float, 'f32'>,
): Value[] => {
  const shared = simplify(outputs)
  const order = topological(shared)
  const reduced = reducedValues(order, shared, new Set(parameters))
  const made = new Map<Value, Value>()
  const as = (value: Value, precision: Float): Value => {
    const found = made.get(value) ?? value
    return found.dtype === 'i32' ? found : cast(found, precision)
  }
  for (const value of order) {
    const inputs = value.inputs.map((x) => as(x, reduced.has(value) ? to : 'f32'))
    const changed = inputs.some((x, i) => x !== value.inputs[i])
    made.set(value, changed ? again(value, inputs) : value)
  }
  return simplify(shared.map((value) => as(value, 'f32')))
}

/** The values that are computed in the reduced precision. */
const reducedValues = (
  order: readonly Value[],
  outputs: readonly Value[],
  parameters: ReadonlySet<Value>,
): Set<Value> => {
  const users = new Map<Value, Value[]>(order.map((value) => [value, []]))
  for (const value of order) for (const x of value.inputs) users.get(x)?.push(value)
  const kept = new Set(outputs)
  const reduced = new Set<Value>()
  /** What has no precision of its own: parameters, small constants, and moves of them. */
  const weak = new Set<Value>()
  for (const value of order) {
    const kind = kindOf(value)
    if (parameters.has(value) || kind === 'weak') weak.add(value)
    else if (kind === 'moves' && value.inputs.every((x) => weak.has(x))) weak.add(value)
    else if (kind === 'product') reduced.add(value)
    else if (kind === 'moves' || kind === 'safe') {
      const joined = value.inputs.filter((x) => !weak.has(x))
      if (joined.length > 0 && joined.every((x) => reduced.has(x))) reduced.add(value)
    }
  }
  for (const value of [...order].reverse()) {
    const kind = kindOf(value)
    const after = users.get(value) ?? []
    // What only f32 operations read, such as the squares under a sum, is computed in f32 too.
    if (kind === 'safe' && (kept.has(value) || !after.some((user) => reduced.has(user)))) reduced.delete(value)
    // What is only moved on its way to reduced operations is moved in their precision.
    if (kind === 'moves' && !kept.has(value) && after.every((user) => reduced.has(user))) reduced.add(value)
  }
  return reduced
}

/** The row's word, but for a product with a vector, which is bound by memory, and for constants that f16 cannot hold. */
const kindOf = (value: Value) => {
  const { reduced } = traitsOf(value)
  if (value.op === 'matmul') {
    const [a, b] = [at(value.inputs, 0).shape, at(value.inputs, 1).shape]
    return [...a.slice(-2), ...b.slice(-2)].includes(1) ? 'never' : 'product'
  }
  if (value.op === 'constant') return value.attributes.data.every((x) => Math.abs(x) <= LARGEST_HALF) ? 'weak' : 'never'
  return reduced
}
