// From one vector a token to one a text.
import { div, greater, maximum, mul, sub, toFloat } from '../graph/elementwise.ts'
import { matmul } from '../graph/linear.ts'
import { l2Normalise, sum } from '../graph/reduce.ts'
import { reshape, slice } from '../graph/shape.ts'
import { iota, scalar } from '../graph/sources.ts'
import { at } from '../graph/dims.ts'
import type { Value } from '../graph/value.ts'

export type Pooling = 'cls' | 'mean' | 'last_token'

/** Σ over length of shares [batch, length] times states [batch, length, width], as [batch, width]. */
const blend = (shares: Value, states: Value): Value => {
  const [batch, length] = [at(shares.shape, 0), at(shares.shape, 1)]
  return reshape(matmul(reshape(shares, [batch, 1, length]), states), [batch, at(states.shape, -1)])
}

/** L2-normalised text embeddings [batch, width] from token states [batch, length, width]; padding is on the right. */
export const pool = (states: Value, mask: Value, pooling: Pooling): Value => {
  if (pooling === 'cls') {
    const first = slice(states, 1, 0, 1)
    return l2Normalise(reshape(first, [at(states.shape, 0), at(states.shape, -1)]))
  }
  const count = sum(mask, -1)
  if (pooling === 'mean') return l2Normalise(blend(div(mask, maximum(count, scalar(1))), states))
  // The last token is the one whose position, counted from 1, exceeds the number of tokens before it.
  const position = toFloat(iota(at(mask.shape, 1)))
  const last = mul(mask, greater(position, sub(count, scalar(1.5))))
  return l2Normalise(blend(last, states))
}
