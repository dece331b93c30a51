// Rotary positions: two tables, as long as the longest text so far.
import { at } from '../../graph/dims.ts'
import type { Composites } from '../../graph/operations.ts'
import type { CompositeLowering, Context } from './lowering.ts'
import type { Handle, Tensors } from './tensors.ts'

/** cos or sin of position · theta^(−2i/width), for both halves of a vector: [length, width]. */
const tableOf = (
  { forGood, tensors, operators }: Context,
  name: 'cos' | 'sin',
  { theta }: Composites['rope'],
  [length, width]: readonly [number, number],
): Handle => {
  // Few lengths, so that few tables are made.
  const rows = 2 ** Math.ceil(Math.log2(Math.max(64, length)))
  const whole = forGood(`rope ${name} ${theta} ${rows} ${width}`, () => {
    const half = width / 2
    const data = Float32Array.from({ length: rows * width }, (_, i) =>
      Math[name](Math.floor(i / width) * theta ** (-(i % half) / half)),
    )
    return fromHost(tensors, data, [rows, width])
  })
  return operators.slice(whole, 0, 0, length)
}

const fromHost = (tensors: Tensors, data: Float32Array, dims: readonly number[]): Handle => {
  const made = tensors.empty(dims, 'f32')
  tensors.copy(made, tensors.over(data, dims))
  return made
}

/** x · cos + (−second half, first half) · sin; turned back by a sine of the other sign. */
const turned = (x: Handle, attributes: Composites['rope'], context: Context, sign: 1 | -1): Handle => {
  const { operators, tensors } = context
  const [length, width] = [tensors.size(x, -2), tensors.size(x, -1)]
  const axis = tensors.rank(x) - 1
  const cosines = tableOf(context, 'cos', attributes, [length, width])
  const sines = tableOf(context, 'sin', attributes, [length, width])
  const [first, second] = [operators.slice(x, axis, 0, width / 2), operators.slice(x, axis, width / 2, width)]
  const crossed =
    sign === 1
      ? operators.concat([operators.neg(second), first], axis)
      : operators.concat([second, operators.neg(first)], axis)
  return operators.add(operators.multiply(x, cosines), operators.multiply(crossed, sines))
}

export const rope: CompositeLowering<'rope'> = {
  extras: 0,
  forward: (inputs, attributes, context) => [turned(at(inputs, 0), attributes, context, 1)],
  gradient: [({ cotangent, attributes }, context) => turned(cotangent, attributes, context, -1)],
}
