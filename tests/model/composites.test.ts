// Composites as executors with kernels for them see them: differentiated, reduced and recomputed as they are.
import { describe, expect, it } from 'vitest'
import { COMPOSITES, isComposite } from '../../model/composites/table.ts'
import { encoderGraph, parameterInputs } from '../../model/encoder-graph.ts'
import { at } from '../../model/graph/dims.ts'
import { attention, gelu, linear, siluMul } from '../../model/graph/composites.ts'
import { mul } from '../../model/graph/elementwise.ts'
import type { CompositeName } from '../../model/graph/operations.ts'
import { topological } from '../../model/graph/order.ts'
import { total } from '../../model/graph/reduce.ts'
import { input, inputsOf } from '../../model/graph/sources.ts'
import { networkOf } from '../../model/nets/architectures.ts'
import { gradients } from '../../model/passes/differentiate.ts'
import { expand, NO_COMPOSITES } from '../../model/passes/expand.ts'
import { reducedPrecision } from '../../model/passes/reduced-precision.ts'
import type { Row } from '../../model/primitives/row.ts'
import { PRIMITIVES } from '../../model/primitives/table.ts'
import { encoderGraphs } from '../../model/training/training-graphs.ts'
import { feedsOf, generator, objective, relative } from './gradient-check.ts'
import { runPlain } from './plain.ts'
import { CASES, x, y } from './primitive-cases.ts'
import { tinyBert, tinyQwen3, tinyXlmRoberta } from './tiny.ts'

const isOne = (name: string): name is CompositeName => name in COMPOSITES
const ALL: ReadonlySet<CompositeName> = new Set(Object.keys(COMPOSITES).filter(isOne))

const composed = Object.entries(CASES).filter(([, make]) => topological([make().output]).some(isComposite))

describe.each(composed)('%s', (_name, make) => {
  it('has the same gradient, differentiated as it is and in primitives', () => {
    const { inputs, output } = make()
    const loss = objective(output)
    const whole = gradients(loss, inputs)
    const kinds = new Set(topological(whole).map(({ op }) => op))
    expect(kinds.has('gradient')).toBe(true)
    const apart = gradients(at(expand([loss], NO_COMPOSITES), 0), inputs)
    const feeds = feedsOf(inputs, { B: 2, L: 3 }, generator(3))
    const [found, expected] = [runPlain(whole, feeds), runPlain(apart, feeds)]
    for (const [i, { data }] of found.entries()) expect(relative(data, at(expected, i).data)).toBeLessThan(1e-12)
  })
})

describe('a gradient', () => {
  it('goes to each input apart, even where one is made of another', () => {
    const a = x(['B', 2])
    const gate = mul(a, a)
    const [g] = gradients(total(siluMul(gate, mul(gate, a))), [a])
    const feeds = { x: { dims: [1, 2], data: [0.5, -1.2] } }
    const by = 1e-5
    const at5 = (v: number): number => (v ** 4 / (1 + Math.exp(-(v ** 2)))) * v
    const expected = [0.5, -1.2].map((v) => (at5(v + by) - at5(v - by)) / (2 * by))
    expect(relative(at(runPlain([g], feeds), 0).data, expected)).toBeLessThan(1e-8)
  })

  it('does not flow to a mask, and is not differentiated again', () => {
    const q = x(['B', 1, 'L', 2])
    const mask = input('mask', ['B', 'L'])
    const [first, none] = gradients(total(attention({ q, k: q, v: q, mask })), [q, mask])
    expect(topological([none]).map(({ op }) => op)).not.toContain('gradient')
    expect(() => gradients(total(first), [q])).toThrow(/gradient of attention cannot be differentiated again/)
  })
})

describe.each([
  ['bert', tinyBert],
  ['xlm-roberta', tinyXlmRoberta],
  ['qwen3', tinyQwen3],
])('training graphs of %s', (_name, config) => {
  const network = networkOf(config, 'config.json')
  const how = { tables: 'rows', keep: 'least' } as const
  const whole = encoderGraphs(network, 'float32', { ...how, composites: ALL })
  const plain = encoderGraphs(network, 'float32', { ...how, composites: NO_COMPOSITES })

  it('of composites are those of primitives', () => {
    expect(whole.tables).toEqual(plain.tables)
    expect(Object.keys(whole.outputs)).toEqual(Object.keys(plain.outputs))
    const inputs = inputsOf(topological(Object.values(plain.outputs)))
    const feeds = feedsOf(inputs, { batch: 2, length: 3 }, generator(5))
    const [found, expected] = [whole, plain].map(({ outputs }) => runPlain(Object.values(outputs), feeds))
    for (const [i, value] of (expected ?? []).entries())
      expect(relative(at(found ?? [], i).data, value.data)).toBeLessThan(1e-9)
  })

  it('hold nothing of what they stand for', () => {
    const ops = new Set(topological(Object.values(whole.outputs)).map(({ op }) => op))
    for (const part of ['softmax', 'erf', 'sigmoid', 'layerNormOutput', 'cos'] as const) expect(ops).not.toContain(part)
  })

  it('have the products, and what joins them, in bfloat16, and all else in float32', () => {
    const parameters = parameterInputs(network)
    const embeddings = encoderGraph(network, parameters)
    const wanted = gradients(embeddings, [...parameters.values()], input('cotangent', embeddings.shape))
    const mixed = reducedPrecision([embeddings, ...wanted], parameters.values(), 'bf16')
    expect(new Set(mixed.map(({ dtype }) => dtype))).toEqual(new Set(['f32']))
    for (const value of topological(mixed)) {
      const of = value.op === 'gradient' ? value.attributes.of : value.op
      if (of === 'linear' || of === 'attention') expect(value.dtype).toBe('bf16')
      if (of === 'layerNorm' || of === 'rmsNorm' || of === 'rope') expect(value.dtype).toBe('f32')
      // What a kernel keeps for its gradient is found at the value itself.
      if (value.op === 'gradient' && COMPOSITES[value.attributes.of].gradientReads === 'inputs and value')
        expect(at(value.inputs, -1).op).toBe(value.attributes.of)
    }
  })
})

it('throws on shapes that do not fit', () => {
  expect(() => linear(x(['B', 3]), y([2, 4]))).toThrow(/linear: .*\[B, 3\].*\[2, 4\]/)
  const q = x(['B', 3, 'L', 2])
  expect(() => attention({ q, k: x(['B', 2, 'L', 2]), v: q, mask: y(['B', 'L']) })).toThrow(/attention: /)
  expect(() => gelu(input('ids', ['B'], 'i32'))).toThrow(/gelu: .*i32\[B\]/)
})

it('compiles only with every field of a row', () => {
  const { gradient, onnx, tfjs, broadcasts, twice, reduced } = PRIMITIVES.exp
  const row: Row<'exp'> = { gradient, onnx, tfjs, broadcasts, twice, reduced }
  // @ts-expect-error without its gradient
  const noGradient: Row<'exp'> = { onnx, tfjs, broadcasts, twice, reduced }
  // @ts-expect-error without a lowering
  const noLowering: Row<'exp'> = { gradient, tfjs, broadcasts, twice, reduced }
  // @ts-expect-error without what passes ask
  const noTraits: Row<'exp'> = { gradient, onnx, tfjs, broadcasts, twice }
  expect([noGradient, noLowering, noTraits].map((partial) => Object.keys(partial).length)).toEqual([5, 5, 5])
  expect(Object.keys(row)).toHaveLength(6)
})
