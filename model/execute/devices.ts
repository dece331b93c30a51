// What this machine can run graphs on.
import { UserError, messageOf } from '../../core/errors.ts'
import { versions } from '../../core/versions.ts'
import { add, cast } from '../graph/elementwise.ts'
import type { Precision } from '../graph/precision.ts'
import { input } from '../graph/sources.ts'
import { floatsOf, tensor, type Compile, type ExecutorOptions } from './executor.ts'
import { noReduced } from './failures.ts'
import { compileOnnxOn, type OnnxDevice } from './onnxruntime.ts'
import { webgpuRuntime, type ResidentRuntime } from './resident.ts'
import { secondsOfProduct } from './speed.ts'
import { DEVICES, isTorch, type Device, type Listed } from './device-names.ts'
import { describeTorch, hasTorchCard, nameTorch, openTorch } from './torch/device.ts'
import { compileTorchOn } from './torch/executable.ts'
import { compileTfjs, compileTfjsCpu } from './tfjs.ts'
import { probe, type Trial } from './probe.ts'
import type * as Tfjs from '@tensorflow/tfjs-core'

export interface DeviceReport {
  readonly device: Device
  readonly works: boolean
  /** What runs it, or why it does not work and what to do. */
  readonly detail: string
}

const DETAILS: Readonly<Record<Listed, string>> = {
  torch: 'LibTorch',
  cuda: 'ONNX Runtime, CUDA provider',
  webgpu: 'ONNX Runtime, WebGPU provider (Vulkan, Metal or Direct3D 12)',
  cpu: 'ONNX Runtime',
  'tfjs-node-gpu': 'TensorFlow.js on CUDA 11.2',
  tfjs: 'TensorFlow.js in plain JavaScript: slow, for checks',
}

const HINTS: Readonly<Record<Listed, string>> = {
  torch: 'Activate an environment with PyTorch 2.10 or newer, or set LRAT_TORCH.',
  cuda: 'Install the provider: npm run cuda, with CUDA 12 and cuDNN 9.',
  webgpu: 'Install a Vulkan driver and libvulkan1 (Linux), or use another device.',
  cpu: 'Run npm ci again.',
  'tfjs-node-gpu': 'Install it: npm install @tensorflow/tfjs-node-gpu@4.22.0 (Node 20 or 22, CUDA 11.2, cuDNN 8.1).',
  tfjs: 'Run npm ci again.',
}

const ONNX: readonly OnnxDevice[] = ['cpu', 'webgpu', 'cuda']
export const isOnnx = (device: Device): device is OnnxDevice => ONNX.some((known) => known === device)

/** A device with the name and version of what runs it. */
export const runtimeOf = async (device: Device): Promise<string> => {
  if (isTorch(device)) return nameTorch(device)
  return isOnnx(device) ? `${device}, ONNX Runtime ${versions().onnxruntime}` : device
}

/** The compiler for a device, which may still fail when it is first used. */
export const compilerOf = (device: Device): Compile => {
  if (isOnnx(device)) return compileOnnxOn(device)
  if (isTorch(device)) return async (outputs, options) => compileTorchOn(await openTorch(device))(outputs, options)
  return device === 'tfjs' ? compileTfjsCpu : async (outputs) => compileTfjs(await loadTfjsNode())(outputs)
}

/** How a device keeps values in its own memory between runs; undefined where all goes through the host. */
export const residentOn = (device: Device, options: ExecutorOptions = {}): ResidentRuntime | undefined =>
  device === 'webgpu' ? webgpuRuntime(options) : undefined

/** The name is not written out, so that the compiler does not look for an optional package. */
const TFJS_NODE: string = '@tensorflow/tfjs-node-gpu'
const loadTfjsNode = async (): Promise<typeof Tfjs> => {
  const module = (await import(TFJS_NODE)) as { default?: typeof Tfjs } & typeof Tfjs
  return module.default ?? module
}

interface Wrong {
  readonly found: string
  readonly fix: string
}

