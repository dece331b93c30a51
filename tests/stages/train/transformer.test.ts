import { readdir, readFile } from 'node:fs/promises'
import { torchDevice } from '../../helpers/torch.ts'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSafeTensors, writeSafeTensors } from '../../../model/files/safetensors.ts'
import { listDevices } from '../../../model/execute/devices.ts'
import { openModel } from '../../../model/folder.ts'
import { Interrupted } from '../../../core/errors.ts'
import type { StepMetrics } from '../../../stages/train/metrics.ts'
import type { TrainResult } from '../../../stages/train/options.ts'
import { bareFolder, tinyBert, tinyQwen3 } from '../../model/tiny.ts'
import { lossesOf, rows, small, stepsOf, temporaryFolder, trainModel, writeRows } from './helpers.ts'

it('trains low-rank additions, and saves them merged', async () => {
  const folder = await temporaryFolder()
  const examples = await writeRows(folder, rows(24))
  const config = {
    ...small,
    model: await bareFolder(tinyBert),
    random_start: true,
    lora: { rank: 4, alpha: 8, targets: ['query', 'value', 'dense'] },
    learning_rate: 0.02,
    temperature: 0.1,
    epochs: 4,
  }
  const result = await trainModel({ examples, config, folder: join(folder, 'out') })
  const losses = await lossesOf(result)
  expect(losses.at(-1)).toBeLessThan(0.9 * losses[0])
  const [before, after] = await Promise.all([result.untrained, result.model].map((path) => openModel(path)))
  expect([...after.parameters.keys()].sort()).toEqual([...before.parameters.keys()].sort())
  for (const [name, { data }] of before.parameters) {
    const same = Buffer.from(data.buffer).equals(
      Buffer.from(after.parameters.get(name)?.data.buffer ?? new ArrayBuffer()),
    )
    const targeted = /query|value|dense/.test(name) && name.endsWith('weight')
    expect([name, same]).toEqual([name, !targeted])
  }
  // The merged weights are what was trained: going on from them starts where the loss was.
  const { lora, ...whole } = config
  const plain = { ...whole, model: result.model, random_start: false, learning_rate: 0, epochs: 1 }
  const further = await trainModel({ examples, config: plain, folder: join(folder, 'further') })
  expect(further.loss.first).toBeLessThan(0.95 * losses[0])
  const wrong = { ...config, lora: { ...lora, targets: ['q_proj'] } }
  await expect(trainModel({ examples, config: wrong, folder: join(folder, 'wrong') })).rejects.toThrow(/targets/)
})

