// The shape and type rule of every operation. Each throws on inputs that do not fit.
import { at, product, sameShape, type Dim, type Shape } from './dims.ts'
import type { Op, Operations } from './operations.ts'
import { misfit, type Type } from './value.ts'

type Inputs = readonly Type[]
type TypeRule<P extends Op> = (inputs: Inputs, attributes: Operations[P]) => Type

const f32 = (shape: Shape): Type => ({ shape, dtype: 'f32' })

/** A result of this shape that is as precise as the inputs, which have to be floats of one kind. */
const like = (op: string, shape: Shape, inputs: Inputs): Type => {
  const { dtype } = at(inputs, 0)
  if (dtype === 'i32' || inputs.some((x) => x.dtype !== dtype)) throw misfit(op, 'floats of one precision', inputs)
  return { shape, dtype }
}

/** Shape after NumPy's broadcasting. A named dimension matches itself and 1. */
const broadcastShape = (op: string, inputs: Inputs): Shape => {
  const [a, b] = both(inputs)
  const rank = Math.max(a.length, b.length)
  const dimOf = (shape: Shape, i: number): Dim => shape[i - (rank - shape.length)] ?? 1
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [dimOf(a, i), dimOf(b, i)]
    if (x === y || y === 1) return x
    if (x === 1) return y
    throw misfit(op, 'shapes that broadcast', inputs)
  })
}
const both = (inputs: Inputs): readonly [Shape, Shape] => [at(inputs, 0).shape, at(inputs, 1).shape]

const binary =
  (op: string): ((inputs: Inputs) => Type) =>
  (inputs) =>
    like(op, broadcastShape(op, inputs), inputs)
const unary =
  (op: string): ((inputs: Inputs) => Type) =>
  (inputs) =>
    like(op, at(inputs, 0).shape, inputs)

const replace = (shape: Shape, axis: number, dim: Dim): Shape => shape.map((old, i) => (i === axis ? dim : old))

const layerNormShape = (inputs: Inputs): Shape => {
  const [x, scale, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)]
  const width = at(x.shape, -1)
  if (!sameShape(scale.shape, [width]) || !sameShape(bias.shape, [width]))
    throw misfit('layerNorm', 'scale and bias as wide as the last axis', inputs)
  return x.shape
}
const statistic = (inputs: Inputs): Type => f32([...layerNormShape(inputs).slice(0, -1), 1])
const layerNorm = (inputs: Inputs): Type => f32(layerNormShape(inputs))