/** Runs a small graph on the device: undefined when the result is right, else what went wrong and what to do. */
const tryOut = async (device: Device): Promise<Wrong | undefined> => {
  const fix = HINTS[isTorch(device) ? 'torch' : device]
  try {
    const executable = await compilerOf(device)({ sum: add(input('a', ['n']), input('b', [1])) })
    const result = await executable.run({ a: tensor(Float32Array.of(1, 2), 2), b: tensor(Float32Array.of(3), 1) })
    await executable.close()
    const found = floatsOf(result, 'sum').join(' ')
    return found === '4 5' ? undefined : { found: `computes 1 2 + 3 = ${found}`, fix }
  } catch (error) {
    return error instanceof UserError ? error.problem : { found: firstLine(messageOf(error)), fix }
  }
}

/** Throws UserError unless the device, which works, computes in this precision. */
export const checkPrecision = async (device: Device, precision: Precision): Promise<void> => {
  if (precision === 'float32' || isTorch(device)) return
  if (precision === 'bfloat16')
    throw noReduced(
      device,
      precision,
      isOnnx(device) ? 'ONNX Runtime, which has no bfloat16 products here' : 'TensorFlow.js, which has none',
    )
  if (!isOnnx(device)) throw noReduced(device, precision, 'TensorFlow.js, which has none')
  const a = cast(input('a', ['n']), 'f16')
  const executable = await compilerOf(device)({ sum: cast(add(a, a), 'f32') })
  try {
    await executable.run({ a: tensor(Float32Array.of(1), 1) })
  } finally {
    await executable.close()
  }
}

/** What a user can read of an error: not the source line that failed, nor which of our files asked. */
const firstLine = (text: string): string =>
  (text.split('\n')[0] ?? '')
    .replace(/^.* was false\. /, '')
    .replace(/ imported from \S+$/, '')
    .slice(-200)

/** Devices whose drivers print or crash, and so are tried in a process of their own. */
const APART: ReadonlySet<string> = new Set<Device>(['cuda', 'webgpu', 'tfjs-node-gpu'])

/** Tries a device in this process. */
export const tryDevice = async (device: Device, ask: 'works' | 'worth it'): Promise<Trial> => {
  const wrong = await tryOut(device)
  if (wrong !== undefined) return { wrong: { found: wrong.found, fix: wrong.fix } }
  return {
    wrong: null,
    ...(device === 'torch' && { detail: await describeTorch() }),
    ...(ask === 'worth it' && { worthIt: await isWorthIt(device) }),
  }
}

const trial = (device: Device, ask: 'works' | 'worth it' = 'works'): Promise<Trial> =>
  APART.has(device) ? probe(device, ask) : tryDevice(device, ask)

/** Tries each device on a small graph. */
export const listDevices = (): Promise<DeviceReport[]> =>
  Promise.all(
    DEVICES.map(async (device) => {
      const { wrong, detail } = await trial(device)
      if (wrong === null) return { device, works: true, detail: detail ?? DETAILS[device] }
      return { device, works: false, detail: `${wrong.found.trim().replace(/\.$/, '')}. ${wrong.fix}` }
    }),
  )

/** Whether a device beats the processor: a software Vulkan driver does not. */
const isWorthIt = async (device: Device): Promise<boolean> =>
  device !== 'webgpu' || (await secondsOfProduct(compilerOf(device))) < (await secondsOfProduct(compilerOf('cpu')))

/**
 * The device asked for, tried out; for `auto` the first that works of torch on a card, cuda, webgpu (where it beats the processor, as
 * software drivers do not) and cpu. Throws UserError when the device asked for does not work.
 */
export const chooseDevice = async (asked: Device | 'auto'): Promise<Device> => {
  const candidates: readonly Device[] =
    asked === 'auto' ? [...((await hasTorchCard()) ? (['torch'] as const) : []), 'cuda', 'webgpu', 'cpu'] : [asked]
  let wrong: Wrong = { found: 'none', fix: '' }
  for (const device of candidates) {
    const found = await trial(device, asked === 'auto' ? 'worth it' : 'works')
    if (found.wrong === null && found.worthIt !== false) return device
    wrong = found.wrong ?? wrong
  }
  throw new UserError({
    where: `device ${asked}`,
    expected: 'a device that works here',
    found: wrong.found,
    fix: `${wrong.fix} \`lrat devices\` lists what works.`,
  })
}
