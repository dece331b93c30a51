// One small graph and more for each primitive, for the tests of gradients and executors.
import { gradients } from '../../model/passes/differentiate.ts'
import { attention, gelu, layerNorm, linear, rmsNorm, rope, siluMul } from '../../model/graph/composites.ts'
import {
  add,
  cast,
  cos,
  div,
  erf,
  exp,
  greater,
  maximum,
  mul,
  neg,
  sigmoid,
  sin,
  sqrt,
  sub,
  toFloat,
  toInteger,
} from '../../model/graph/elementwise.ts'
import { gather, matmul, scatterAdd } from '../../model/graph/linear.ts'
import { l2Normalise, logSoftmax, softmax, sum, total } from '../../model/graph/reduce.ts'
import { broadcast, concat, flattenRows, reshape, slice, transpose } from '../../model/graph/shape.ts'
import { constant, input, iota, scalar } from '../../model/graph/sources.ts'
import { at, type Shape } from '../../model/graph/dims.ts'
import type { Value } from '../../model/graph/value.ts'

export interface Case {
  readonly inputs: readonly Value<'input'>[]
  readonly output: Value
  /** Rounds to float16 on the way, which not every GPU has. */
  readonly halves?: boolean
}
export const x = (shape: Shape): Value<'input'> => input('x', shape)
export const y = (shape: Shape): Value<'input'> => input('y', shape)
const positive = (v: Value): Value => add(mul(v, v), scalar(0.3))

const unary = (f: (v: Value) => Value): Case => {
  const a = x(['B', 3])
  return { inputs: [a], output: f(a) }
}
const binary = (f: (a: Value, b: Value) => Value, a: Value<'input'>, b: Value<'input'>): Case => ({
  inputs: [a, b],
  output: f(a, b),
})
const ids = input('ids', ['B', 'L'], 'i32')
/** The mask has the last position of each text but the first as padding. */
const heads = (queries: number, keys: number, how: Parameters<typeof attention>[1]): Case => {
  const [q, k, v] = [x(['B', queries, 'L', 2]), y(['B', keys, 'L', 2]), input('z', ['B', keys, 'L', 2])]
  const [first, last] = [toFloat(iota('B')), toFloat(iota('L'))]
  const padding = mul(greater(reshape(first, ['B', 1]), scalar(0.5)), greater(reshape(last, [1, 'L']), scalar(1.5)))
  const mask = sub(scalar(1), padding)
  // Where the query is padding, executors may give anything.
  return { inputs: [q, k, v], output: mul(attention({ q, k, v, mask }, how), reshape(mask, ['B', 1, 'L', 1])) }
}

