// Attention by the kernels of PyTorch's scaled_dot_product_attention, and their gradients.
import { at } from '../../graph/dims.ts'
import type { Composites } from '../../graph/operations.ts'
import type { CompositeLowering, Context } from './lowering.ts'
import type { Handle } from './tensors.ts'

type Attributes = Composites['attention']

/** Added to scores of what is not seen: the exponential of the sum is 0. */
const UNSEEN = -1e9
/** The kernels of a card read biases in blocks of this many numbers. */
const BLOCK = 16

export const attention: CompositeLowering<'attention'> = {
  extras: 3,
  forward: (inputs, attributes, context) => {
    const { q, k, v } = headsOf(inputs, context)
    return context.operators.attention({ q, k, v, ...howOf(inputs, attributes, context, at(context.reads, 3)) })
  },
  gradient: ({ cotangent, inputs, kept, attributes }, context) => {
    const { operators, tensors } = context
    const { q, k, v } = headsOf(inputs, context)
    const how = howOf(inputs, attributes, context, at(context.reads, 4))
    const [dq, dk, dv] = operators.attentionBackward({ cotangent, kept, q, k, v, ...how })
    const groups = tensors.size(at(inputs, 1), 1)
    return [dq, fewerHeads(dk, groups, context), fewerHeads(dv, groups, context)]
  },
}

/** Keys and values repeated for the heads that share them: not every kernel does that itself. */
const headsOf = (inputs: readonly Handle[], context: Context) => {
  const heads = context.tensors.size(at(inputs, 0), 1)
  return {
    q: at(inputs, 0),
    k: moreHeads(at(inputs, 1), heads, context),
    v: moreHeads(at(inputs, 2), heads, context),
  }
}

const moreHeads = (x: Handle, heads: number, { operators, tensors }: Context): Handle => {
  const [batch, groups, length, width] = sizesOf(x, tensors)
  if (groups === heads) return x
  const apart = operators.reshape(x, [batch, groups, 1, length, width])
  const spread = operators.expand(apart, [batch, groups, heads / groups, length, width])
  return operators.reshape(spread, [batch, heads, length, width])
}

/** The sum over the heads that share a key head. */
const fewerHeads = (x: Handle, groups: number, { operators, tensors }: Context): Handle => {
  const [batch, heads, length, width] = sizesOf(x, tensors)
  if (groups === heads) return x
  const apart = operators.reshape(x, [batch, groups, heads / groups, length, width])
  return operators.reshape(operators.sum(apart, [2]), [batch, groups, length, width])
}

const sizesOf = (x: Handle, { size }: Context['tensors']): readonly [number, number, number, number] => [
  size(x, 0),
  size(x, 1),
  size(x, 2),
  size(x, 3),
]

/**
 * Causal attention over texts padded on the right needs no mask: no token sees padding, and what padding sees is read by
 * nobody. Nor does any where there is no padding.
 */
const howOf = (
  inputs: readonly Handle[],
  { scale, causal, reach }: Attributes,
  context: Context,
  maskNumber: number,
) => {
  if (reach === 'all' && (causal || context.padding === 'none')) return { scale, causal, bias: undefined }
  const mask = at(inputs, 3)
  const bias = context.inRun(`bias ${maskNumber} ${causal} ${reach}`, () => biasOf(mask, { causal, reach }, context))
  return { scale, causal: false, bias }
}

/** [batch, 1, 1 or length, length] */
const biasOf = (mask: Handle, { causal, reach }: Pick<Attributes, 'causal' | 'reach'>, context: Context): Handle => {
  const { operators, tensors } = context
  const [batch, length] = [tensors.size(mask, 0), tensors.size(mask, 1)]
  const padding = operators.scale(operators.subtract(mask, ones(context)), -UNSEEN)
  const rows = operators.reshape(padding, [batch, 1, 1, length])
  const seen = causal || reach !== 'all' ? operators.add(rows, unseen(length, causal, reach, context)) : rows
  if (tensors.place.kind === 'cpu') return seen
  const wide = Math.ceil(length / BLOCK) * BLOCK
  return operators.slice(operators.pad(seen, 4, 3, 0, wide - length), 3, 0, length)
}

const ones = ({ forGood, tensors, operators }: Context): Handle =>
  forGood('one', () => {
    const one = tensors.empty([], 'f32')
    operators.fill(one, 1)
    return one
  })

/** [length, length]: where a key comes after the query, or further away than `reach`. */
const unseen = (length: number, causal: boolean, reach: Attributes['reach'], { tensors }: Context): Handle => {
  const far = reach === 'all' ? Infinity : reach
  const data = Float32Array.from({ length: length * length }, (_, i) => {
    const distance = (i % length) - Math.floor(i / length)
    return (causal && distance > 0) || Math.abs(distance) > far ? UNSEEN : 0
  })
  const made = tensors.empty([length, length], 'f32')
  tensors.copy(made, tensors.over(data, [length, length]))
  return made
}
