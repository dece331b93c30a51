// Mixed precision: which operations become f16, and what that does to embeddings and gradients.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encoderGraph, parameterInputs } from '../../model/encoder-graph.ts'
import { createEngine, zerosLike } from '../../model/training/engine.ts'
import { checkPrecision, listDevices } from '../../model/execute/devices.ts'
import { floatsOf, tensor, type Compile } from '../../model/execute/executor.ts'
import { compileOnnx, compileOnnxOn } from '../../model/execute/onnxruntime.ts'
import { compileTfjsCpu } from '../../model/execute/tfjs.ts'
import { gradients } from '../../model/passes/differentiate.ts'
import { at } from '../../model/graph/dims.ts'
import { cast } from '../../model/graph/elementwise.ts'
import { LARGEST_HALF, toHalf } from '../../core/half.ts'
import { topological } from '../../model/graph/order.ts'
import type { Precision } from '../../model/graph/precision.ts'
import { input, inputsOf } from '../../model/graph/sources.ts'
import { afterGoodStep, afterOverflow, LOSS_SCALE } from '../../model/training/loss-scale.ts'
import { networkOf } from '../../model/nets/architectures.ts'
import { randomParameters } from '../../model/nets/network.ts'
import { expand, NO_COMPOSITES } from '../../model/passes/expand.ts'
import { reducedPrecision } from '../../model/passes/reduced-precision.ts'
import { ADAMW } from '../../model/training/optimizer.ts'
import { tinyBert, tinyQwen3 } from './tiny.ts'

const devices: (readonly [string, Compile])[] = [
  ['cpu', compileOnnx],
  ['tfjs', compileTfjsCpu],
]
const hasWebgpuHalves = async (): Promise<boolean> => {
  if (!(await listDevices()).some(({ device, works }) => device === 'webgpu' && works)) return false
  return checkPrecision('webgpu', 'float16').then(
    () => true,
    () => false,
  )
}
const webgpu = await hasWebgpuHalves()
if (webgpu) devices.push(['webgpu', compileOnnxOn('webgpu')])

describe('halves', () => {
  const floats = fc.float({ noNaN: true, min: -70_000, max: 70_000 })

  it('are the nearest ones, as ONNX Runtime rounds', async () => {
    const executable = await compileOnnx({ y: cast(cast(input('x', ['n']), 'f16'), 'f32') })
    const tiny = fc.double({ noNaN: true, min: -1e-4, max: 1e-4 }).map(Math.fround)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(floats, tiny), { minLength: 1, maxLength: 40 }), async (list) => {
        const found = await executable.run({ x: tensor(Float32Array.from(list), list.length) })
        expect(list.map((x) => toHalf(x) + 0)).toEqual([...floatsOf(found, 'y')].map((x) => x + 0))
      }),
    )
    await executable.close()
  })

  it('end where infinity begins, and take ties to even', () => {
    expect([LARGEST_HALF, 65_519, 65_520, -1e9].map(toHalf)).toEqual([65_504, 65_504, Infinity, -Infinity])
    expect([2049, 2051, 2 ** -24, 2 ** -25, 3 * 2 ** -25].map(toHalf)).toEqual([2048, 2052, 2 ** -24, 0, 2 ** -23])
    expect(toHalf(NaN)).toBeNaN()
  })
})

const engineOf = (config: object, compile: Compile, precision: Precision) => {
  const network = networkOf({ ...config }, 'config.json')
  const parameters = randomParameters(network, 5)
  return createEngine(
    network,
    { parameters, first: zerosLike(parameters), second: zerosLike(parameters) },
    {
      ...{ compile, precision, temperature: 0.2, optimizer: ADAMW, selectiveDecay: true },
      ...{ padId: 0, microBatchTokens: 60 },
    },
  )
}
const QUERIES = 3
const texts = Array.from({ length: 9 }, (_, i) =>
  Int32Array.from({ length: 3 + i }, (_, k) => 4 + ((i * 7 + k * 5) % 60)),
)
const feeds = {
  logCounts: new Float32Array(QUERIES * 6),
  targets: Float32Array.from({ length: QUERIES * 6 }, (_, k) => Number(k % 6 === 2 * Math.floor(k / 6))),
  weights: new Float32Array(QUERIES).fill(1 / QUERIES),
}
/** All gradients in one list, with the loss's scale taken out again. */
const gradientsOf = async (config: object, compile: Compile, precision: Precision, scale: number) => {
  const engine = await engineOf(config, compile, precision)
  const { loss, embeddings } = await engine.backward(texts, QUERIES, feeds, scale)
  const all = [...(await engine.gradients()).values()].flatMap(({ data }) => Array.from(data, (g) => g / scale))
  await engine.close()
  return { loss, embeddings: [...embeddings], all }
}
const length = (list: readonly number[]): number => Math.hypot(...list)
const distance = (a: readonly number[], b: readonly number[]): number => length(a.map((x, i) => x - b[i])) / length(b)

