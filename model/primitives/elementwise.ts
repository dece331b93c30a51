// Rows of what is done element by element.
import type * as Tfjs from '@tensorflow/tfjs-core'
import { at } from '../graph/dims.ts'
import { cast, cos, div, exp, greater, mul, neg, sin, sub } from '../graph/elementwise.ts'
import { sumTo } from '../graph/reduce.ts'
import { scalar } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import type { Row, Rows, Traits } from './row.ts'

type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'maximum'
type UnaryName = 'neg' | 'exp' | 'sqrt' | 'erf' | 'sigmoid' | 'sin' | 'cos'

interface Binary extends Pick<Traits, 'reduced'> {
  readonly onnx: string
  readonly tfjs: (tf: typeof Tfjs, a: Tfjs.Tensor, b: Tfjs.Tensor) => Tfjs.Tensor
  /** Cotangents before they are summed over the axes that were broadcast. */
  readonly gradient: (g: Value, inputs: readonly [Value, Value], output: Value) => readonly [Value, Value]
}
const binary = ({ onnx, tfjs, gradient, reduced }: Binary): Row<BinaryName> => ({
  broadcasts: 'yes',
  twice: 'cheap',
  reduced,
  gradient: (output, cotangent) => {
    const [a, b] = [at(output.inputs, 0), at(output.inputs, 1)]
    const [da, db] = gradient(cotangent, [a, b], output)
    return [sumTo(da, a.shape), sumTo(db, b.shape)]
  },
  onnx: (emitter, names) => emitter.op(onnx, names)[0],
  tfjs: (tf, inputs) => tfjs(tf, at(inputs, 0), at(inputs, 1)),
})

interface Unary extends Pick<Traits, 'reduced'> {
  readonly onnx: string
  readonly tfjs: (tf: typeof Tfjs, x: Tfjs.Tensor) => Tfjs.Tensor
  readonly gradient: (g: Value, x: Value, output: Value) => Value
}
const unary = ({ onnx, tfjs, gradient, reduced }: Unary): Row<UnaryName> => ({
  ...CHEAP,
  reduced,
  gradient: (output, cotangent) => [gradient(cotangent, at(output.inputs, 0), output)],
  onnx: (emitter, names) => emitter.op(onnx, names)[0],
  tfjs: (tf, inputs) => tfjs(tf, at(inputs, 0)),
})
const CHEAP = { broadcasts: 'no', twice: 'cheap' } as const

const BINARY: Rows<BinaryName> = {
  add: binary({ onnx: 'Add', tfjs: (tf, a, b) => tf.add(a, b), reduced: 'safe', gradient: (g) => [g, g] }),
  sub: binary({ onnx: 'Sub', tfjs: (tf, a, b) => tf.sub(a, b), reduced: 'safe', gradient: (g) => [g, neg(g)] }),
  mul: binary({
    onnx: 'Mul',
    tfjs: (tf, a, b) => tf.mul(a, b),
    reduced: 'safe',
    gradient: (g, [a, b]) => [mul(g, b), mul(g, a)],
  }),
  div: binary({
    onnx: 'Div',
    tfjs: (tf, a, b) => tf.div(a, b),
    reduced: 'never',
    gradient: (g, [, b], output) => [div(g, b), neg(div(mul(g, output), b))],
  }),
  maximum: binary({
    onnx: 'Max',
    tfjs: (tf, a, b) => tf.maximum(a, b),
    reduced: 'safe',
    gradient: (g, [a, b]) => {
      const first = greater(a, b)
      return [mul(g, first), mul(g, sub(scalar(1), first))]
    },
  }),
}

const UNARY: Rows<UnaryName> = {
  neg: unary({ onnx: 'Neg', tfjs: (tf, x) => tf.neg(x), reduced: 'safe', gradient: (g) => neg(g) }),
  exp: unary({ onnx: 'Exp', tfjs: (tf, x) => tf.exp(x), reduced: 'never', gradient: (g, _x, y) => mul(g, y) }),
  sqrt: unary({
    onnx: 'Sqrt',
    tfjs: (tf, x) => tf.sqrt(x),
    reduced: 'never',
    gradient: (g, _x, y) => div(mul(g, scalar(0.5)), y),
  }),
  erf: unary({
    onnx: 'Erf',
    tfjs: (tf, x) => tf.erf(x),
    reduced: 'safe',
    gradient: (g, x) => mul(g, mul(scalar(2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x))))),
  }),
  sigmoid: unary({
    onnx: 'Sigmoid',
    tfjs: (tf, x) => tf.sigmoid(x),
    reduced: 'safe',
    gradient: (g, _x, y) => mul(g, mul(y, sub(scalar(1), y))),
  }),
  sin: unary({ onnx: 'Sin', tfjs: (tf, x) => tf.sin(x), reduced: 'never', gradient: (g, x) => mul(g, cos(x)) }),
  cos: unary({ onnx: 'Cos', tfjs: (tf, x) => tf.cos(x), reduced: 'never', gradient: (g, x) => neg(mul(g, sin(x))) }),
}

const OTHERS: Rows<'greater' | 'toFloat' | 'toInteger' | 'cast'> = {
  greater: {
    ...CHEAP,
    reduced: 'never',
    gradient: 'none',
    onnx: (emitter, names) => emitter.cast(emitter.op('Greater', names)[0], 'f32'),
    tfjs: (tf, inputs) => tf.cast(tf.greater(at(inputs, 0), at(inputs, 1)), 'float32'),
  },
  toFloat: {
    ...CHEAP,
    reduced: 'never',
    gradient: 'none',
    onnx: (emitter, names) => emitter.cast(at(names, 0), 'f32'),
    tfjs: (tf, inputs) => tf.cast(at(inputs, 0), 'float32'),
  },
  toInteger: {
    ...CHEAP,
    reduced: 'never',
    gradient: 'none',
    onnx: (emitter, names) => emitter.cast(at(names, 0), 'i32'),
    tfjs: (tf, inputs) => tf.cast(at(inputs, 0), 'int32'),
  },
  cast: {
    ...CHEAP,
    reduced: 'never',
    gradient: ({ inputs }, cotangent) => {
      const { dtype } = at(inputs, 0)
      return [dtype === 'i32' ? 'none' : cast(cotangent, dtype)]
    },
    onnx: (emitter, names, { attributes: { to } }) => emitter.cast(at(names, 0), to),
    // It knows no halves: its executor rounds every reduced value.
    tfjs: (_tf, inputs) => at(inputs, 0).clone(),
  },
}

export const ELEMENTWISE = { ...BINARY, ...UNARY, ...OTHERS }