it('trains a transformer from a config alone, resumes it to the same bytes, and goes on from its folder', async () => {
  const folder = await temporaryFolder()
  const examples = await writeRows(folder, rows(24))
  const config = {
    ...small,
    model: await bareFolder(tinyBert),
    random_start: true,
    learning_rate: 0.01,
    temperature: 0.1,
    micro_batch_tokens: 100,
    epochs: 4,
  }
  const whole = await trainModel({ examples, config, folder: join(folder, 'whole') })
  const losses = await lossesOf(whole)
  expect(losses.at(-1)).toBeLessThan(0.8 * losses[0])
  for (const { padding } of await stepsOf(whole)) expect(padding).toBeLessThan(0.3)

  const pieces = { examples, config, folder: join(folder, 'pieces') }
  const controller = new AbortController()
  const onProgress = ({ step }: { step: number }): void => {
    if (step === 5) controller.abort()
  }
  await expect(trainModel({ ...pieces, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
  const weights = (model: string): Promise<Buffer> => readFile(join(model, 'model.safetensors'))
  const resumed = await trainModel(pieces)
  expect((await weights(resumed.model)).equals(await weights(whole.model))).toBe(true)

  const further = { ...config, model: whole.model, random_start: false, learning_rate: 0.001, epochs: 1 }
  const next = await trainModel({ examples, config: further, folder: join(folder, 'further') })
  expect(next.loss.first).toBeLessThan(losses[0])
})

describe('float16', () => {
  const setting = async (folder: string) => ({
    examples: await writeRows(folder, rows(24)),
    config: {
      ...small,
      model: await bareFolder(tinyQwen3),
      random_start: true,
      precision: 'float16' as const,
      learning_rate: 0.01,
      temperature: 0.1,
      epochs: 4,
    },
  })

  it('lowers the loss as float32 does, and resumes to the same bytes', async () => {
    const folder = await temporaryFolder()
    const options = await setting(folder)
    const whole = await trainModel({ ...options, folder: join(folder, 'whole') })
    const plain = { ...options.config, precision: 'float32' as const }
    const reference = await trainModel({ ...options, config: plain, folder: join(folder, 'reference') })
    const last = async (result: TrainResult): Promise<number> => (await lossesOf(result)).at(-1) ?? NaN
    expect(await last(whole)).toBeLessThan(0.9 * whole.loss.first)
    expect(Math.abs((await last(whole)) / (await last(reference)) - 1)).toBeLessThan(0.05)
    for (const row of await stepsOf(whole)) expect([row.loss_scale, row.skipped]).toEqual([2 ** 15, 0])
    for (const row of await stepsOf(reference)) expect([row.loss_scale, row.skipped]).toEqual([null, null])

    const pieces = { ...options, folder: join(folder, 'pieces') }
    const controller = new AbortController()
    const onProgress = ({ step }: { step: number }): void => {
      if (step === 5) controller.abort()
    }
    await expect(trainModel({ ...pieces, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
    const weights = (model: string): Promise<Buffer> => readFile(join(model, 'model.safetensors'))
    expect((await weights((await trainModel(pieces)).model)).equals(await weights(whole.model))).toBe(true)
  })

  it('leaves out steps whose gradients overflow, halves the scale, and keeps both in the checkpoint', async () => {
    const folder = await temporaryFolder()
    const options = await setting(folder)
    const controller = new AbortController()
    const seen: StepMetrics[] = []
    const onProgress = (row: StepMetrics): void => {
      seen.push(row)
      if (row.step === 3) controller.abort()
    }
    const run = { ...options, folder: join(folder, 'out') }
    await expect(trainModel({ ...run, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
    // A scale too large for float16 in the checkpoint that the run goes on from.
    const checkpoints = join(folder, 'out', 'lrat-3', 'work', 'checkpoints')
    const newest = (await readdir(checkpoints)).sort().at(-1) ?? ''
    const { tensors, metadata } = await readSafeTensors(join(checkpoints, newest))
    const injected = JSON.stringify({ scale: 2 ** 24, good: 0, skipped: 0 })
    await writeSafeTensors(join(checkpoints, newest), tensors, { metadata: { ...metadata, loss_scale: injected } })
    const result = await trainModel(run)
    const [first, ...later] = (await stepsOf(result)).slice(3)
    expect([first.loss_scale, first.skipped, first.gradient_norm]).toEqual([2 ** 24, 1, 0])
    expect(later.at(-1)?.gradient_norm).toBeGreaterThan(0)
    // Each bad step halved what the next one had.
    for (const [i, row] of later.entries()) {
      const before = i === 0 ? first : later[i - 1]
      expect(row.loss_scale).toBe((before.loss_scale ?? 0) / (before.gradient_norm === 0 ? 2 : 1))
      expect(row.skipped).toBe((before.skipped ?? 0) + (row.gradient_norm === 0 ? 1 : 0))
    }
  })
})

const webgpu = (await listDevices()).some(({ device, works }) => device === 'webgpu' && works)
describe.skipIf(!webgpu)(`on webgpu${webgpu ? '' : ' (skipped: no Vulkan device, see `lrat devices`)'}`, () => {
  it('trains, checkpoints and goes on as the CPU does, with its state on the device', async () => {
    const folder = await temporaryFolder()
    const examples = await writeRows(folder, rows(24))
    const model = await bareFolder(tinyQwen3)
    const shared = { ...small, model, random_start: true, learning_rate: 0.01, temperature: 0.1, epochs: 2 }
    const reference = await trainModel({ examples, config: shared, folder: join(folder, 'cpu') })
    const run = { examples, config: { ...shared, device: 'webgpu' as const }, folder: join(folder, 'webgpu') }
    const controller = new AbortController()
    const onProgress = ({ step }: { step: number }): void => {
      if (step === 3) controller.abort()
    }
    await expect(trainModel({ ...run, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
    const found = await trainModel(run)
    const [losses, expected] = await Promise.all([found, reference].map((result) => lossesOf(result)))
    expect(losses).toHaveLength(expected.length)
    for (const [i, loss] of losses.entries()) expect(Math.abs(loss / expected[i] - 1)).toBeLessThan(1e-3)
  })
})

it.skipIf(torchDevice === undefined)(
  'trains on LibTorch, resumes to the same bytes, and goes on elsewhere only where that is allowed, which the model says',
  async () => {
    const folder = await temporaryFolder()
    const examples = await writeRows(folder, rows(24))
    const config = {
      ...small,
      model: await bareFolder(tinyQwen3),
      random_start: true,
      learning_rate: 0.01,
      micro_batch_tokens: 100,
      device: 'torch:cpu' as const,
    }
    const weights = (model: string): Promise<Buffer> => readFile(join(model, 'model.safetensors'))
    const stopped = async (name: string) => {
      const controller = new AbortController()
      const onProgress = ({ step }: { step: number }): void => {
        if (step === 3) controller.abort()
      }
      const pieces = { examples, config, folder: join(folder, name) }
      await expect(trainModel({ ...pieces, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
      return pieces
    }
    const whole = await trainModel({ examples, config, folder: join(folder, 'whole') })
    expect(whole.runtime).toMatch(/^torch:cpu, LibTorch 2\.\d+/)
    expect(whole.warnings).toEqual([])
    const resumed = await trainModel(await stopped('pieces'))
    expect((await weights(resumed.model)).equals(await weights(whole.model))).toBe(true)

    const moved = { ...(await stopped('moved')), config: { ...config, device: 'cpu' as const } }
    await expect(trainModel(moved)).rejects.toThrow(
      /expected torch:cpu, LibTorch .*found cpu, ONNX Runtime .*resume_elsewhere/,
    )
    const allowed = await trainModel({ ...moved, config: { ...moved.config, resume_elsewhere: true } })
    expect(allowed.warnings).toEqual([
      expect.stringMatching(/torch:cpu, LibTorch \S+ from step 1, then cpu, ONNX Runtime \S+ from step 4/),
    ])
    const reduced = { ...config, precision: 'bfloat16' as const, epochs: 1 }
    const [exact, rough] = await Promise.all([
      lossesOf(whole),
      lossesOf(await trainModel({ examples, config: reduced, folder: join(folder, 'reduced') })),
    ])
    expect(Math.abs((rough[0] ?? 0) - (exact[0] ?? 0))).toBeLessThan(0.05 * (exact[0] ?? 0))
  },
)
