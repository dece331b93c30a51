// A third executor, for tests only: every primitive in plain float64 arithmetic, index by index.
import { topological } from '../../model/graph/order.ts'
import { at, factors, type Dim } from '../../model/graph/dims.ts'
import type { PrimitiveName } from '../../model/graph/operations.ts'
import { inputsOf } from '../../model/graph/sources.ts'
import type { Node, Value } from '../../model/graph/value.ts'
import { expand, NO_COMPOSITES, onlyPrimitives } from '../../model/passes/expand.ts'

export interface Plain {
  readonly dims: readonly number[]
  readonly data: readonly number[]
}

const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1)
const build = (dims: readonly number[], make: (index: readonly number[]) => number): Plain => {
  const data = Array.from({ length: size(dims) }, (_, flat) => {
    const index: number[] = []
    for (let axis = dims.length - 1, rest = flat; axis >= 0; rest = Math.floor(rest / at(dims, axis)), axis--)
      index.unshift(rest % at(dims, axis))
    return make(index)
  })
  return { dims, data }
}
/** The element at an index, broadcasting axes of size 1 and missing leading axes. */
const read = ({ dims, data }: Plain, index: readonly number[]): number => {
  let flat = 0
  const lead = index.length - dims.length
  for (const [axis, n] of dims.entries()) flat = flat * n + (n === 1 ? 0 : at(index, lead + axis))
  return at(data, flat)
}
/** Combines the elements along the axes given, one by one in order. */
const fold = (x: Plain, axes: readonly number[], start: number, f: (sum: number, value: number) => number): Plain => {
  const dims = x.dims.map((n, i) => (axes.includes(i) ? 1 : n))
  const out = new Array<number>(size(dims)).fill(start)
  const result: Plain = { dims, data: out }
  build(x.dims, (index) => {
    let flat = 0
    for (const [axis, n] of dims.entries()) flat = flat * n + (n === 1 ? 0 : at(index, axis))
    out[flat] = f(at(out, flat), read(x, index))
    return 0
  })
  return result
}

