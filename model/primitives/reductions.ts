// Rows of what is done along axes: sums, softmax, layer normalisation.
import { at } from '../graph/dims.ts'
import { exp, mul, sub } from '../graph/elementwise.ts'
import { make } from '../graph/make.ts'
import { sum, sumTo } from '../graph/reduce.ts'
import { broadcast } from '../graph/shape.ts'
import { scalar } from '../graph/sources.ts'
import { misfit, type Node, type Value } from '../graph/value.ts'
import type { OnnxEmitter, Rows } from './row.ts'

const PRECISE = { broadcasts: 'no', twice: 'cheap', reduced: 'never' } as const

type LayerNormPart = 'layerNormOutput' | 'layerNormMean' | 'layerNormInverseDeviation'

// One ONNX node gives the normalised value and both statistics; whichever is asked for first makes it.
const layerNormOnnx =
  (k: 0 | 1 | 2) =>
  (emitter: OnnxEmitter, names: readonly string[], { attributes: { epsilon }, phase }: Node<LayerNormPart>): string => {
    const outputs = emitter.shared(`LayerNormalization ${names.join(' ')} ${epsilon} ${phase}`, () =>
      emitter.op('LayerNormalization', names, { axis: -1, epsilon }, 3),
    )
    return at(outputs, k)
  }

// They stand in layerNorm's gradient only: to differentiate that again without them would be silently wrong.
const noSecondDerivative = (): never => {
  throw new TypeError("layerNorm's gradient cannot be differentiated again")
}

export const REDUCTIONS: Rows<'sum' | 'softmax' | 'logSoftmax' | LayerNormPart> = {
  sum: {
    ...PRECISE,
    gradient: ({ inputs }, cotangent) => [broadcast(cotangent, at(inputs, 0).shape)],
    onnx: (emitter, names, { attributes: { axes } }) =>
      emitter.op('ReduceSum', [at(names, 0), emitter.ints(axes)], { keepdims: 1 })[0],
    tfjs: (tf, inputs, { value }) => tf.sum(at(inputs, 0), [...value.attributes.axes], true),
  },
  softmax: {
    ...PRECISE,
    gradient: (output, cotangent) => {
      const weighted = mul(cotangent, output)
      return [sub(weighted, mul(output, sum(weighted, -1)))]
    },
    onnx: (emitter, names) => emitter.op('Softmax', names, { axis: -1 })[0],
    tfjs: (tf, inputs) => tf.softmax(at(inputs, 0)),
  },
  logSoftmax: {
    ...PRECISE,
    gradient: (output, cotangent) => [sub(cotangent, mul(exp(output), sum(cotangent, -1)))],
    onnx: (emitter, names) => emitter.op('LogSoftmax', names, { axis: -1 })[0],
    tfjs: (tf, inputs) => tf.logSoftmax(at(inputs, 0)),
  },
  layerNormOutput: {
    ...PRECISE,
    gradient: ({ inputs, attributes }, cotangent) => {
      const [x, scale, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)]
      const inverse = make('layerNormInverseDeviation', attributes, x, scale, bias)
      const unit = mul(sub(x, make('layerNormMean', attributes, x, scale, bias)), inverse)
      const g = mul(cotangent, scale)
      const width = at(x.shape, -1)
      if (typeof width !== 'number') throw misfit('layerNorm', 'a last axis of known size', inputs)
      const mean = (v: Value): Value => mul(sum(v, -1), scalar(1 / width))
      const dx = mul(inverse, sub(sub(g, mean(g)), mul(unit, mean(mul(g, unit)))))
      return [dx, sumTo(mul(cotangent, unit), scale.shape), sumTo(cotangent, bias.shape)]
    },
    onnx: layerNormOnnx(0),
    tfjs: (tf, inputs, { value }) => {
      const { mean, variance } = tf.moments(at(inputs, 0), -1, true)
      const unit = tf.mul(tf.sub(at(inputs, 0), mean), tf.rsqrt(tf.add(variance, value.attributes.epsilon)))
      return tf.add(tf.mul(unit, at(inputs, 1)), at(inputs, 2))
    },
  },
  layerNormMean: {
    ...PRECISE,
    gradient: noSecondDerivative,
    onnx: layerNormOnnx(1),
    tfjs: (tf, inputs) => tf.mean(at(inputs, 0), -1, true),
  },
  layerNormInverseDeviation: {
    ...PRECISE,
    gradient: noSecondDerivative,
    onnx: layerNormOnnx(2),
    tfjs: (tf, inputs, { value }) => {
      const { variance } = tf.moments(at(inputs, 0), -1, true)
      return tf.rsqrt(tf.add(variance, value.attributes.epsilon))
    },
  },
}