export const TYPES: { readonly [P in Op]: TypeRule<P> } = {
  input: (_, { shape, dtype }) => ({ shape, dtype }),
  constant: (_, { shape }) => f32(shape),
  iota: (_, { dim }) => ({ shape: [dim], dtype: 'i32' }),

  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  maximum: binary('maximum'),
  greater: (inputs) => f32(broadcastShape('greater', inputs)),
  neg: unary('neg'),
  exp: unary('exp'),
  sqrt: unary('sqrt'),
  erf: unary('erf'),
  sigmoid: unary('sigmoid'),
  sin: unary('sin'),
  cos: unary('cos'),
  toFloat: (inputs) => f32(at(inputs, 0).shape),
  toInteger: (inputs) => ({ shape: at(inputs, 0).shape, dtype: 'i32' }),
  cast: (inputs, { to }) => ({ shape: at(inputs, 0).shape, dtype: to }),

  reshape: (inputs, { shape }) => {
    const { shape: from, dtype } = at(inputs, 0)
    const canonical = (dims: Shape): string => String(product(dims)).split('*').sort().join('*')
    if (canonical(from) !== canonical(shape))
      throw misfit(`reshape to [${shape.join(', ')}]`, 'as many elements', inputs)
    return { shape, dtype }
  },
  transpose: (inputs, { order }) => {
    const { shape, dtype } = at(inputs, 0)
    return { shape: order.map((axis) => at(shape, axis)), dtype }
  },
  broadcast: (inputs, { shape }) => {
    const { shape: from, dtype } = at(inputs, 0)
    const lead = shape.length - from.length
    if (lead < 0 || from.some((dim, i) => dim !== 1 && dim !== shape[lead + i]))
      throw misfit(`broadcast to [${shape.join(', ')}]`, 'a shape that broadcasts to it', inputs)
    return { shape, dtype }
  },
  slice: (inputs, { axis, start, end }) => {
    const { shape, dtype } = at(inputs, 0)
    const size = at(shape, axis)
    if (start < 0 || end <= start || (typeof size === 'number' && end > size))
      throw misfit(`slice ${start}:${end} of axis ${axis}`, 'a range within the axis', inputs)
    return { shape: replace(shape, axis, end - start), dtype }
  },
  pad: (inputs, { axis, size }) => like('pad', replace(at(inputs, 0).shape, axis, size), inputs),
  concat: (inputs, { axis }) => {
    const sizes = inputs.map(({ shape }) => at(shape, axis))
    if (!sizes.every((n) => typeof n === 'number')) throw misfit('concat', 'axes of known size', inputs)
    const whole = sizes.reduce((a, b) => a + b, 0)
    return like('concat', replace(at(inputs, 0).shape, axis, whole), inputs)
  },

  sum: (inputs, { axes }) => {
    const shape = at(inputs, 0).shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
    return like('sum', shape, inputs)
  },
  softmax: unary('softmax'),
  logSoftmax: (inputs) => f32(at(inputs, 0).shape),
  layerNormOutput: layerNorm,
  layerNormMean: statistic,
  layerNormInverseDeviation: statistic,

  matmul: (inputs, { transposeA, transposeB }) => {
    const [a, b] = both(inputs)
    if (a.length < 2 || b.length < 2) throw misfit('matmul', 'two matrices', inputs)
    const [m, k] = [at(a, transposeA ? -1 : -2), at(a, transposeA ? -2 : -1)]
    const [k2, n] = [at(b, transposeB ? -1 : -2), at(b, transposeB ? -2 : -1)]
    if (k !== k2) throw misfit('matmul', 'inner dimensions that agree', inputs)
    const outer = broadcastShape('matmul', [f32(a.slice(0, -2)), f32(b.slice(0, -2))])
    return like('matmul', [...outer, m, n], inputs)
  },
  gather: (inputs) => {
    const [table, ids] = [at(inputs, 0), at(inputs, 1)]
    if (table.shape.length !== 2 || ids.dtype !== 'i32') throw misfit('gather', 'f32 [rows, width] and i32 ids', inputs)
    return f32([...ids.shape, at(table.shape, 1)])
  },
  scatterAdd: (_, { shape }) => f32(shape),

  linear: (inputs) => {
    const [x, weight, bias] = [at(inputs, 0), at(inputs, 1), inputs[2]]
    const [out, into] = [at(weight.shape, 0), at(weight.shape, 1)]
    if (weight.shape.length !== 2 || into !== at(x.shape, -1) || (bias !== undefined && !sameShape(bias.shape, [out])))
      throw misfit('linear', '[..., in], a weight [out, in] and perhaps a bias [out]', inputs)
    return like('linear', [...x.shape.slice(0, -1), out], inputs)
  },
  attention: (inputs) => {
    const [q, k, v, mask] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), at(inputs, 3)]
    const [batch, heads, length, width] = q.shape
    const [, groups] = k.shape
    const fits =
      q.shape.length === 4 &&
      [k, v].every(({ shape }) => sameShape(shape, [batch ?? 0, groups ?? 0, length ?? 0, width ?? 0])) &&
      sameShape(mask.shape, [batch ?? 0, length ?? 0]) &&
      Number(heads) % Number(groups) === 0
    if (!fits) throw misfit('attention', '[batch, heads, length, width] three times and a mask [batch, length]', inputs)
    return like('attention', q.shape, [q, k, v])
  },
  layerNorm,
  rmsNorm: (inputs) => {
    const [x, scale] = [at(inputs, 0), at(inputs, 1)]
    const width = at(x.shape, -1)
    if (typeof width !== 'number' || !sameShape(scale.shape, [width]))
      throw misfit('rmsNorm', 'a last axis of known size and a scale as wide', inputs)
    return like('rmsNorm', x.shape, inputs)
  },
  gelu: unary('gelu'),
  siluMul: binary('siluMul'),
  rope: (inputs) => {
    const x = at(inputs, 0)
    const width = at(x.shape, -1)
    if (x.shape.length < 2 || typeof width !== 'number' || width % 2 !== 0)
      throw misfit('rope', '[..., length, width] of an even width', inputs)
    return like('rope', x.shape, inputs)
  },
  gradient: (inputs, { input }) => {
    const { shape, dtype } = at(inputs, 1 + input)
    return { shape, dtype }
  },
}
