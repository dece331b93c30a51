// LibTorch over many steps: nothing grows. Skipped without LRAT_TORCH.
import { expect, it } from 'vitest'
import { networkOf } from '../../model/nets/architectures.ts'
import { randomParameters } from '../../model/nets/network.ts'
import { createEngine, zerosLike } from '../../model/training/engine.ts'
import { onDevice } from '../../model/training/on-device.ts'
import { ADAMW } from '../../model/training/optimizer.ts'
import { torchDevice } from '../helpers/torch.ts'
import { tinyBert, tinyQwen3 } from '../model/tiny.ts'

const device = torchDevice
const MIB = 2 ** 20

/** Ten times as many with LRAT_LONG=1: some ten minutes on two cores. */
const LONG = process.env['LRAT_LONG'] === '1' ? 10 : 1

it.skipIf(device === undefined).each([
  ['bert', 1_000 * LONG, tinyBert, 'float32'],
  ['qwen3', 200 * LONG, tinyQwen3, 'bfloat16'],
] as const)(
  '%s takes %d steps in the memory and with the handles of the first',
  async (_name, steps, config, precision) => {
    if (device === undefined) return
    const network = networkOf(config, 'config.json')
    const parameters = randomParameters(network, 1)
    const state = { parameters, first: zerosLike(parameters), second: zerosLike(parameters) }
    const before = device.tensors.live()
    const engine = await createEngine(network, state, {
      ...(await onDevice('torch:cpu')),
      temperature: 0.1,
      optimizer: ADAMW,
      selectiveDecay: true,
      padId: 0,
      microBatchTokens: 16,
      precision,
    })
    // Lengths change from step to step, as they do in training.
    const texts = (step: number): Int32Array[] =>
      [3, 5, 4, 7].map((length, i) =>
        Int32Array.from({ length: length + (step % 3) }, (_, k) => 1 + ((7 * i + k + step) % 10)),
      )
    const feeds = {
      logCounts: new Float32Array(4),
      targets: Float32Array.of(1, 0, 0, 1),
      weights: Float32Array.of(0.5, 0.5),
    }
    let [handles, memory] = [0, 0]
    for (let step = 1; step <= steps; step++) {
      const { loss } = await engine.backward(texts(step), 2, feeds)
      expect(loss).toBeGreaterThanOrEqual(0)
      await engine.update(1e-4, step, 1)
      if (step === steps / 10) [handles, memory] = [device.tensors.live(), process.memoryUsage().rss]
    }
    expect(device.tensors.live()).toBe(handles)
    // The garbage collector of JavaScript breathes; tensors that leaked would be hundreds of MiB.
    expect(process.memoryUsage().rss - memory).toBeLessThan(64 * MIB)
    await engine.close()
    expect(device.tensors.live()).toBe(before)
  },
)
