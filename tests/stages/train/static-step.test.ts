import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createEngine, zerosLike } from '../../../model/training/engine.ts'
import { compileOnnx } from '../../../model/execute/onnxruntime.ts'
import { randomStaticModel } from '../../../model/folder.ts'
import { TABLE } from '../../../model/nets/static.ts'
import { vocabularyBuilder } from '../../../model/tokenize/vocabulary.ts'
import { optimizerOf } from '../../../stages/train/config.ts'
import { batchesOf } from '../../../stages/train/batches.ts'
import { openDataset } from '../../../stages/train/dataset.ts'
import { staticTrainer } from '../../../stages/train/static-step.ts'
import { buildDataset } from '../../../stages/train/tokenise.ts'
import { rows, small, temporaryFolder, writeRows } from './helpers.ts'

it('computes what the engine’s four graphs do, and moves the rows that the batch uses as they do', async () => {
  const folder = await temporaryFolder()
  const data = rows(30)
  const builder = vocabularyBuilder()
  for (const row of data) for (const text of [row.query, row.pos, row.neg].flat()) builder.add(String(text))
  const tokenizerJson = builder.finish({ size: 200, maxTokens: 50 })
  const model = randomStaticModel({ tokenizerJson, dimensions: 8, maxTokens: 50, seed: 1 })
  const examples = await writeRows(folder, [...data, { query: '', pos: ['a'], neg: ['', 'b'] }])
  const keep = ['unsatisfied', 'empty_query', 'no_negative'] as const
  const limits = { limits: { query: 50, passage: 50 }, prefixes: model.prefixes, keep }
  const record = await buildDataset(examples, join(folder, 'data'), { tokenizer: model.tokenizer, ...limits })
  const dataset = await openDataset(join(folder, 'data'), { ...record, cache: join(folder, 'ids.bin') })

  const config = { ...small, batch_size: 31, weight_decay: 0 }
  const batch = batchesOf(dataset, config)(0)
  const copy = new Map([...model.parameters].map(([name, { dims, data: old }]) => [name, { dims, data: old.slice() }]))
  const start = { step: 0, parameters: copy, first: zerosLike(copy), second: zerosLike(copy) }
  const trainer = await staticTrainer({ dataset, config, start, check: () => undefined })
  const texts = [...batch.queries, ...batch.documents].map(dataset.ids)
  const embedded = await trainer.embed(texts)
  const result = await trainer.step(batch, 0.01, 1)
  await trainer.close()

  const { parameters } = model
  const state = { parameters, first: zerosLike(parameters), second: zerosLike(parameters) }
  const engine = await createEngine(model.network, state, {
    compile: compileOnnx,
    temperature: config.temperature,
    optimizer: optimizerOf(config),
    selectiveDecay: true,
    padId: 0,
    microBatchTokens: 40,
  })
  const reference = await engine.embed(texts)
  expect(Math.max(...embedded.map((x, i) => Math.abs(x - reference[i])))).toBeLessThan(1e-6)
  const { loss } = await engine.backward(texts, batch.queries.length, batch)
  const norm = await engine.gradientNorm()
  await engine.update(0.01, 1, Math.min(1, config.clip_norm / norm))
  await engine.close()
  dataset.close()

  expect(result.loss).toBeCloseTo(loss, 4)
  expect(Math.abs(result.gradientNorm / norm - 1)).toBeLessThan(1e-4)
  // At the first step, without decay, a row that no text uses stays where it is in both.
  const [ours, theirs] = [copy.get(TABLE)?.data ?? [], parameters.get(TABLE)?.data ?? []]
  expect(Math.max(...Array.from(ours, (x, i) => Math.abs(x - theirs[i])))).toBeLessThan(1e-4)
})