/** Abramowitz and Stegun 7.1.5, summed until nothing changes; beyond 5 the rest is below 1e-11. */
const erf = (x: number): number => {
  if (Math.abs(x) > 5) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

type Sizes = (dims: readonly Dim[]) => number[]
type Compute<P extends PrimitiveName> = (x: readonly Plain[], dims: readonly number[], value: Node<P>) => Plain

const one =
  (f: (x: number) => number): Compute<PrimitiveName> =>
  (x, dims) =>
    build(dims, (i) => f(read(at(x, 0), i)))
const two =
  (f: (a: number, b: number) => number): Compute<PrimitiveName> =>
  (x, dims) =>
    build(dims, (i) => f(read(at(x, 0), i), read(at(x, 1), i)))

/** Largest of the last axis, the rest below it, and the sum of its exponentials. */
const shiftedBy = (x: Plain) => {
  const last = [x.dims.length - 1]
  const top = fold(x, last, -Infinity, Math.max)
  const shifted = build(x.dims, (i) => read(x, i) - read(top, i))
  const sums = fold({ dims: x.dims, data: shifted.data.map(Math.exp) }, last, 0, (s, v) => s + v)
  return { shifted, sums }
}
const statistics = (x: Plain, epsilon: number) => {
  const last = x.dims.length - 1
  const width = at(x.dims, last)
  const mean = fold(x, [last], 0, (s, v) => s + v / width)
  const centred = build(x.dims, (i) => read(x, i) - read(mean, i))
  const variance = fold(centred, [last], 0, (s, v) => s + (v * v) / width)
  const inverse = build(variance.dims, (i) => 1 / Math.sqrt(read(variance, i) + epsilon))
  return { mean, centred, inverse }
}

const PLAIN: { readonly [P in PrimitiveName]: Compute<P> } = {
  input: () => {
    throw new Error('an input is fed')
  },
  constant: (_x, dims, { attributes }) => ({ dims, data: attributes.data }),
  iota: (_x, dims) => build(dims, ([i = 0]) => i),
  add: two((a, b) => a + b),
  sub: two((a, b) => a - b),
  mul: two((a, b) => a * b),
  div: two((a, b) => a / b),
  maximum: two(Math.max),
  greater: two((a, b) => (a > b ? 1 : 0)),
  neg: one((x) => -x),
  exp: one(Math.exp),
  sqrt: one(Math.sqrt),
  sin: one(Math.sin),
  cos: one(Math.cos),
  erf: one(erf),
  sigmoid: one((x) => 1 / (1 + Math.exp(-x))),
  toFloat: one((x) => x),
  toInteger: one(Math.trunc),
  cast: one((x) => x),
  reshape: (x, dims) => ({ dims, data: at(x, 0).data }),
  broadcast: (x, dims) => build(dims, (i) => read(at(x, 0), i)),
  transpose: (x, dims, { attributes: { order } }) =>
    build(dims, (i) =>
      read(
        at(x, 0),
        order.map((_, k) => at(i, order.indexOf(k))),
      ),
    ),
  slice: (x, dims, { attributes: { axis, start } }) =>
    build(dims, (i) =>
      read(
        at(x, 0),
        i.map((n, k) => (k === axis ? n + start : n)),
      ),
    ),
  pad: (x, dims, { attributes: { axis, before } }) => {
    const inner = at(x, 0)
    const width = at(inner.dims, axis)
    return build(dims, (i) => {
      const place = at(i, axis) - before
      const moved = i.map((n, k) => (k === axis ? place : n))
      return place >= 0 && place < width ? read(inner, moved) : 0
    })
  },
  concat: (x, dims, { attributes: { axis } }) =>
    build(dims, (i) => {
      let [part, start] = [0, 0]
      while (at(i, axis) >= start + at(at(x, part).dims, axis)) start += at(at(x, part++).dims, axis)
      return read(
        at(x, part),
        i.map((n, k) => (k === axis ? n - start : n)),
      )
    }),
  sum: (x, _dims, { attributes: { axes } }) => fold(at(x, 0), axes, 0, (s, v) => s + v),
  softmax: (x, dims) => {
    const { shifted, sums } = shiftedBy(at(x, 0))
    return build(dims, (i) => Math.exp(read(shifted, i)) / read(sums, i))
  },
  logSoftmax: (x, dims) => {
    const { shifted, sums } = shiftedBy(at(x, 0))
    return build(dims, (i) => read(shifted, i) - Math.log(read(sums, i)))
  },
  layerNormOutput: (x, dims, { attributes: { epsilon } }) => {
    const { centred, inverse } = statistics(at(x, 0), epsilon)
    return build(dims, (i) => read(centred, i) * read(inverse, i) * read(at(x, 1), i) + read(at(x, 2), i))
  },
  layerNormMean: (x, _dims, { attributes: { epsilon } }) => statistics(at(x, 0), epsilon).mean,
  layerNormInverseDeviation: (x, _dims, { attributes: { epsilon } }) => statistics(at(x, 0), epsilon).inverse,
  matmul: (x, dims, { attributes: { transposeA, transposeB } }) => {
    const [a, b] = [at(x, 0), at(x, 1)]
    const inner = at(a.dims, transposeA ? -2 : -1)
    const place = (lead: readonly number[], row: number, column: number, swapped: boolean): number[] =>
      swapped ? [...lead, column, row] : [...lead, row, column]
    return build(dims, (i) => {
      const [lead, m, n] = [i.slice(0, -2), at(i, -2), at(i, -1)]
      let s = 0
      for (let k = 0; k < inner; k++)
        s += read(a, place(lead, m, k, transposeA)) * read(b, place(lead, k, n, transposeB))
      return s
    })
  },
  gather: (x, dims) =>
    build(dims, (i) => at(at(x, 0).data, read(at(x, 1), i.slice(0, -1)) * at(at(x, 0).dims, 1) + at(i, -1))),
  scatterAdd: (x, dims) => {
    const out = new Array<number>(size(dims)).fill(0)
    const width = at(dims, 1)
    for (const [k, id] of at(x, 1).data.entries())
      for (let j = 0; j < width; j++) out[id * width + j] = at(out, id * width + j) + at(at(x, 0).data, k * width + j)
    return { dims, data: out }
  },
}

const compute = <P extends PrimitiveName>(value: Node<P>, x: readonly Plain[], dims: readonly number[]): Plain =>
  PLAIN[value.op](x, dims, value)

const required = <K, T>(map: ReadonlyMap<K, T>, key: K): T => {
  const found = map.get(key)
  if (found === undefined) throw new Error('a value is read before it is computed')
  return found
}
const fedTo = ({ attributes: { name } }: Value<'input'>, feeds: Readonly<Record<string, Plain>>): Plain => {
  const found = feeds[name]
  if (found === undefined) throw new Error(`${name} was not fed`)
  return found
}

/** The values of the outputs when the inputs have these. */
export const runPlain = (outputs: readonly Value[], feeds: Readonly<Record<string, Plain>>): Plain[] => {
  const known = new Map<string, number>()
  const expanded = expand(outputs, NO_COMPOSITES)
  const order = onlyPrimitives(topological(expanded))
  for (const value of inputsOf(order))
    for (const [i, dim] of value.shape.entries())
      if (typeof dim === 'string') known.set(dim, at(fedTo(value, feeds).dims, i))
  const sizes: Sizes = (dims) =>
    dims.map((dim) =>
      typeof dim === 'number' ? dim : size(factors(dim).map((name) => known.get(name) ?? Number(name))),
    )
  const done = new Map<Value, Plain>()
  for (const value of order) {
    const inputs = value.inputs.map((x) => required(done, x))
    done.set(value, value.op === 'input' ? fedTo(value, feeds) : compute(value, inputs, sizes(value.shape)))
  }
  return expanded.map((value) => required(done, value))
}
