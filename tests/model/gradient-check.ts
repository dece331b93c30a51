// Gradients against central differences, executors against plain float64, on random numbers.
import { expect } from 'vitest'
import type { Executable, Tensor } from '../../model/execute/executor.ts'
import { add, mul, sin } from '../../model/graph/elementwise.ts'
import { gradients } from '../../model/passes/differentiate.ts'
import { total } from '../../model/graph/reduce.ts'
import { scalar } from '../../model/graph/sources.ts'
import type { Value } from '../../model/graph/value.ts'
import { runPlain, type Plain } from './plain.ts'

/** Sizes of the named dimensions in one case. */
export type Sizes = Readonly<Record<string, number>>

/** Steps of the numbers fed. */
const GRID = 1 / 1024

/**
 * Numbers from −2 to 2 on a grid that is shifted by a share of its step: numbers of different shifts are never so close
 * that a central difference would step over where they are equal, nor is one so close to a multiple of 1/2.
 */
export const numbers = (random: () => number, dims: readonly number[], shift = 1 / 3): number[] =>
  Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () =>
    Math.fround((Math.floor(random() * 4096) - 2048 + shift) * GRID),
  )

/** A small generator of its own, so that a failing case is named by its seed. */
export const generator = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 4294967296
}

export const feedsOf = (inputs: readonly Value<'input'>[], sizes: Sizes, random: () => number): Record<string, Plain> =>
  Object.fromEntries(
    inputs.map((value, i) => {
      const dims = value.shape.map((dim) => (typeof dim === 'number' ? dim : sizes[dim]))
      const data = numbers(random, dims, (i + 1) / (inputs.length + 2))
      return [
        value.attributes.name,
        { dims, data: value.dtype === 'i32' ? data.map((v) => Math.floor(Math.abs(v) * 2)) : data },
      ]
    }),
  )

/** f(x) weighed by fixed numbers, so that the gradient of every element of the output takes part. */
export const objective = (output: Value): Value => total(mul(output, sin(add(mul(output, scalar(0.7)), scalar(0.4)))))

/** The largest error, relative to the largest number expected; where that is small, terms of about 1 have cancelled. */
export const relative = (a: readonly number[], b: readonly number[]): number => {
  const scale = Math.max(0.1, ...b.map(Math.abs))
  return Math.max(0, ...a.map((v, i) => Math.abs(v - b[i]) / scale))
}

/** The gradients of a case's objective with respect to its floating-point inputs. */
export const gradientsOf = (inputs: readonly Value<'input'>[], output: Value) => {
  const floats = inputs.filter((value) => value.dtype === 'f32')
  const loss = objective(output)
  return { floats, loss, grads: gradients(loss, floats) }
}

/** Expects the gradients that central differences in float64 give. */
export const expectCentralDifferences = (
  { floats, loss, grads }: ReturnType<typeof gradientsOf>,
  feeds: Readonly<Record<string, Plain>>,
): void => {
  const found = runPlain(grads, feeds)
  const h = 1e-5
  for (const [k, value] of floats.entries()) {
    const { name } = value.attributes
    const expected = feeds[name].data.map((_, i) => {
      const moved = (by: number): number => {
        const data = feeds[name].data.map((v, j) => (i === j ? v + by : v))
        return runPlain([loss], { ...feeds, [name]: { ...feeds[name], data } })[0].data[0]
      }
      return (moved(h) - moved(-h)) / (2 * h)
    })
    expect(found[k].dims).toEqual(feeds[name].dims)
    expect(relative(found[k].data, expected)).toBeLessThan(2e-4)
  }
}

/** Expects an executor's outputs to be what plain arithmetic gives, to float32 rounding. */
export const expectPlain = async (
  executable: Executable,
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Plain>>,
  tolerance: number,
): Promise<void> => {
  const expected = runPlain(Object.values(outputs), feeds)
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { dims, data }]): [string, Tensor] => [
      name,
      { dims, data: name === 'ids' ? Int32Array.from(data) : Float32Array.from(data) },
    ]),
  )
  const results = await executable.run(tensors)
  for (const [i, name] of Object.keys(outputs).entries()) {
    expect(results[name].dims).toEqual(expected[i].dims)
    expect(relative(Array.from(results[name].data), expected[i].data)).toBeLessThan(tolerance)
  }
}
