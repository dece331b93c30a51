// Rotary positions in primitives.
import { at } from '../graph/dims.ts'
import { add, mul, neg, sub, toFloat, toInteger } from '../graph/elementwise.ts'
import { gather } from '../graph/linear.ts'
import type { Composites } from '../graph/operations.ts'
import { concat, slice } from '../graph/shape.ts'
import { constant, iota, scalar } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import type { CompositeRow, Shared } from './row.ts'

export const ROPE: CompositeRow<'rope'> = {
  broadcasts: 'no',
  twice: 'cheap',
  reduced: 'never',
  constants: [],
  gradientReads: 'inputs',
  expand: (inputs, attributes, shared) => {
    const x = at(inputs, 0)
    const axis = x.shape.length - 1
    const width = Number(at(x.shape, axis))
    const { cosines, sines } = tables(x, attributes, shared)
    const turned = concat(axis, neg(slice(x, axis, width / 2, width)), slice(x, axis, 0, width / 2))
    const twice = (half: Value): Value => concat(1, half, half)
    return add(mul(x, twice(cosines)), mul(turned, twice(sines)))
  },
}

/** Positions a block of the tables spans. */
const BLOCK = 64

/**
 * Cosines and sines of the angles of each position, [length, width / 2]. GPUs' own sines are good to 2^-11 only: so the
 * host tabulates them for block starts and for offsets in a block, and the angle of a position is the sum of its two.
 */
const tables = (x: Value, { theta, positions }: Composites['rope'], shared: Shared) => {
  const [length, width] = [at(x.shape, -2), Number(at(x.shape, -1))]
  const once = (name: string, make: () => Value): Value =>
    shared(`rope ${name} ${length} ${width} ${theta} ${positions}`, [], make)
  const half = width / 2
  const frequencies = Array.from({ length: half }, (_, i) => theta ** (-i / half))
  const table = (f: (angle: number) => number, rows: readonly number[]): Value =>
    constant(
      rows.flatMap((row) => frequencies.map((frequency) => f(row * frequency))),
      [rows.length, half],
    )
  const starts = Array.from({ length: Math.ceil(positions / BLOCK) }, (_, i) => i * BLOCK)
  const offsets = Array.from({ length: BLOCK }, (_, i) => i)
  const position = once('position', () => toFloat(iota(length)))
  const block = once('block', () => toInteger(mul(add(position, scalar(0.5)), scalar(1 / BLOCK))))
  const offset = once('offset', () => toInteger(sub(add(position, scalar(0.5)), mul(toFloat(block), scalar(BLOCK)))))
  const blockCos = once('cosines of blocks', () => gather(table(Math.cos, starts), block))
  const blockSin = once('sines of blocks', () => gather(table(Math.sin, starts), block))
  const offsetCos = once('cosines of offsets', () => gather(table(Math.cos, offsets), offset))
  const offsetSin = once('sines of offsets', () => gather(table(Math.sin, offsets), offset))
  return {
    cosines: once('cosines', () => sub(mul(blockCos, offsetCos), mul(blockSin, offsetSin))),
    sines: once('sines', () => add(mul(blockSin, offsetCos), mul(blockCos, offsetSin))),
  }
}
