// Each primitive: gradient against central differences in float64; every executor here against float64.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../core/errors.ts'
import { COMPOSITES } from '../../model/composites/table.ts'
import { listDevices } from '../../model/execute/devices.ts'
import type { Compile } from '../../model/execute/executor.ts'
import { compileOnnx, compileOnnxOn } from '../../model/execute/onnxruntime.ts'
import { compileTfjsCpu } from '../../model/execute/tfjs.ts'
import { gradients } from '../../model/passes/differentiate.ts'
import { layerNorm, rmsNorm } from '../../model/graph/composites.ts'
import { add, exp, maximum, mul, neg } from '../../model/graph/elementwise.ts'
import { gather, matmul } from '../../model/graph/linear.ts'
import { topological } from '../../model/graph/order.ts'
import { softmax, sum, total } from '../../model/graph/reduce.ts'
import { broadcast, concat, reshape, slice, transpose } from '../../model/graph/shape.ts'
import { expand, NO_COMPOSITES } from '../../model/passes/expand.ts'
import { simplify } from '../../model/passes/simplify.ts'
import { input } from '../../model/graph/sources.ts'
import { PRIMITIVES } from '../../model/primitives/table.ts'
import { ADAMW, adamW } from '../../model/training/optimizer.ts'
import { updateRows } from '../../model/training/sparse-update.ts'
import { createUpdater } from '../../model/training/updater.ts'
import { torchCompile } from '../helpers/torch.ts'
import {
  expectCentralDifferences,
  expectPlain,
  feedsOf,
  generator,
  gradientsOf,
  numbers,
  relative,
} from './gradient-check.ts'
import { runPlain, type Plain } from './plain.ts'
import { CASES, x, y } from './primitive-cases.ts'

const devices = await listDevices()
const webgpu = devices.some(({ device, works }) => device === 'webgpu' && works)
/** A GPU's own exponential and sine are coarser than float32. */
const executors: readonly (readonly [Compile, number])[] = [
  [compileOnnx, 2e-5],
  [compileTfjsCpu, 2e-5],
  ...(webgpu ? [[compileOnnxOn('webgpu'), 1e-3] as const] : []),
  ...(torchCompile ? [[torchCompile, 2e-5] as const] : []),
]

const sizesArbitrary = fc.record({ B: fc.integer({ min: 1, max: 3 }), L: fc.integer({ min: 1, max: 3 }) })

describe.each(Object.entries(CASES))('%s', (_name, make) => {
  const { inputs, output, halves = false } = make()
  const differentiated = gradientsOf(inputs, output)

  it('has the gradient that central differences give', () => {
    fc.assert(
      fc.property(sizesArbitrary, fc.integer(), (sizes, seed) => {
        expectCentralDifferences(differentiated, feedsOf(inputs, sizes, generator(seed)))
      }),
      { numRuns: 12 },
    )
  })

  it('is the same on every executor', async () => {
    const outputs = { output, ...Object.fromEntries(differentiated.grads.map((g, i) => [`grad${i}`, g])) }
    const check = async (compile: Compile, tolerance: number): Promise<void> => {
      const executable = await compile(outputs, { threads: 1 })
      for (const [round, sizes] of [
        { B: 2, L: 3 },
        { B: 1, L: 2 },
      ].entries())
        await expectPlain(executable, outputs, feedsOf(inputs, sizes, generator(round + 7)), tolerance)
      await executable.close()
    }
    for (const [compile, tolerance] of executors) {
      if (!halves) await check(compile, tolerance)
      else
        await check(compile, 2e-3).catch((error: unknown) => {
          if (!(error instanceof UserError && /float16/.test(error.message))) throw error
        })
    }
  })
})

