// Our side of bench-train, in a process of its own so that its peak memory is its own.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encoderOf } from '../../model/encoder.ts'
import { isDevice, isTorch, type Device } from '../../model/execute/device-names.ts'
import { openTorch } from '../../model/execute/torch/device.ts'
import { openModel } from '../../model/folder.ts'
import { PRECISIONS, type Precision } from '../../model/graph/precision.ts'
import { createEngine, zerosLike } from '../../model/training/engine.ts'
import { onDevice } from '../../model/training/on-device.ts'
import { ADAMW } from '../../model/training/optimizer.ts'
import { ENCODE_TOKENS, type BenchBatch, type Measured } from './shapes.ts'

const [folder = '', steps, threads, microBatchTokens, name = 'cpu', asked = 'float32'] = process.argv.slice(2)
const device: Device = isDevice(name) ? name : 'cpu'
const precision: Precision = PRECISIONS.find((one) => one === asked) ?? 'float32'
const batch = JSON.parse(readFileSync(join(folder, 'batch.json'), 'utf8')) as BenchBatch
const model = await openModel(join(folder, 'model'))
const { parameters, tokenizer } = model
const state = { parameters, first: zerosLike(parameters), second: zerosLike(parameters) }
const engine = await createEngine(model.network, state, {
  ...(await onDevice(device, Number(threads))),
  temperature: batch.temperature,
  optimizer: ADAMW,
  selectiveDecay: true,
  padId: tokenizer.padId,
  microBatchTokens: Number(microBatchTokens),
  precision,
})
const documents = batch.groups.flat()
const rows = batch.queries.length
const texts = [...batch.queries, ...documents].map((text) => Int32Array.from(tokenizer.encode(text, 512)))
const targets = new Float32Array(rows * documents.length)
for (let i = 0; i < rows; i++) targets[i * documents.length + i * (batch.groups[0]?.length ?? 1)] = 1
const feeds = { logCounts: new Float32Array(targets.length), targets, weights: new Float32Array(rows).fill(1 / rows) }

/** Calls of LibTorch so far. */
const calls = async (): Promise<number> => (isTorch(device) ? (await openTorch(device)).tensors.calls() : 0)
/** Microseconds of a call that computes next to nothing. */
const microseconds = async (): Promise<number> => {
  const { tensors, operators } = await openTorch(isTorch(device) ? device : 'torch')
  const rounds = 20_000
  const one = tensors.scope(() => tensors.empty([1], 'f32'))
  const before = tensors.calls()
  const start = performance.now()
  for (let i = 0; i < rounds; i++) {
    tensors.scope(() => {
      operators.neg(one)
      return []
    })
  }
  const spent = (performance.now() - start) * 1000
  const made = tensors.calls() - before
  tensors.delete(one)
  return spent / made
}

const seconds: number[] = []
const losses: number[] = []
let [tokens, positions, callsOfStep] = [0, 0, 0]
for (let step = 1; step <= Number(steps); step++) {
  const before = await calls()
  const start = performance.now()
  const result = await engine.backward(texts, rows, feeds)
  await engine.update(batch.learningRate, step, 1)
  seconds.push((performance.now() - start) / 1000)
  losses.push(result.loss)
  tokens = result.tokens
  positions = result.positions
  callsOfStep = (await calls()) - before
}
await engine.close()
const peakKiB = process.resourceUsage().maxRSS
const encoder = await encoderOf(model, { batchTokens: ENCODE_TOKENS, device })
const start = performance.now()
await encoder.encode(documents, 'passage')
const encode = (performance.now() - start) / 1000
await encoder.close()
const costs = isTorch(device) ? { calls: callsOfStep, microseconds: await microseconds() } : {}
const measured: Measured = { losses, seconds, peakKiB, encode, tokens, positions, ...costs }
console.log(JSON.stringify(measured))
