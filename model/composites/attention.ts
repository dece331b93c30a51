// Attention in primitives.
import { at, type Dim } from '../graph/dims.ts'
import { add, greater, maximum, mul, neg, sub, toFloat } from '../graph/elementwise.ts'
import { matmul } from '../graph/linear.ts'
import type { Composites } from '../graph/operations.ts'
import { softmax } from '../graph/reduce.ts'
import { broadcast, reshape } from '../graph/shape.ts'
import { iota, scalar } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import type { CompositeRow } from './row.ts'

/** Added to the scores of what is not seen: the exponential of the sum is 0. */
const UNSEEN = scalar(-1e9)

export const ATTENTION: CompositeRow<'attention'> = {
  broadcasts: 'no',
  twice: 'dear',
  reduced: 'product',
  constants: [3],
  gradientReads: 'inputs and value',
  expand: (inputs, { scale, causal, reach }, shared) => {
    const [q, k, v, mask] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), at(inputs, 3)]
    const bias = shared(`attention ${causal} ${reach}`, [mask], () => biasOf(mask, { causal, reach }))
    const times = Number(at(q.shape, 1)) / Number(at(k.shape, 1))
    const scores = mul(matmul(q, repeatHeads(k, times), false, true), scalar(scale))
    return matmul(softmax(add(scores, bias)), repeatHeads(v, times))
  },
}

/** What is added to scores [batch, heads, length, length]. */
const biasOf = (mask: Value, { causal, reach }: Pick<Composites['attention'], 'causal' | 'reach'>): Value => {
  const length = at(mask.shape, 1)
  const all = [
    paddingBias(mask),
    ...(causal ? [causalBias(length)] : []),
    ...(reach === 'all' ? [] : [farBias(length, reach)]),
  ]
  return all.reduce((a, b) => add(a, b))
}

/** [batch, 1, 1, length] from a mask [batch, length] of 1 and 0. */
const paddingBias = (mask: Value): Value =>
  reshape(mul(sub(scalar(1), mask), UNSEEN), [at(mask.shape, 0), 1, 1, at(mask.shape, 1)])

/** [length, length]: where a key comes after the query. */
const causalBias = (length: Dim): Value => {
  const position = toFloat(iota(length))
  return mul(greater(reshape(position, [1, length]), reshape(position, [length, 1])), UNSEEN)
}

/** [length, length]: where a key lies more than `reach` positions away. */
const farBias = (length: Dim, reach: number): Value => {
  const position = toFloat(iota(length))
  const distance = sub(reshape(position, [1, length]), reshape(position, [length, 1]))
  return mul(greater(maximum(distance, neg(distance)), scalar(reach + 0.5)), UNSEEN)
}

/** Each head [batch, heads, length, width] `times` in a row. */
const repeatHeads = (x: Value, times: number): Value => {
  if (times === 1) return x
  const [batch, heads, length, width] = [at(x.shape, 0), at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)]
  const spread = broadcast(reshape(x, [batch, heads, 1, length, width]), [batch, heads, times, length, width])
  return reshape(spread, [batch, Number(heads) * times, length, width])
}
