// What the transformer architectures share.
import { add, mul, sub } from '../graph/elementwise.ts'
import { matmul } from '../graph/linear.ts'
import { softmax } from '../graph/reduce.ts'
import { reshape, transpose } from '../graph/shape.ts'
import { scalar } from '../graph/sources.ts'
import { at } from '../graph/dims.ts'
import type { Value } from '../graph/value.ts'

/** A parameter by name. Throws on one that the network did not declare. */
export const lookup =
  <T>(parameters: ReadonlyMap<string, T>) =>
  (name: string): T => {
    const found = parameters.get(name)
    if (found === undefined) throw new TypeError(`no parameter ${name}`)
    return found
  }

/** x [..., in] times the transposed weight [out, in]: a linear layer as PyTorch stores it. */
export const linear = (x: Value, weight: Value, bias?: Value): Value => {
  const product = matmul(x, weight, false, true)
  return bias === undefined ? product : add(product, bias)
}

/** [batch, length, heads × width] to [batch, heads, length, width]. */
export const splitHeads = (x: Value, heads: number, width: number): Value =>
  transpose(reshape(x, [...x.shape.slice(0, 2), heads, width]), [0, 2, 1, 3])

/** The inverse of `splitHeads`. */
export const joinHeads = (x: Value, heads: number, width: number): Value =>
  reshape(transpose(x, [0, 2, 1, 3]), [at(x.shape, 0), at(x.shape, 2), heads * width])

/** 0 for tokens, −1e9 for padding: [batch, 1, 1, length] from a mask [batch, length] of 1 and 0. */
export const paddingBias = (mask: Value): Value =>
  reshape(mul(sub(scalar(1), mask), scalar(-1e9)), [at(mask.shape, 0), 1, 1, at(mask.shape, 1)])

/** Scaled dot-product attention over [..., length, width]; `bias` is added to the scores. */
export const attention = (q: Value, k: Value, v: Value, bias: Value): Value => {
  const width = Number(at(q.shape, -1))
  const scores = mul(matmul(q, k, false, true), scalar(1 / Math.sqrt(width)))
  return matmul(softmax(add(scores, bias)), v)
}
