// Rows of what comes from outside the graph.
import { at } from '../graph/dims.ts'
import type { Rows } from './row.ts'

const FREE = { broadcasts: 'no', twice: 'free' } as const

export const SOURCES: Rows<'input' | 'constant' | 'iota'> = {
  input: {
    ...FREE,
    reduced: 'never',
    gradient: 'none',
    onnx: (_emitter, _names, { attributes }) => attributes.name,
    tfjs: () => {
      throw new TypeError('an input is fed, not computed')
    },
  },
  constant: {
    ...FREE,
    reduced: 'weak',
    gradient: 'none',
    onnx: (emitter, _names, { attributes }) => emitter.floats(attributes.data, attributes.shape),
    tfjs: (tf, _inputs, { value: { attributes } }) => tf.tensor([...attributes.data], [...attributes.shape], 'float32'),
  },
  iota: {
    ...FREE,
    reduced: 'never',
    gradient: 'none',
    onnx: (emitter, _names, { attributes: { dim } }) => {
      const [end] = emitter.op('Squeeze', [emitter.shape([dim]), emitter.ints([0])])
      const [start, step] = [emitter.int(0), emitter.int(1)]
      const [range] = emitter.op('Range', [start, end, step])
      return emitter.cast(range, 'i32')
    },
    tfjs: (tf, _inputs, { value, sizes }) => tf.range(0, at(sizes(value.shape), 0), 1, 'int32'),
  },
}
