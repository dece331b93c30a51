// Rows of what puts the same elements elsewhere.
import { at } from '../graph/dims.ts'
import { sumTo } from '../graph/reduce.ts'
import { pad, reshape, slice, transpose } from '../graph/shape.ts'
import { misfit } from '../graph/value.ts'
import type { Rows } from './row.ts'

const MOVES_ONLY = { broadcasts: 'no', twice: 'cheap', reduced: 'moves' } as const

export const MOVES: Rows<'reshape' | 'transpose' | 'broadcast' | 'slice' | 'pad' | 'concat'> = {
  reshape: {
    ...MOVES_ONLY,
    gradient: ({ inputs }, cotangent) => [reshape(cotangent, at(inputs, 0).shape)],
    onnx: (emitter, names, { inputs, attributes: { shape } }) => {
      // 0 copies the size at the same place and -1 is inferred, so most reshapes need no size at run time.
      const from = at(inputs, 0).shape
      const target = shape.map((dim, i) => (typeof dim === 'number' ? dim : dim === from[i] ? 0 : -1))
      const constant = target.filter((n) => n === -1).length <= 1
      return emitter.op('Reshape', [at(names, 0), constant ? emitter.ints(target) : emitter.shape(shape)])[0]
    },
    tfjs: (tf, inputs, { value, sizes }) => tf.reshape(at(inputs, 0), sizes(value.shape)),
  },
  transpose: {
    ...MOVES_ONLY,
    gradient: ({ attributes: { order } }, cotangent) => {
      const back = order.map((_, i) => order.indexOf(i))
      return [transpose(cotangent, back)]
    },
    onnx: (emitter, names, { attributes: { order } }) => emitter.op('Transpose', names, { perm: order })[0],
    tfjs: (tf, inputs, { value }) => tf.transpose(at(inputs, 0), [...value.attributes.order]),
  },
  broadcast: {
    ...MOVES_ONLY,
    gradient: ({ inputs }, cotangent) => [sumTo(cotangent, at(inputs, 0).shape)],
    onnx: (emitter, names, { attributes: { shape } }) => emitter.op('Expand', [at(names, 0), emitter.shape(shape)])[0],
    tfjs: (tf, inputs, { value, sizes }) => tf.broadcastTo(at(inputs, 0), sizes(value.shape)),
  },
  slice: {
    ...MOVES_ONLY,
    gradient: ({ inputs, attributes: { axis, start } }, cotangent) => {
      const size = at(at(inputs, 0).shape, axis)
      return [pad(cotangent, { axis, before: start, size })]
    },
    onnx: (emitter, names, { attributes: { axis, start, end } }) =>
      emitter.op('Slice', [at(names, 0), emitter.ints([start]), emitter.ints([end]), emitter.ints([axis])])[0],
    tfjs: (tf, inputs, { value: { attributes } }) => {
      const { axis, start, end } = attributes
      const x = at(inputs, 0)
      const begin = x.shape.map((_, i) => (i === axis ? start : 0))
      const size = x.shape.map((n, i) => (i === axis ? end - start : n))
      return tf.slice(x, begin, size)
    },
  },
  pad: {
    ...MOVES_ONLY,
    gradient: ({ inputs, attributes: { axis, before } }, cotangent) => {
      const width = at(at(inputs, 0).shape, axis)
      if (typeof width !== 'number') throw misfit('pad', 'an axis of known size', inputs)
      return [slice(cotangent, axis, before, before + width)]
    },
    onnx: (emitter, names, { inputs, attributes: { axis, before, size } }) => {
      const width = at(at(inputs, 0).shape, axis)
      const after =
        typeof size === 'number' && typeof width === 'number'
          ? emitter.ints([size - before - width])
          : emitter.op('Sub', [emitter.shape([size]), emitter.ints([before + Number(width)])])[0]
      const [amounts] = emitter.op('Concat', [emitter.ints([before]), after], { axis: 0 })
      return emitter.op('Pad', [at(names, 0), amounts, '', emitter.ints([axis])])[0]
    },
    tfjs: (tf, inputs, { value: { shape, attributes }, sizes }) => {
      const { axis, before } = attributes
      const x = at(inputs, 0)
      const full = at(sizes(shape), axis)
      return tf.pad(
        x,
        x.shape.map((n, i): [number, number] => (i === axis ? [before, full - before - n] : [0, 0])),
      )
    },
  },
  concat: {
    ...MOVES_ONLY,
    gradient: ({ inputs, attributes: { axis } }, cotangent) => {
      let start = 0
      return inputs.map((x) => {
        const end = start + Number(at(x.shape, axis))
        const part = slice(cotangent, axis, start, end)
        start = end
        return part
      })
    },
    onnx: (emitter, names, { attributes: { axis } }) => emitter.op('Concat', names, { axis })[0],
    tfjs: (tf, inputs, { value }) => tf.concat([...inputs], value.attributes.axis),
  },
}