export const CASES: Readonly<Record<string, () => Case>> = {
  add: () => binary(add, x(['B', 'L', 3]), y(['L', 1])),
  'add of scalars': () => binary(add, x([]), y(['B'])),
  sub: () => binary(sub, x(['B', 1]), y(['B', 'L'])),
  mul: () => binary(mul, x([1, 'L']), y(['B', 1, 'L'])),
  div: () => binary((a, b) => div(a, positive(b)), x(['B', 'L']), y(['B', 1])),
  maximum: () => binary(maximum, x(['B', 3]), y([3])),
  greater: () => binary((a, b) => mul(greater(a, b), a), x(['B', 3]), y([3])),
  neg: () => unary(neg),
  exp: () => unary(exp),
  sqrt: () => unary((v) => sqrt(positive(v))),
  erf: () => unary(erf),
  sigmoid: () => unary(sigmoid),
  sin: () => unary(sin),
  cos: () => unary(cos),
  // In plain arithmetic it changes nothing; executors round to 11 bits.
  cast: () => ({ ...unary((v) => mul(cast(cast(v, 'f16'), 'f32'), v)), halves: true }),
  toInteger: () => unary((v) => mul(v, toFloat(toInteger(mul(v, scalar(2)))))),
  'toFloat and iota': () => unary((v) => mul(v, add(reshape(toFloat(iota('B')), ['B', 1]), scalar(1)))),
  'sum over the middle': () => {
    const a = x(['B', 'L', 2])
    return { inputs: [a], output: sum(a, 1) }
  },
  'sum over two axes': () => {
    const a = x(['B', 'L', 2])
    return { inputs: [a], output: mul(a, sum(a, 0, -1)) }
  },
  softmax: () => {
    const a = x(['B', 'L'])
    return { inputs: [a], output: softmax(a) }
  },
  logSoftmax: () => {
    const a = x(['B', 'L'])
    return { inputs: [a], output: logSoftmax(a) }
  },
  layerNorm: () => {
    const inputs = [x(['B', 'L', 4]), y([4]), input('z', [4])]
    return { inputs, output: layerNorm(at(inputs, 0), at(inputs, 1), at(inputs, 2), 1e-3) }
  },
  rmsNorm: () => binary((a, b) => rmsNorm(a, b, 1e-3), x(['B', 4]), y([4])),
  linear: () => {
    const inputs = [x(['B', 'L', 3]), y([2, 3]), input('z', [2])]
    return { inputs, output: linear(at(inputs, 0), at(inputs, 1), at(inputs, 2)) }
  },
  'linear without a bias': () => binary(linear, x(['B', 3]), y([2, 3])),
  gelu: () => unary((v) => gelu(v)),
  'gelu by the tangent': () => unary((v) => gelu(v, 'tanh')),
  siluMul: () => binary(siluMul, x(['B', 3]), y(['B', 3])),
  'siluMul of one value': () => unary((v) => siluMul(v, v)),
  rope: () => {
    const a = x(['B', 'L', 4])
    return { inputs: [a], output: rope(a, { theta: 100, positions: 70 }) }
  },
  attention: () => heads(2, 2, {}),
  'causal attention, keys shared': () => heads(2, 1, { causal: true }),
  'attention that does not reach far': () => heads(1, 1, { reach: 1, scale: 0.9 }),
  l2Normalise: () => unary(l2Normalise),
  reshape: () => {
    const a = x(['B', 'L', 6])
    return { inputs: [a], output: mul(reshape(a, ['B', 'L', 2, 3]), constant([1, -2], [2, 1])) }
  },
  'reshape to a product of names': () => {
    const a = x(['B', 'L', 2])
    return { inputs: [a], output: mul(reshape(flattenRows(a), ['B', 'L', 2]), a) }
  },
  transpose: () => {
    const a = x(['B', 'L', 2])
    return { inputs: [a], output: transpose(a, [2, 0, 1]) }
  },
  broadcast: () => {
    const a = x(['B', 1])
    return { inputs: [a], output: concat(1, broadcast(a, ['B', 3]), a) }
  },
  'broadcast to a named size': () => binary((a, b) => mul(broadcast(a, ['B', 'L']), b), x(['B', 1]), y(['B', 'L'])),
  slice: () => {
    const a = x(['B', 5])
    return { inputs: [a], output: slice(a, 1, 1, 4) }
  },
  'slice of a named axis': () => {
    const a = x(['B', 'L', 2])
    return { inputs: [a], output: slice(a, 1, 0, 1) }
  },
  'pad, in the gradient of a slice': () => {
    const a = x(['B', 5])
    const part = slice(a, 1, 1, 4)
    return { inputs: [a], output: mul(gradients(total(mul(part, part)), [a])[0], a) }
  },
  'pad to a named size': () => {
    const a = x(['B', 'L', 2])
    const part = slice(a, 1, 0, 1)
    return { inputs: [a], output: mul(gradients(total(mul(part, part)), [a])[0], a) }
  },
  concat: () => binary((a, b) => concat(1, a, b, a), x(['B', 2]), y(['B', 1])),
  matmul: () => binary(matmul, x(['B', 3]), y([3, 'L'])),
  'matmul, A transposed': () => binary((a, b) => matmul(a, b, true), x(['B', 3]), y(['B', 2])),
  'matmul, B transposed': () => binary((a, b) => matmul(a, b, false, true), x(['B', 3]), y(['L', 3])),
  'matmul, both transposed': () => binary((a, b) => matmul(a, b, true, true), x([3, 'B']), y(['L', 3])),
  'matmul, batched': () => binary((a, b) => matmul(a, b, false, true), x(['B', 2, 'L', 3]), y(['B', 1, 'L', 3])),
  'matmul, batched and transposed': () => binary((a, b) => matmul(a, b, true), x(['B', 'L', 3]), y(['B', 'L', 2])),
  'matmul with a shared weight': () => binary(matmul, x(['B', 'L', 3]), y([3, 2])),
  'matmul with a shared weight, transposed': () =>
    binary((a, b) => matmul(a, b, false, true), x(['B', 'L', 3]), y([2, 3])),
  gather: () => {
    const table = x([5, 2])
    return { inputs: [table, ids], output: gather(table, ids) }
  },
  scatterAdd: () => {
    const updates = x(['B', 'L', 2])
    return { inputs: [updates, ids], output: scatterAdd(updates, ids, [5, 2]) }
  },
}
