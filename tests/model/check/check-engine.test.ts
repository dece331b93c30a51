import { readdirSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Engines } from '../../../model/check/check-outcome.ts'
import { checkEngine } from '../../../model/check/check-engine.ts'
import { DEVICES } from '../../../model/execute/device-names.ts'
import { chooseDevice, listDevices } from '../../../model/execute/devices.ts'
import { compileOnnx, compileOnnxOn } from '../../../model/execute/onnxruntime.ts'
import { compileTfjsCpu } from '../../../model/execute/tfjs.ts'
import { onDevice } from '../../../model/training/on-device.ts'
import { sharedTest } from '../../helpers/shared.ts'
import { torchDevice } from '../../helpers/torch.ts'

// Made by scripts/peers/cases_transformers.py.
const CASES = fileURLToPath(new URL('../../fixtures/training', import.meta.url))
const onnx: Engines = { compile: compileOnnx }
const executors: (readonly [string, Engines])[] = [
  ['cpu', onnx],
  ['tfjs', { compile: compileTfjsCpu }],
  ...(torchDevice ? [['torch', await onDevice('torch:cpu')] as const] : []),
]

const reports = await listDevices()
const webgpu = reports.find(({ device }) => device === 'webgpu')
if (webgpu?.works === true) executors.push(['webgpu', { compile: compileOnnxOn('webgpu') }])
else process.stdout.write(`webgpu is not tested here: ${webgpu?.detail}\n`)

describe('devices', () => {
  it('says of each what it is, or why it does not work', async () => {
    expect(reports.map(({ device }) => device)).toEqual([...DEVICES])
    for (const device of ['cpu', 'tfjs']) expect(reports.find((r) => r.device === device)?.works).toBe(true)
    expect(reports.every(({ detail }) => detail.length > 0)).toBe(true)
    expect(await chooseDevice('cpu')).toBe('cpu')
    const broken = reports.find(({ works }) => !works)
    if (broken !== undefined) await expect(chooseDevice(broken.device)).rejects.toThrow(/lrat devices/)
  })
})

const agrees = async (folder: string, engines: Engines, tolerance = 1e-4): Promise<void> => {
  const errors = await checkEngine(folder, engines)
  expect(errors.embeddings).toBeLessThan(1e-5)
  expect(errors.loss).toBeLessThan(1e-4)
  expect(errors.gradients).toBeLessThan(tolerance)
  expect(errors.parameters).toBeLessThan(1e-4)
}

describe('a training step', () => {
  const cases = readdirSync(CASES).flatMap((name) =>
    executors.map(([device, engines]) => [name, device, engines] as const),
  )
  it.each(cases)('of transformers: %s on %s', (name, device, engines) =>
    // This small BERT magnifies rounding: other kernels and orders of sums move its gradients by up to 1.8e-4.
    agrees(join(CASES, name), engines, device === 'torch' || device === 'webgpu' ? 3e-4 : 1e-4),
  )

  for (const name of ['bert-cls', 'xlmr-mean', 'qwen3-last'])
    for (const [device, engines] of executors)
      sharedTest(`of PyTorch: ${name} on ${device}`, ['reference/torch/cases'], (path) =>
        agrees(join(path, name), engines),
      )

  it('gives the same whatever the micro-batches', async () => {
    for (const microBatchTokens of [1, 20, 1000])
      expect((await checkEngine(join(CASES, 'qwen3-last'), onnx, { microBatchTokens })).gradients).toBeLessThan(1e-5)
  })

  it('names a file that is missing or broken', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lrat-case-'))
    await cp(join(CASES, 'bert-cls'), folder, { recursive: true })
    await writeFile(join(folder, 'batch.json'), '{')
    await expect(checkEngine(folder, onnx)).rejects.toThrow(/batch.json/)
    await rm(join(folder, 'config.json'))
    await expect(checkEngine(folder, onnx)).rejects.toThrow(/config.json.*no such file/)
    await rm(folder, { recursive: true })
  })
})

it('finds for `auto` a device that works, never TensorFlow.js', async () => {
  const best = await chooseDevice('auto')
  expect(['cuda', 'webgpu', 'cpu']).toContain(best)
  expect(reports.find(({ device }) => device === best)?.works).toBe(true)
})