describe.each([
  ['bert', tinyBert],
  ['qwen3', tinyQwen3],
])('%s in float16', (_name, config) => {
  it.each(devices)(
    `on %s is within a hundredth of float32${webgpu ? '' : ' (webgpu skipped: no float16)'}`,
    async (_device, compile) => {
      const whole = await gradientsOf(config, compileOnnx, 'float32', 1)
      const half = await gradientsOf(config, compile, 'float16', 2 ** 10)
      expect(Math.abs(half.loss - whole.loss) / whole.loss).toBeLessThan(0.01)
      expect(distance(half.embeddings, whole.embeddings)).toBeLessThan(0.005)
      expect(distance(half.all, whole.all)).toBeLessThan(0.01)
      // It did compute in float16.
      expect(distance(half.embeddings, whole.embeddings)).toBeGreaterThan(1e-5)
    },
  )

  it('keeps sums, norms, softmax and their statistics in float32, and gives float32', () => {
    const network = networkOf({ ...config }, 'config.json')
    const parameters = parameterInputs(network)
    const embeddings = at(expand([encoderGraph(network, parameters)], NO_COMPOSITES), 0)
    const wanted = gradients(embeddings, [...parameters.values()], input('cotangent', embeddings.shape))
    const mixed = reducedPrecision([embeddings, ...wanted], parameters.values(), 'f16')
    expect(new Set(mixed.map(({ dtype }) => dtype))).toEqual(new Set(['f32']))
    expect(mixed.map(({ shape }) => shape)).toEqual([embeddings, ...wanted].map(({ shape }) => shape))
    const order = topological(mixed)
    const precise = new Set(['sum', 'softmax', 'layerNorm', 'exp', 'sqrt', 'div', 'gather', 'scatterAdd'])
    expect(order.filter((x) => precise.has(x.op) && x.dtype === 'f16')).toEqual([])
    const products = order.filter(({ op }) => op === 'matmul')
    expect(products.filter(({ dtype }) => dtype === 'f16').length).toBeGreaterThan(0.8 * products.length)
    // Squares under a root mean square would overflow.
    const squares = order.filter(({ op, inputs }) => op === 'mul' && inputs[0] === inputs[1])
    expect(squares.filter(({ dtype }) => dtype === 'f16')).toEqual([])
    // A parameter is turned once, however often it is used.
    const turned = order.filter((x) => x.op === 'cast' && x.dtype === 'f16')
    const names = turned.flatMap((x) => inputsOf(x.inputs).map(({ attributes }) => attributes.name))
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the loss scale', () => {
  it('makes gradients that many times as long', async () => {
    const engine = await engineOf(tinyBert, compileOnnx, 'float32')
    await engine.backward(texts, QUERIES, feeds)
    const plain = await engine.gradientNorm()
    await engine.backward(texts, QUERIES, feeds, 2 ** 12)
    expect((await engine.gradientNorm()) / plain).toBeCloseTo(2 ** 12, 0)
    await engine.close()
  })

  it('doubles after enough good steps, halves after a bad one, and gives up at 1', () => {
    let state = LOSS_SCALE
    for (let i = 0; i < 1000; i++) state = afterGoodStep(state)
    expect(state).toEqual({ scale: 2 * LOSS_SCALE.scale, good: 0, skipped: 0 })
    state = afterGoodStep(state)
    expect(afterOverflow(state)).toEqual({ scale: LOSS_SCALE.scale, good: 0, skipped: 1 })
    expect(afterOverflow({ scale: 1, good: 3, skipped: 9 })).toBeUndefined()
    let large = { scale: 2 ** 24, good: 0, skipped: 0 }
    for (let i = 0; i < 1000; i++) large = afterGoodStep(large)
    expect(large.scale).toBe(2 ** 24)
  })
})

it('is refused where there is none', async () => {
  await expect(checkPrecision('tfjs', 'float16')).rejects.toThrow(/float16 arithmetic.*TensorFlow.js/)
  await checkPrecision('tfjs', 'float32')
})