describe('the cases', () => {
  it('have every primitive and every composite in an output, whose gradient is tested', () => {
    const covered = new Set<string>()
    for (const make of Object.values(CASES)) {
      const { inputs, output } = make()
      const { grads } = gradientsOf(inputs, output)
      for (const { op } of topological([output, ...expand([output], NO_COMPOSITES)])) covered.add(op)
      // The parts of a fused operation that only its gradient reads.
      for (const { op } of topological(expand(grads, NO_COMPOSITES))) if (/^layerNorm./.test(op)) covered.add(op)
    }
    expect([...covered].sort()).toEqual([...Object.keys(PRIMITIVES), ...Object.keys(COMPOSITES)].sort())
  })
})

describe('graphs', () => {
  it('throws on shapes and types that do not fit, naming the primitive and both', () => {
    const whole = input('ids', ['B', 'L'], 'i32')
    const wrong: readonly (readonly [() => unknown, RegExp])[] = [
      [() => add(x(['B', 2]), y(['L', 2])), /add: .*f32\[B, 2\].*f32\[L, 2\]/],
      [() => mul(x(['B']), whole), /mul: .*f32\[B\].*i32\[B, L\]/],
      [() => maximum(x([2]), y([3])), /maximum: .*\[2\].*\[3\]/],
      [() => neg(whole), /neg: .*i32\[B, L\]/],
      [() => matmul(x([2, 3]), y([2, 3])), /matmul: .*inner.*\[2, 3\].*\[2, 3\]/],
      [() => matmul(x([3]), y([3, 2])), /matmul: .*two matrices.*\[3\]/],
      [() => matmul(x(['B', 2, 3]), y(['L', 3, 2])), /matmul: .*broadcast.*\[B\].*\[L\]/],
      [() => gather(x([5, 2]), y(['B'])), /gather: .*f32\[5, 2\], f32\[B\]/],
      [() => reshape(x(['B', 2]), ['B', 3]), /reshape to \[B, 3\]: .*\[B, 2\]/],
      [() => broadcast(x(['B', 2]), ['B', 3]), /broadcast to \[B, 3\]: .*\[B, 2\]/],
      [() => slice(x([3]), 0, 1, 5), /slice 1:5 of axis 0: .*\[3\]/],
      [() => concat(1, x(['B', 'L']), y(['B', 2])), /concat: .*\[B, L\].*\[B, 2\]/],
      [() => rmsNorm(x(['B', 'L']), y(['L']), 1e-6), /rmsNorm: .*known size.*\[B, L\]/],
      [() => gradients(x([2]), []), /gradients: .*scalar.*\[2\]/],
    ]
    for (const [make, message] of wrong) expect(make).toThrow(message)
  })

  it("refuses to differentiate layerNorm's gradient again, which would leave terms out", () => {
    const [a, scale, bias] = [x(['B', 3]), y([3]), input('bias', [3])]
    const [first] = gradients(total(layerNorm(a, scale, bias, 1e-5)), [a])
    expect(() => gradients(total(mul(first, first)), [a])).toThrow(/cannot be differentiated again/)
  })

  it('shares equal subexpressions and spreads nothing that broadcasts by itself', () => {
    const a = x(['B', 3])
    const spread = mul(broadcast(sum(a, 1), ['B', 3]), a)
    const ops = topological(simplify([add(exp(a), exp(a)), spread])).map((value) => value.op)
    expect(ops.filter((op) => op === 'exp')).toHaveLength(1)
    expect(ops).not.toContain('broadcast')
  })

  it('shares only what has the same inputs and the same attributes, however deep', () => {
    const a = x([2, 2])
    const twice = (): ReturnType<typeof exp> => exp(neg(transpose(a, [1, 0])))
    const outputs = simplify([add(twice(), twice()), transpose(a, [0, 1]), sum(a, 0), sum(a, 1), exp(neg(a))])
    const ops = topological(outputs).map((value) => value.op)
    const count = (op: string): number => ops.filter((other) => other === op).length
    expect([count('exp'), count('neg'), count('transpose'), count('sum')]).toEqual([2, 2, 2, 2])
    const feeds = { x: { dims: [2, 2], data: [1, 2, 3, 4] } }
    expect(runPlain(outputs, feeds)).toEqual(
      runPlain([add(twice(), twice()), transpose(a, [0, 1]), sum(a, 0), sum(a, 1), exp(neg(a))], feeds),
    )
  })

  it('leaves out what no output needs', () => {
    const [a, b] = [x(['B', 4]), y([4])]
    const loss = total(softmax(mul(a, b)))
    const [forA] = gradients(loss, [a, b])
    const whole = topological(simplify([loss, ...gradients(loss, [a, b])]))
    const part = topological(simplify([forA]))
    expect(part.length).toBeLessThan(whole.length)
    // The table's scatter would be in the gradient of the table only.
    const ids = input('ids', ['B'], 'i32')
    const rows = gather(x([5, 4]), ids)
    const dead = topological(simplify([gradients(total(mul(rows, b)), [b])[0]])).map(({ op }) => op)
    expect(dead).not.toContain('scatterAdd')
  })

  it('gives zeros for a value that takes no part', () => {
    const [g] = gradients(total(x([2])), [y([3])])
    expect(runPlain([g], { x: { dims: [2], data: [1, 2] } })[0]).toEqual({ dims: [3], data: [0, 0, 0] })
  })

  it('updates rows of a table as the graph updates all', async () => {
    const random = generator(5)
    const floats = (n: number): Float32Array => Float32Array.from(numbers(random, [n]))
    const [parameter, first, second, gradient] = [floats(6), floats(6), floats(6).map(Math.abs), floats(6)]
    const whole = { parameter: parameter.slice(), first: first.slice(), second: second.slice(), gradient }
    const updater = await createUpdater(compileOnnx, ADAMW, { threads: 1 })
    await updater.update(whole, 0.1, 3, 0.5, true)
    await updater.close()
    const [untouched] = parameter
    const table = { parameter, first, second, width: 2 }
    const sparse = Float32Array.of(gradient[4], gradient[5], gradient[2], gradient[3])
    updateRows(table, [2, 1], sparse, ADAMW, { learningRate: 0.1, step: 3, scale: 0.5 })
    expect(parameter[0]).toBe(untouched)
    for (const name of ['parameter', 'first', 'second'] as const)
      expect(relative([...table[name].subarray(2)], [...whole[name].subarray(2)])).toBeLessThan(1e-6)
  })

  it('takes the AdamW steps of the formula', () => {
    const shape = [3]
    const start = { parameter: x(shape), first: input('m', shape), second: input('v', shape) }
    const next = adamW(start, y(shape), { beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1 }, true)
    const [p, g] = [
      [1, -2, 3],
      [0.5, 0, -4],
    ]
    let [m, v, expected] = [[0, 0, 0], [0, 0, 0], p]
    let state: Plain[] = [p, m, v].map((data) => ({ dims: shape, data }))
    for (let t = 1; t <= 3; t++) {
      m = m.map((old, i) => 0.9 * old + 0.1 * g[i])
      v = v.map((old, i) => 0.99 * old + 0.01 * g[i] ** 2)
      expected = expected.map((old, i) => {
        const step = m[i] / (1 - 0.9 ** t) / (Math.sqrt(v[i] / (1 - 0.99 ** t)) + 1e-6)
        return old * (1 - 0.01 * 0.1) - 0.01 * step
      })
      const number = (value: number): Plain => ({ dims: [], data: [value] })
      state = runPlain([next.parameter, next.first, next.second], {
        ...{ x: state[0], m: state[1], v: state[2], y: { dims: shape, data: g } },
        ...{ learning_rate: number(0.01), correction1: number(1 - 0.9 ** t), correction2: number(1 - 0.99 ** t) },
      })
    }
    expect(relative(state[0].data, expected)).toBeLessThan(1e-9)
  })
})
