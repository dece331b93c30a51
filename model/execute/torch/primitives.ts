// The lowering of every primitive. One that is missing does not compile.
import { at } from '../../graph/dims.ts'
import type { PrimitiveName } from '../../graph/operations.ts'
import type { Context, Lowering } from './lowering.ts'
import type { Operators } from './operators.ts'
import type { Handle } from './tensors.ts'

type OfOne = { [K in keyof Operators]: Operators[K] extends (x: Handle) => Handle ? K : never }[keyof Operators]
type OfTwo = {
  [K in keyof Operators]: Operators[K] extends (a: Handle, b: Handle) => Handle ? K : never
}[keyof Operators]

const unary =
  (name: OfOne) =>
  (inputs: readonly Handle[], { operators }: { readonly operators: Operators }): Handle =>
    operators[name](at(inputs, 0))
const binary =
  (name: OfTwo) =>
  (inputs: readonly Handle[], { operators }: { readonly operators: Operators }): Handle =>
    operators[name](at(inputs, 0), at(inputs, 1))

/** A tensor of these numbers of the host, in memory of the device's own. */
const fromHost = (
  { tensors, operators }: Pick<Context, 'tensors' | 'operators'>,
  data: Float32Array | Int32Array,
  sizes: readonly number[],
): Handle => {
  const there = tensors.over(data, sizes)
  if (data instanceof Float32Array) {
    const made = tensors.empty(sizes, 'f32')
    tensors.copy(made, there)
    return made
  }
  const wide = operators.to(there, 'i64')
  if (tensors.place.kind === 'cpu') return wide
  const made = tensors.empty(sizes, 'i64')
  tensors.copy(made, wide)
  return made
}

/** The norm, and its statistics as [..., 1]. */
const layerNorm = <P extends 'layerNormOutput' | 'layerNormMean' | 'layerNormInverseDeviation'>(
  part: number,
): Lowering<P> => ({
  kernel: 'layerNorm',
  part,
  all: (inputs, { operators, sizes, value }) => {
    const [x, scale, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)]
    const width = sizes(at(value.inputs, 0).shape).slice(-1)
    return operators.layerNorm(x, width, scale, bias, value.attributes.epsilon)
  },
})

export const PRIMITIVES: { readonly [P in PrimitiveName]: Lowering<P> } = {
  input: () => {
    throw new TypeError('an input is fed, not computed')
  },
  constant: (_, context) => {
    const { data, shape } = context.value.attributes
    return fromHost(context, Float32Array.from(data), shape)
  },
  // Integers are 64 bits wide here: not every operator takes narrower ones.
  iota: (_, context) => {
    const [count = 0] = context.sizes(context.value.shape)
    return fromHost(
      context,
      Int32Array.from({ length: count }, (_, i) => i),
      [count],
    )
  },
  add: binary('add'),
  sub: binary('subtract'),
  mul: binary('multiply'),
  div: binary('divide'),
  maximum: binary('maximum'),
  greater: binary('greater'),
  neg: unary('neg'),
  exp: unary('exp'),
  sqrt: unary('sqrt'),
  erf: unary('erf'),
  sigmoid: unary('sigmoid'),
  sin: unary('sin'),
  cos: unary('cos'),
  toFloat: (inputs, { operators }) => operators.to(at(inputs, 0), 'f32'),
  toInteger: (inputs, { operators }) => operators.to(at(inputs, 0), 'i64'),
  cast: (inputs, { operators, value }) => operators.to(at(inputs, 0), value.attributes.to),
  reshape: (inputs, { operators, sizes, value }) => operators.reshape(at(inputs, 0), sizes(value.shape)),
  transpose: (inputs, { operators, value }) => operators.permute(at(inputs, 0), value.attributes.order),
  broadcast: (inputs, { operators, sizes, value }) => operators.expand(at(inputs, 0), sizes(value.shape)),
  slice: (inputs, { operators, value: { attributes } }) =>
    operators.slice(at(inputs, 0), attributes.axis, attributes.start, attributes.end),
  pad: (inputs, { operators, sizes, value }) => {
    const { axis, before } = value.attributes
    const [narrow, wide] = [sizes(at(value.inputs, 0).shape), sizes(value.shape)]
    const after = at(wide, axis) - before - at(narrow, axis)
    return operators.pad(at(inputs, 0), wide.length, axis, before, after)
  },
  concat: (inputs, { operators, value }) => operators.concat(inputs, value.attributes.axis),
  sum: (inputs, { operators, value }) => operators.sum(at(inputs, 0), value.attributes.axes),
  softmax: unary('softmax'),
  logSoftmax: unary('logSoftmax'),
  layerNormOutput: layerNorm(0),
  layerNormMean: layerNorm(1),
  layerNormInverseDeviation: layerNorm(2),
  matmul: (inputs, { operators, value: { attributes } }) => {
    const turned = (x: Handle, transpose: boolean): Handle => (transpose ? operators.swap(x, -2, -1) : x)
    return operators.matmul(turned(at(inputs, 0), attributes.transposeA), turned(at(inputs, 1), attributes.transposeB))
  },
  gather: binary('embedding'),
  scatterAdd: (inputs, { operators, sizes, value }) => {
    const [rows = 0] = sizes(value.shape)
    return operators.embeddingBackward(at(inputs, 0), at(inputs, 1), rows)
  },
}
