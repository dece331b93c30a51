// Our side of bench-train, in a process of its own so that its peak memory is its own.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine, zerosLike } from '../../model/training/engine.ts'
import { encoderOf } from '../../model/encoder.ts'
import { compileOnnxOn } from '../../model/execute/onnxruntime.ts'
import type { Compile } from '../../model/execute/executor.ts'
import { openModel } from '../../model/folder.ts'
import { ADAMW } from '../../model/training/optimizer.ts'
import type { BenchBatch, Measured } from './shapes.ts'

const [folder, steps, threads, microBatchTokens] = process.argv.slice(2)
const batch = JSON.parse(readFileSync(join(folder, 'batch.json'), 'utf8')) as BenchBatch
const model = await openModel(join(folder, 'model'))
const { parameters, tokenizer } = model
const compile: Compile = (outputs, options) => compileOnnxOn('cpu')(outputs, { ...options, threads: Number(threads) })
const state = { parameters, first: zerosLike(parameters), second: zerosLike(parameters) }
const engine = await createEngine(model.network, state, {
  compile,
  temperature: batch.temperature,
  optimizer: ADAMW,
  selectiveDecay: true,
  padId: tokenizer.padId,
  microBatchTokens: Number(microBatchTokens),
})
const documents = batch.groups.flat()
const rows = batch.queries.length
const texts = [...batch.queries, ...documents].map((text) => Int32Array.from(tokenizer.encode(text, 512)))
const targets = new Float32Array(rows * documents.length)
for (let i = 0; i < rows; i++) targets[i * documents.length + i * batch.groups[0].length] = 1
const feeds = { logCounts: new Float32Array(targets.length), targets, weights: new Float32Array(rows).fill(1 / rows) }

const seconds: number[] = []
const losses: number[] = []
let [tokens, positions] = [0, 0]
for (let step = 1; step <= Number(steps); step++) {
  const start = performance.now()
  const result = await engine.backward(texts, rows, feeds)
  await engine.update(batch.learningRate, step, 1)
  seconds.push((performance.now() - start) / 1000)
  losses.push(result.loss)
  tokens = result.tokens
  positions = result.positions
}
await engine.close()
const peakKiB = process.resourceUsage().maxRSS
const encoder = await encoderOf(model, { batchTokens: 4096 })
const start = performance.now()
await encoder.encode(documents, 'passage')
const encode = (performance.now() - start) / 1000
await encoder.close()
const measured: Measured = { losses, seconds, peakKiB, encode, tokens, positions }
console.log(JSON.stringify(measured))
