// Gradients and both executors on shapes drawn at random: ranks, sizes, broadcasting, axes, orders, ranges.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileOnnx } from '../../model/execute/onnxruntime.ts'
import { compileTfjsCpu } from '../../model/execute/tfjs.ts'
import { add, div, maximum, mul, sub } from '../../model/graph/elementwise.ts'
import { matmul } from '../../model/graph/linear.ts'
import { logSoftmax, softmax, sum } from '../../model/graph/reduce.ts'
import { broadcast, concat, reshape, slice, transpose } from '../../model/graph/shape.ts'
import { input, scalar } from '../../model/graph/sources.ts'
import type { Dim } from '../../model/graph/dims.ts'
import type { Value } from '../../model/graph/value.ts'
import { torchCompile } from '../helpers/torch.ts'
import { expectCentralDifferences, expectPlain, feedsOf, generator, gradientsOf } from './gradient-check.ts'

const executors = [compileOnnx, compileTfjsCpu, ...(torchCompile ? [torchCompile] : [])]

/** Named sizes are known only when the graph runs. */
const SIZES = { B: 2, L: 3 }
const dim = fc.constantFrom<Dim>(1, 2, 3, 'B', 'L')
const shape = (minLength: number): fc.Arbitrary<Dim[]> => fc.array(dim, { minLength, maxLength: 3 })
const known = (minLength: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 3 }), { minLength, maxLength: 3 })
const index = (n: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: n - 1 })

interface Drawn {
  readonly inputs: readonly Value<'input'>[]
  readonly output: Value
}
const x = (dims: readonly Dim[]): Value<'input'> => input('x', dims)
const y = (dims: readonly Dim[]): Value<'input'> => input('y', dims)
const one = (a: Value<'input'>, f: (a: Value) => Value): Drawn => ({ inputs: [a], output: f(a) })
const two = (a: Value<'input'>, b: Value<'input'>, f: (a: Value, b: Value) => Value): Drawn => ({
  inputs: [a, b],
  output: f(a, b),
})

/** A shape with some axes of size 1 and some leading ones missing, which broadcasts to the whole. */
const narrower = (whole: readonly Dim[]): fc.Arbitrary<Dim[]> =>
  fc
    .tuple(fc.array(fc.boolean(), { minLength: whole.length, maxLength: whole.length }), index(whole.length + 1))
    .map(([thin, missing]) => whole.map((n, i) => (thin[i] ? 1 : n)).slice(missing))

const binary = shape(0).chain((whole) =>
  fc
    .tuple(narrower(whole), narrower(whole), fc.constantFrom(add, sub, mul, maximum, div))
    .map(([a, b, f]) => two(x(a), y(b), (p, q) => f(p, f === div ? add(mul(q, q), scalar(0.3)) : q))),
)
const spread = shape(0).chain((whole) =>
  narrower(whole).map((a) => two(x(a), y(whole), (p, q) => mul(broadcast(p, whole), q))),
)
const product = fc.tuple(shape(0), dim, dim, dim, fc.boolean(), fc.boolean()).chain(([whole, m, k, n, ta, tb]) => {
  const outer = whole.slice(0, 2)
  return fc
    .tuple(narrower(outer), narrower(outer))
    .map(([a, b]) =>
      two(x([...a, ...(ta ? [k, m] : [m, k])]), y([...b, ...(tb ? [n, k] : [k, n])]), (p, q) => matmul(p, q, ta, tb)),
    )
})
/**
 * The summands are positive and the sum is small: one that cancels has no digits that float32 could agree on, nor has the
 * sine of a large one.
 */
const along = shape(1).chain((dims) =>
  fc
    .tuple(fc.subarray([...dims.keys()], { minLength: 1 }), fc.constantFrom(softmax, logSoftmax))
    .map(([axes, f]) => one(x(dims), (a) => mul(f(a), mul(sum(add(a, scalar(3)), ...axes), scalar(0.02))))),
)
const order = shape(1).chain((dims) =>
  fc.shuffledSubarray([...dims.keys()], { minLength: dims.length }).map((to) => one(x(dims), (a) => transpose(a, to))),
)
const flat = known(1).map((dims) => one(x(dims), (a) => reshape(a, [dims.reduce((m, n) => m * n, 1), 1])))
const part = known(1).chain((dims) =>
  index(dims.length).chain((axis) =>
    fc
      .tuple(index(dims[axis]), index(dims[axis]))
      .map(([i, j]) => one(x(dims), (a) => slice(a, axis, Math.min(i, j), Math.max(i, j) + 1))),
  ),
)
const joined = known(1).chain((dims) =>
  fc
    .tuple(index(dims.length), fc.integer({ min: 1, max: 3 }))
    .map(([axis, size]) =>
      two(x(dims), y(dims.map((n, i) => (i === axis ? size : n))), (a, b) => concat(axis, a, b, a)),
    ),
)

it.each([
  ['elementwise operations', binary],
  ['broadcast', spread],
  ['matmul', product],
  ['softmax and sums', along],
  ['transpose', order],
  ['reshape', flat],
  ['slice', part],
  ['concat', joined],
])('%s', async (_name, drawn) => {
  await fc.assert(
    fc.asyncProperty(drawn, fc.integer(), async ({ inputs, output }, seed) => {
      const differentiated = gradientsOf(inputs, output)
      const feeds = feedsOf(inputs, SIZES, generator(seed))
      expectCentralDifferences(differentiated, feeds)
      const outputs = { output, ...Object.fromEntries(differentiated.grads.map((g, i) => [`grad${i}`, g])) }
      for (const compile of executors) {
        const executable = await compile(outputs, { threads: 1 })
        await expectPlain(executable, outputs, feeds, 2e-5)
        await executable.close()
      }
    }),
    { numRuns: 20 },
  )
  expect.hasAssertions()
})
