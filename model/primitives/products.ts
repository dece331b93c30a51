// Rows of matrix products and rows of tables.
import type * as Tfjs from '@tensorflow/tfjs-core'
import { at, type Shape } from '../graph/dims.ts'
import { gather, matmul, scatterAdd } from '../graph/linear.ts'
import { sumTo } from '../graph/reduce.ts'
import { flattenRows } from '../graph/shape.ts'
import { misfit } from '../graph/value.ts'
import type { Rows } from './row.ts'

export const PRODUCTS: Rows<'matmul' | 'gather' | 'scatterAdd'> = {
  matmul: {
    broadcasts: 'no',
    twice: 'product',
    reduced: 'product',
    gradient: ({ inputs, attributes: { transposeA: ta, transposeB: tb } }, g) => {
      const [a, b] = [at(inputs, 0), at(inputs, 1)]
      const da = ta ? matmul(b, g, tb, true) : matmul(g, b, false, !tb)
      // A weight shared by a batch: one product over all its rows instead of one a batch entry, then a sum.
      if (b.shape.length === 2 && a.shape.length > 2 && !ta) {
        const [rows, gs] = [flattenRows(a), flattenRows(g)]
        return [sumTo(da, a.shape), tb ? matmul(gs, rows, true, false) : matmul(rows, gs, true, false)]
      }
      const db = tb ? matmul(g, a, true, ta) : matmul(a, g, !ta, false)
      return [sumTo(da, a.shape), sumTo(db, b.shape)]
    },
    onnx: (emitter, names, { inputs, attributes: { transposeA, transposeB } }) => {
      const [a, b] = [at(names, 0), at(names, 1)]
      if (inputs.every((x) => x.shape.length === 2) && (transposeA || transposeB))
        return emitter.op('Gemm', [a, b], { transA: Number(transposeA), transB: Number(transposeB) })[0]
      const swap = (name: string, shape: Shape): string => {
        const order = [...shape.keys()]
        return emitter.op('Transpose', [name], { perm: [...order.slice(0, -2), at(order, -1), at(order, -2)] })[0]
      }
      const [x, y] = [at(inputs, 0).shape, at(inputs, 1).shape]
      return emitter.op('MatMul', [transposeA ? swap(a, x) : a, transposeB ? swap(b, y) : b])[0]
    },
    tfjs: (tf, inputs, { value: { shape, attributes }, sizes }) => {
      const lead = sizes(shape).slice(0, -2)
      // Its own broadcasting of leading axes is wrong where an axis of size 1 is not the first.
      const spread = (x: Tfjs.Tensor): Tfjs.Tensor => tf.broadcastTo(x, [...lead, ...x.shape.slice(-2)])
      const { transposeA, transposeB } = attributes
      return tf.matMul(spread(at(inputs, 0)), spread(at(inputs, 1)), transposeA, transposeB)
    },
  },
  gather: {
    broadcasts: 'no',
    twice: 'dear',
    reduced: 'never',
    gradient: ({ inputs }, cotangent) => [scatterAdd(cotangent, at(inputs, 1), at(inputs, 0).shape), 'none'],
    onnx: (emitter, names) => emitter.op('Gather', names, { axis: 0 })[0],
    tfjs: (tf, inputs) => tf.gather(at(inputs, 0), tf.cast(at(inputs, 1), 'int32')),
  },
  scatterAdd: {
    broadcasts: 'no',
    twice: 'dear',
    reduced: 'never',
    gradient: ({ inputs }, cotangent) => [gather(cotangent, at(inputs, 1)), 'none'],
    // Not ScatterND: on the CPU ONNX Runtime 1.30 runs it in parallel and loses updates of rows that occur twice.
    onnx: (emitter, names, { inputs, attributes: { shape } }) => {
      const [zeros] = emitter.op('Expand', [emitter.floats([0], [1, 1]), emitter.shape(shape)])
      const [rows] = emitter.op('Reshape', [at(names, 0), emitter.ints([-1, Number(at(shape, 1))])])
      const [column] = emitter.op('Reshape', [at(names, 1), emitter.ints([-1, 1])])
      const [indices] = emitter.op('Expand', [column, emitter.ints([1, Number(at(at(inputs, 0).shape, -1))])])
      return emitter.op('ScatterElements', [zeros, indices, rows], { axis: 0, reduction: 'add' })[0]
    },
    tfjs: (tf, inputs, { value, sizes }) => {
      const [rows, width] = sizes(value.shape)
      if (rows === undefined || width === undefined) throw misfit('scatterAdd', 'a table', [value])
      const ids = tf.cast(tf.reshape(at(inputs, 1), [-1]), 'int32')
      return tf.unsortedSegmentSum(tf.reshape(at(inputs, 0), [-1, width]), tf.reshape(ids, [ids.size]), rows)
    },
  },
}
