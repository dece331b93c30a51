// What the transformer architectures share.
import { reshape, transpose } from '../graph/shape.ts'
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

/** [batch, length, heads × width] to [batch, heads, length, width]. */
export const splitHeads = (x: Value, heads: number, width: number): Value =>
  transpose(reshape(x, [...x.shape.slice(0, 2), heads, width]), [0, 2, 1, 3])

/** The inverse of `splitHeads`. */
export const joinHeads = (x: Value, heads: number, width: number): Value =>
  reshape(transpose(x, [0, 2, 1, 3]), [at(x.shape, 0), at(x.shape, 2), heads * width])
