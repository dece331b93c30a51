// The operators of PyTorch that graphs and training need, as functions of handles.
import { attentionOn } from './attention-kernels.ts'
import { bool, dispatcherOf, float, int, ints, maybe, tensor, tensors as list, text } from './dispatch.ts'
import { shimsOn } from './shims.ts'
import type { Handle, Tensors, TorchType } from './tensors.ts'

export type Operators = ReturnType<typeof operatorsOn>

const first = ([handle]: readonly Handle[]): Handle => {
  if (handle === undefined) throw new TypeError('an operator gave nothing')
  return handle
}

export const operatorsOn = (tensors: Tensors) => {
  const { types } = tensors
  const { operator } = dispatcherOf(tensors)
  const unary = (name: string): ((x: Handle) => Handle) => {
    const call = operator(name, '', [tensor])
    return (x) => first(call(x))
  }
  const binary = (name: string, overload = ''): ((a: Handle, b: Handle) => Handle) => {
    const call = operator(name, overload, [tensor, tensor])
    return (a, b) => first(call(a, b))
  }
  const convert = operator('to', 'dtype', [tensor, int, bool, bool, maybe(int)])
  const to = (x: Handle, type: TorchType): Handle => first(convert(x, types[type], false, false, undefined))
  const greater = binary('gt', 'Tensor')
  const expand = operator('expand', '', [tensor, ints, bool])
  const swap = operator('transpose', 'int', [tensor, int, int])
  const sum = operator('sum', 'dim_IntList', [tensor, maybe(ints), bool, maybe(int)])
  const softmax = operator('_softmax', '', [tensor, int, bool])
  const logSoftmax = operator('_log_softmax', '', [tensor, int, bool])
  const embedding = operator('embedding', '', [tensor, tensor, int, bool, bool])
  const embeddingBackward = operator('embedding_dense_backward', '', [tensor, tensor, int, int, bool])
  const norm = operator('frobenius_norm', 'dim', [tensor, ints, bool])
  const indexSelect = operator('index_select', '', [tensor, int, tensor])
  const scatterAdd = operator('scatter_add_', '', [tensor, int, tensor, tensor])
  const shims = shimsOn(tensors)
  const linear = operator('linear', '', [tensor, tensor, maybe(tensor)])
  const gelu = operator('gelu', '', [tensor, text])
  const geluBackward = operator('gelu_backward', '', [tensor, tensor, text])
  return {
    ...shims,
    to,
    /** In place, whatever the two types: no operator does that in one without a Scalar. */
    addTo: (sum: Handle, x: Handle): void => tensors.copy(sum, shims.add(sum, x)),
    /** 1 where a > b, else 0, in float32. */
    greater: (a: Handle, b: Handle): Handle => to(greater(a, b), 'f32'),
    divide: binary('div', 'Tensor'),
    maximum: binary('maximum'),
    matmul: binary('matmul'),
    neg: unary('neg'),
    exp: unary('exp'),
    sqrt: unary('sqrt'),
    erf: unary('erf'),
    sigmoid: unary('sigmoid'),
    sin: unary('sin'),
    cos: unary('cos'),
    trunc: unary('trunc'),
    /** A view with axes of size 1 spread, and axes added in front. */
    expand: (x: Handle, sizes: readonly number[]): Handle => first(expand(x, sizes, false)),
    /** A view with two axes swapped. */
    swap: (x: Handle, a: number, b: number): Handle => first(swap(x, a, b)),
    /** Over axes, which stay with size 1. */
    sum: (x: Handle, axes: readonly number[]): Handle => first(sum(x, axes, true, undefined)),
    softmax: (x: Handle): Handle => first(softmax(x, -1, false)),
    logSoftmax: (x: Handle): Handle => first(logSoftmax(x, -1, false)),
    /** Rows of a table by ids, which may have any shape. */
    embedding: (table: Handle, ids: Handle): Handle => first(embedding(table, ids, -1, false, false)),
    /** Its gradient: a table of so many rows, in an order that does not change from run to run. */
    embeddingBackward: (g: Handle, ids: Handle, rows: number): Handle =>
      first(embeddingBackward(g, ids, rows, -1, false)),
    /** Normalised values, means and inverse deviations over the last axis. */
    layerNorm: operator('native_layer_norm', '', [tensor, ints, maybe(tensor), maybe(tensor), float], 3),
    /** Gradients of values, scale and bias; 1 for each that is wanted. */
    layerNormBackward: operator(
      'native_layer_norm_backward',
      '',
      [tensor, tensor, ints, tensor, tensor, maybe(tensor), maybe(tensor), ints],
      3,
    ),
    /** Normalised values and inverse deviations. */
    rmsNorm: operator('_fused_rms_norm', '', [tensor, ints, maybe(tensor), maybe(float)], 2),
    rmsNormBackward: operator('_fused_rms_norm_backward', '', [tensor, tensor, ints, tensor, maybe(tensor), ints], 2),
    /** x · weightᵀ + bias */
    linear: (x: Handle, weight: Handle, bias: Handle | undefined): Handle => first(linear(x, weight, bias)),
    gelu: (x: Handle, form: 'none' | 'tanh'): Handle => first(gelu(x, form)),
    geluBackward: (g: Handle, x: Handle, form: 'none' | 'tanh'): Handle => first(geluBackward(g, x, form)),
    silu: unary('silu'),
    siluBackward: binary('silu_backward'),
    ...attentionOn(tensors, {
      expand: (x, sizes) => first(expand(x, sizes, false)),
      like: (x, other) => first(convert(x, tensors.type(other), false, false, undefined)),
    }),
    /** Euclidean lengths along axes. */
    norm: (x: Handle, axes: readonly number[]): Handle => first(norm(x, axes, false)),
    indexSelect: (x: Handle, axis: number, ids: Handle): Handle => first(indexSelect(x, axis, ids)),
    /** In place: to[ids[i, j], j] += from[i, j]. */
    scatterAdd: (to: Handle, ids: Handle, from: Handle): Handle => first(scatterAdd(to, 0, ids, from)),
    /** Parameters, gradients, two moments, largest moments (none), steps; then the settings; a divisor of gradients. */
    fusedAdamW: operator(
      '_fused_adamw_',
      '',
      [list, list, list, list, list, list, float, float, float, float, float, bool, bool, maybe(tensor), maybe(tensor)],
      0,
    ),
  }
}
