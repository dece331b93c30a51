// Our side of bench-gpu: one device and precision in a process of its own.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { compilerOf, residentOn } from '../../model/execute/devices.ts'
import { floatsOf, tensor, type Compile } from '../../model/execute/executor.ts'
import { deviceMemory } from '../../model/training/device-memory.ts'
import { hostMemory } from '../../model/training/host-memory.ts'
import type { NamedTensor } from '../../model/files/safetensors.ts'
import { networkOf } from '../../model/nets/architectures.ts'
import type { Network } from '../../model/nets/network.ts'
import { ADAMW } from '../../model/training/optimizer.ts'
import { randomOf } from '../../core/random.ts'
import { lossGraph } from '../../model/training/training-graphs.ts'
import { zerosLike, type TrainingMemory } from '../../model/training/training-memory.ts'
import { SHAPES, type Kernel, type Measured, type Task } from './shapes.ts'

const task = JSON.parse(process.argv[2]) as Task
const { device, precision, tokens, microBatch } = task
const config = SHAPES[task.shape]
const network = networkOf({ ...config }, task.shape)
const random = randomOf(7)

/** Random weights of the right size, one block of normal draws over and over: nobody trains on them. */
const weights = (of: Network): Map<string, NamedTensor> => {
  const block = Float32Array.from({ length: 1 << 16 }, () => random.normal())
  return new Map(
    of.parameters.map(({ name, dims, start }) => {
      const data = new Float32Array(dims.reduce((a, b) => a * b, 1))
      if ('value' in start) data.fill(start.value)
      else
        for (let at = 0; at < data.length; at += block.length)
          for (let i = Math.min(block.length, data.length - at) - 1; i >= 0; i--)
            data[at + i] = start.deviation * block[i]
      return [name, { dims, data }]
    }),
  )
}

const open = (profile?: string): Promise<TrainingMemory> => {
  const parameters = weights(network)
  const state = { parameters, first: zerosLike(parameters), second: zerosLike(parameters) }
  const resident = residentOn(device, { profile })
  const compile = profiledOn(profile)
  const options = { compile, precision, temperature: 0.02, optimizer: ADAMW, selectiveDecay: true }
  const common = { ...options, padId: 0, microBatchTokens: microBatch * tokens }
  return resident === undefined
    ? hostMemory(network, state, common)
    : deviceMemory(network, state, { ...common, resident })
}

const profiledOn =
  (profile: string | undefined): Compile =>
  (outputs, options) =>
    compilerOf(device)(outputs, { ...options, profile })

const batch = () => {
  const ids = Int32Array.from({ length: microBatch * tokens }, () => random.below(config.vocab_size))
  return {
    input_ids: tensor(ids, microBatch, tokens),
    attention_mask: tensor(new Int32Array(ids.length).fill(1), microBatch, tokens),
  }
}
const cotangent = tensor(new Float32Array(microBatch * network.dimensions).fill(1e-3), microBatch, network.dimensions)

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/** Repeats `work` until its time is up; what the device still has to do is waited for within the time. */
const rate = async (work: () => Promise<unknown>, settle: () => Promise<unknown>) => {
  let done = 0
  let seconds = 0
  // A few at a time, since a device runs behind.
  for (let round = 1; seconds < task.seconds; round *= 2) {
    seconds += await timed(async () => {
      for (let i = 0; i < round; i++) await work()
      await settle()
    })
    done += round
    if (seconds / done > task.seconds / 2) break
  }
  return { tokens: done * microBatch * tokens, seconds }
}

const lossSeconds = async (): Promise<number> => {
  const { queries, documents } = task
  const executable = await compilerOf(device)(lossGraph(network.dimensions, 0.02))
  const unit = (rows: number) => {
    const data = Float32Array.from({ length: rows * network.dimensions }, () => random.normal() / 32)
    return tensor(data, rows, network.dimensions)
  }
  const targets = new Float32Array(queries * documents)
  for (let q = 0; q < queries; q++) targets[q * documents + q] = 1
  const feeds = {
    queries: unit(queries),
    documents: unit(documents),
    log_counts: tensor(new Float32Array(targets.length), queries, documents),
    targets: tensor(targets, queries, documents),
    weights: tensor(new Float32Array(queries).fill(1 / queries), queries),
  }
  const run = async (): Promise<number> => floatsOf(await executable.run(feeds), 'loss')[0]
  await run()
  const seconds = await timed(run)
  await executable.close()
  return seconds
}

/** What ran on the device, by kind, from the profiles of one micro-batch and one update. */
const kernels = async (prefix: string): Promise<Kernel[]> => {
  const memory = await open(prefix)
  await memory.clear()
  await memory.addGradients(batch(), cotangent)
  await memory.gradientNorm()
  await memory.update(1e-6, 1, 1)
  await memory.close()
  const found = new Map<string, { calls: number; milliseconds: number }>()
  for (const file of readdirSync(dirname(prefix)).filter((name) => name.startsWith(basename(prefix)))) {
    const path = join(dirname(prefix), file)
    for (const { name, milliseconds } of kernelsIn(readFileSync(path, 'utf8'), device === 'webgpu')) {
      const known = found.get(name) ?? { calls: 0, milliseconds: 0 }
      found.set(name, { calls: known.calls + 1, milliseconds: known.milliseconds + milliseconds })
    }
    rmSync(path)
  }
  return [...found].map(([name, counts]) => ({ name, ...counts })).sort((a, b) => b.milliseconds - a.milliseconds)
}

interface ProfileEvent {
  readonly cat: string
  readonly name: string
  readonly dur: number
  readonly args?: { readonly op_name?: string }
}
/** WebGPU reports each kernel as "node&operator&program"; other providers the host's time of each node. */
const kernelsIn = (text: string, onDevice: boolean) =>
  (JSON.parse(text) as ProfileEvent[]).flatMap(({ cat, name, dur, args }) => {
    if (onDevice && cat === 'Api') return [{ name: name.split('&').slice(1).join(' '), milliseconds: dur / 1000 }]
    if (!onDevice && cat === 'Node' && args?.op_name !== undefined && name.endsWith('_kernel_time'))
      return [{ name: args.op_name, milliseconds: dur / 1000 }]
    return []
  })

const start = performance.now()
const memory = await open()
await memory.clear()
const setup = (performance.now() - start) / 1000
const norm = (): Promise<number> => memory.gradientNorm()
const first = await timed(async () => {
  await memory.encode(batch())
  await memory.addGradients(batch(), cotangent)
  await norm()
  await memory.update(1e-6, 1, 1)
})
const encode = await rate(
  () => memory.encode(batch()),
  async () => {},
)
const vjp = await rate(() => memory.addGradients(batch(), cotangent), norm)
const length = await norm()
if (!Number.isFinite(length)) console.error(`gradient norm ${length}`)
const update = await timed(async () => {
  await memory.update(1e-6, 2, 1)
  await norm()
})
await memory.close()
const loss = await lossSeconds()
const profiled = task.profile === undefined ? undefined : await kernels(task.profile)
const measured: Measured = { encode, vjp, loss, update, setup, first, ...(profiled && { kernels: profiled }) }
console.log(JSON.stringify(measured))
