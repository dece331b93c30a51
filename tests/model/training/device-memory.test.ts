// Training state that stays on a device does what training state on the host does, and leaks nothing.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkEngine } from '../../../model/check/check-engine.ts'
import { createEngine, zerosLike } from '../../../model/training/engine.ts'
import { listDevices, residentOn } from '../../../model/execute/devices.ts'
import { tensor, type Tensor } from '../../../model/execute/executor.ts'
import { compileOnnx, compileOnnxOn } from '../../../model/execute/onnxruntime.ts'
import { webgpuRuntime, type Resident, type ResidentRuntime } from '../../../model/execute/resident.ts'
import { networkOf } from '../../../model/nets/architectures.ts'
import { loraNetwork } from '../../../model/nets/lora.ts'
import { randomParameters, type Network } from '../../../model/nets/network.ts'
import { ADAMW } from '../../../model/training/optimizer.ts'
import { tinyBert, tinyQwen3 } from '../tiny.ts'

const CASES = fileURLToPath(new URL('../../fixtures/training', import.meta.url))
const works = (await listDevices()).some(({ device, works }) => device === 'webgpu' && works)
const here = works ? '' : ' (skipped: no Vulkan device, see `lrat devices`)'

/** A device whose memory is the host's: it counts what lies there. */
const pretendedDevice = () => {
  const live = new Set<Resident>()
  const keepValue = (value: Tensor): Resident => {
    const resident = { dims: value.dims, place: value.data.slice() }
    live.add(resident)
    return resident
  }
  const read = (value: Tensor | Resident): Tensor => {
    if (!('place' in value)) return value
    if (!live.has(value)) throw new Error('read after release')
    return { dims: value.dims, data: value.place as Float32Array }
  }
  const runtime: ResidentRuntime = {
    compile: async (outputs, keep) => {
      const executable = await compileOnnx(outputs, { threads: 1 })
      return {
        run: async (feeds) => {
          const inputs = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, read(value)]))
          const results = Object.entries(await executable.run(inputs))
          const kept = results.filter(([name]) => keep.includes(name)).map(([name, x]) => [name, keepValue(x)] as const)
          return {
            kept: Object.fromEntries(kept),
            fetched: Object.fromEntries(results.filter(([name]) => !keep.includes(name))),
          }
        },
        close: () => executable.close(),
      }
    },
    upload: async (value) => keepValue(value),
    download: async (value) => read(value),
    release: (value) => {
      if (!live.delete(value)) throw new Error('released twice')
    },
    close: async () => {},
  }
  return { runtime, live }
}

const texts = Array.from({ length: 8 }, (_, i) =>
  Int32Array.from({ length: 2 + i }, (_, k) => 4 + ((i * 11 + k * 3) % 60)),
)
const feeds = {
  logCounts: new Float32Array(12),
  targets: Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
  weights: Float32Array.of(0.5, 0.5),
}
const steps = async (network: Network, resident: ResidentRuntime | undefined, count = 2) => {
  const parameters = randomParameters(network, 3)
  const trained = new Map([...parameters].filter(([name]) => !network.parameters.find((p) => p.name === name)?.frozen))
  const state = { parameters, first: zerosLike(trained), second: zerosLike(trained) }
  const compile = resident === undefined ? compileOnnx : compileOnnxOn('cpu')
  const engine = await createEngine(network, state, {
    ...{ compile, resident, temperature: 0.1, optimizer: ADAMW, selectiveDecay: true, padId: 0, microBatchTokens: 20 },
  })
  const norms: number[] = []
  for (let step = 1; step <= count; step++) {
    await engine.backward(texts, 2, feeds)
    norms.push(await engine.gradientNorm())
    await engine.update(0.01, step, 0.5)
  }
  await engine.sync()
  const gradients = [...(await engine.gradients())].sort(([a], [b]) => (a < b ? -1 : 1))
  await engine.close()
  // Softmax does not see a key's bias: its gradient is rounding, which AdamW makes as long as any other.
  const names = [...parameters.keys()].filter((name) => !name.endsWith('key.bias')).sort()
  const flat = (group: ReadonlyMap<string, { readonly data: Float32Array }>): number[] =>
    names.flatMap((name) => [...(group.get(name)?.data ?? [])])
  return {
    ...{ norms, names: gradients.map(([name]) => name), gradients: gradients.flatMap(([, { data }]) => [...data]) },
    ...{ parameters: flat(parameters), first: flat(state.first), second: flat(state.second) },
  }
}

const close = (found: readonly number[], expected: readonly number[], tolerance: number): void => {
  expect(found.length).toBe(expected.length)
  const scale = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-12)
  expect(found.reduce((worst, x, i) => Math.max(worst, Math.abs(x - expected[i])), 0) / scale).toBeLessThan(tolerance)
}

const bert = networkOf(tinyBert, 'config.json')
const networks: readonly (readonly [string, Network])[] = [
  ['bert', bert],
  ['qwen3', networkOf(tinyQwen3, 'config.json')],
  ['low-rank additions', loraNetwork(bert, { rank: 2, alpha: 4, targets: ['query'] })],
]

describe.each(networks)('%s', (_name, network) => {
  it('trains alike with its state on a device', async () => {
    const expected = await steps(network, undefined)
    const { runtime, live } = pretendedDevice()
    const found = await steps(network, runtime)
    expect(found.names).toEqual(expected.names)
    for (const key of ['norms', 'gradients', 'first', 'second'] as const) close(found[key], expected[key], 1e-5)
    close(found.parameters, expected.parameters, 1e-3)
    expect(live.size).toBe(0)
  })
})

it('holds as much on the device after many steps as after one', async () => {
  const counts: number[] = []
  const { runtime, live } = pretendedDevice()
  const counting: ResidentRuntime = {
    ...runtime,
    compile: async (outputs, keep) => {
      const made = await runtime.compile(outputs, keep)
      return { ...made, run: (feeds) => (counts.push(live.size), made.run(feeds)) }
    },
  }
  await steps(bert, counting, 4)
  const quarter = counts.length / 4
  expect(Math.max(...counts.slice(-quarter))).toBe(Math.max(...counts.slice(quarter, 2 * quarter)))
})

describe.skipIf(!works)(`on webgpu${here}`, () => {
  it('uploads, keeps, and downloads what it was given', async () => {
    const runtime = webgpuRuntime()
    const data = Float32Array.from({ length: 6 }, (_, i) => i / 3)
    const there = await runtime.upload(tensor(data, 2, 3))
    expect(await runtime.download(there)).toEqual({ dims: [2, 3], data })
    runtime.release(there)
    await runtime.close()
  })

  it('agrees with PyTorch', async () => {
    const resident = residentOn('webgpu')
    const errors = await checkEngine(join(CASES, 'qwen3-last'), { compile: compileOnnxOn('webgpu'), resident })
    expect(errors.embeddings).toBeLessThan(1e-5)
    for (const key of ['loss', 'gradients', 'parameters'] as const) expect(errors[key]).toBeLessThan(1e-4)
  })
})
