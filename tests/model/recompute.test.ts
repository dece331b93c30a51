import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileOnnx } from '../../model/execute/onnxruntime.ts'
import { tensor } from '../../model/execute/executor.ts'
import { encoderGraph, parameterInputs } from '../../model/encoder-graph.ts'
import { gradients } from '../../model/passes/differentiate.ts'
import { at } from '../../model/graph/dims.ts'
import { minimumCut, type Edge } from '../../model/graph/minimum-cut.ts'
import { topological } from '../../model/graph/order.ts'
import { expand, NO_COMPOSITES } from '../../model/passes/expand.ts'
import { recomputing } from '../../model/passes/recompute.ts'
import { input } from '../../model/graph/sources.ts'
import type { Value } from '../../model/graph/value.ts'
import { networkOf } from '../../model/nets/architectures.ts'
import { randomParameters } from '../../model/nets/network.ts'

describe('minimumCut', () => {
  const VERTICES = 6
  const edges = fc.array(
    fc.tuple(fc.nat(VERTICES - 1), fc.nat(VERTICES - 1), fc.nat(9)).filter(([a, b]) => a !== b),
    { maxLength: 16 },
  )
  const crossing = (all: readonly Edge[], beyond: ReadonlySet<number>): number =>
    all.reduce((sum, [a, b, capacity]) => sum + (!beyond.has(a) && beyond.has(b) ? capacity : 0), 0)

  it('is no dearer than any other cut, and of equal ones the smallest on the side of the sink', () => {
    fc.assert(
      fc.property(edges, (all) => {
        const [source, sink] = [0, VERTICES - 1]
        const beyond = minimumCut(VERTICES, all, source, sink)
        expect(beyond.has(source)).toBe(false)
        const inner = Array.from({ length: VERTICES - 2 }, (_, i) => i + 1)
        for (let chosen = 0; chosen < 2 ** inner.length; chosen++) {
          const other = new Set([sink, ...inner.filter((_, i) => (chosen >> i) % 2 === 1)])
          const [ours, theirs] = [crossing(all, beyond), crossing(all, other)]
          expect(ours).toBeLessThanOrEqual(theirs)
          if (ours === theirs) for (const vertex of beyond) expect(other.has(vertex)).toBe(true)
        }
      }),
    )
  })
})

const CONFIG = {
  model_type: 'bert',
  vocab_size: 30,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 64,
  layer_norm_eps: 1e-12,
  max_position_embeddings: 16,
  type_vocab_size: 2,
  pad_token_id: 0,
  initializer_range: 0.5,
}

describe('recomputing', () => {
  const network = networkOf(CONFIG, 'config.json', 'mean')
  const parameters = parameterInputs(network)
  const forward = at(expand([encoderGraph(network, parameters)], NO_COMPOSITES), 0)
  const plain = gradients(forward, [...parameters.values()], input('cotangent', forward.shape))
  const lean = recomputing(forward, plain)

  it('gives the same gradients', async () => {
    const [batch, length] = [3, 5]
    const feeds = {
      ...Object.fromEntries([...randomParameters(network, 1)].map(([name, { data, dims }]) => [name, { data, dims }])),
      input_ids: tensor(
        Int32Array.from({ length: batch * length }, (_, i) => (i * 7) % 30),
        batch,
        length,
      ),
      attention_mask: tensor(
        Int32Array.from({ length: batch * length }, (_, i) => Number(i % 5 < 4)),
        batch,
        length,
      ),
      cotangent: tensor(
        Float32Array.from({ length: batch * 16 }, (_, i) => Math.sin(i)),
        batch,
        16,
      ),
    }
    const run = async (values: readonly Value[]) => {
      const executable = await compileOnnx(Object.fromEntries(values.map((value, i) => [`gradient${i}`, value])))
      const results = await executable.run(feeds)
      await executable.close()
      return Object.values(results).map(({ data }) => data)
    }
    const [expected, found] = [await run(plain), await run(lean)]
    for (const [i, gradient] of expected.entries()) {
      const scale = Math.max(...gradient.map(Math.abs), 1e-3)
      for (const [k, x] of gradient.entries()) expect(Math.abs(found[i][k] - x) / scale).toBeLessThan(1e-4)
    }
  })

  it('keeps less than half', () => {
    const made = new Set(topological([forward]).filter(({ inputs }) => inputs.length > 0))
    const rows = (outputs: readonly Value[]): number => {
      const read = topological(outputs).flatMap((value) => (made.has(value) ? [] : value.inputs))
      const kept = [...new Set(read)].filter((value) => made.has(value) && value.shape[0] === 'batch')
      return kept.reduce((sum, { shape }) => sum + (typeof shape.at(-1) === 'number' ? Number(shape.at(-1)) : 0), 0)
    }
    expect(rows(lean)).toBeLessThan(rows(plain) / 2)
  })

  it('computes again, before the rest of the backward pass in the file, only what the forward pass has', () => {
    const repeated = topological(lean).filter(({ phase }) => phase === 'repeat')
    expect(repeated.length).toBeGreaterThan(0)
    for (const value of repeated) for (const x of value.inputs) expect(x.phase).not.toBe('backward')
  })
})
