import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadEncoder } from '../../../model/encoder.ts'
import { Interrupted } from '../../../core/errors.ts'
import type { ModelConfig } from '../../../stages/train/config.ts'
import type { StepMetrics } from '../../../stages/train/metrics.ts'
import { lossesOf, rows, small, stepsOf, temporaryFolder, trainModel, writeRows } from './helpers.ts'

const weightsOf = (model: string): Promise<Buffer> => readFile(join(model, '0_StaticEmbedding', 'model.safetensors'))

/** Trains until the signal comes at step `stop`, as often as the list says, then to the end. */
const trainInPieces = async (examples: string, folder: string, stops: readonly number[]) => {
  for (const stop of stops) {
    const controller = new AbortController()
    const onProgress = ({ step }: StepMetrics): void => {
      if (step === stop) controller.abort()
    }
    const options = { examples, folder, config: small, signal: controller.signal, onProgress }
    await expect(trainModel(options)).rejects.toThrow(Interrupted)
  }
  return trainModel({ examples, folder, config: small })
}

describe('trainModel', () => {
  it('lowers the loss, and is done at once when called again', async () => {
    const folder = await temporaryFolder()
    const options = { examples: await writeRows(folder, rows(50)), config: small, folder: join(folder, 'out') }
    const result = await trainModel(options)
    expect(result.steps).toBe(21)
    const table = await stepsOf(result)
    expect(table.map(({ step, epoch }) => [step, epoch])).toEqual(
      Array.from({ length: 21 }, (_, i) => [i + 1, Math.floor(i / 7)]),
    )
    const losses = table.map(({ loss }) => loss)
    const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b) / some.length
    expect(result.loss).toEqual({ first: mean(losses.slice(0, 10)), last: mean(losses.slice(-10)) })
    expect(table[0]).toMatchObject({ model: 'lrat-3', examples: 8, padding: 0 })
    expect(Math.max(...losses.slice(-3))).toBeLessThan(0.6 * losses[0])
    expect(result.rows).toMatchObject({ read: 50, kept: 50 })
    for (const folders of [options.folder, join(options.folder, 'lrat-3')])
      expect(await readdir(folders)).not.toContain('work')
    const steps: number[] = []
    expect(await trainModel({ ...options, onProgress: ({ step }) => steps.push(step) })).toEqual(result)
    expect(steps).toEqual([])
  })

  it('gives the same bytes however often it is stopped', async () => {
    const folder = await temporaryFolder()
    const examples = await writeRows(folder, rows(50))
    const whole = await trainInPieces(examples, join(folder, 'whole'), [])
    const pieces = await trainInPieces(examples, join(folder, 'pieces'), [1, 5, 14, 20])
    expect((await weightsOf(whole.model)).equals(await weightsOf(pieces.model))).toBe(true)
    expect(await stepsOf(pieces)).toEqual(await stepsOf(whole))
    const other = await trainModel({ examples, folder: join(folder, 'other'), config: { ...small, seed: 4 } })
    expect((await weightsOf(whole.model)).equals(await weightsOf(other.model))).toBe(false)
  })

  it('goes on from the checkpoint before one that is damaged', async () => {
    const folder = await temporaryFolder()
    const examples = await writeRows(folder, rows(50))
    const whole = await trainInPieces(examples, join(folder, 'whole'), [])
    const again = join(folder, 'again')
    const controller = new AbortController()
    const onProgress = ({ step }: StepMetrics): void => {
      if (step === 9) controller.abort()
    }
    const options = { examples, folder: again, config: small }
    await expect(trainModel({ ...options, onProgress, signal: controller.signal })).rejects.toThrow(Interrupted)
    const checkpoints = join(again, 'lrat-3', 'work', 'checkpoints')
    const newest = (await readdir(checkpoints)).sort().at(-1) ?? ''
    await truncate(join(checkpoints, newest), 1000)
    const result = await trainModel(options)
    expect((await weightsOf(whole.model)).equals(await weightsOf(result.model))).toBe(true)
  })

  it('weighs pairs, or does not', async () => {
    const folder = await temporaryFolder()
    const examples = await writeRows(folder, rows(50))
    const run = async (name: string, change: object): Promise<Buffer> => {
      const result = await trainModel({ examples, folder: join(folder, name), config: { ...small, ...change } })
      return weightsOf(result.model)
    }
    const weighted = await run('weighted', {})
    expect(weighted.equals(await run('unweighted', { weighting: 'none' }))).toBe(false)
    expect(weighted.equals(await run('normalizer', { normalizer: 'weights' }))).toBe(false)
    expect(weighted.equals(await run('own', { in_batch_negatives: false }))).toBe(false)
  })

  it('copes with batches larger than the data, empty and one-token texts, and equal texts', async () => {
    const folder = await temporaryFolder()
    const odd = [
      { query: 'a', pos: ['b'], neg: ['', 'a', 'word '.repeat(10_000)], satisfied: true },
      { query: 'a', pos: ['a'], neg: ['b', 'b', 'c'] },
      { query: 'a', pos: ['a'], neg: ['a'] },
    ]
    const examples = await writeRows(folder, odd)
    const result = await trainModel({ examples, folder: join(folder, 'out'), config: { ...small, batch_size: 64 } })
    expect(result.steps).toBe(3)
    expect((await lossesOf(result)).every(Number.isFinite)).toBe(true)
    const encoder = await loadEncoder(result.model)
    const [empty, word] = [await encoder.encode([''], 'query'), await encoder.encode(['a', '', 'b c'], 'query')]
    expect([...empty]).toEqual(Array.from({ length: 8 }, () => 0))
    expect(Math.hypot(...word.subarray(0, 8))).toBeCloseTo(1, 5)
    await encoder.close()
  })

  it('counts what it drops, and says so when nothing is left', async () => {
    const folder = await temporaryFolder()
    const [row] = rows(1)
    const bad = [
      { ...row, satisfied: false },
      { ...row, query: ' ' },
      { ...row, neg: [] },
    ]
    const kept = await trainModel({
      examples: await writeRows(folder, [...bad, ...rows(20)]),
      folder: join(folder, 'out'),
      config: small,
    })
    expect(kept.rows).toEqual({ read: 23, unsatisfied: 1, empty_query: 1, no_negative: 1, kept: 20 })
    const examples = await writeRows(folder, bad)
    const none = trainModel({ examples, folder: join(folder, 'none'), config: small })
    await expect(none).rejects.toThrow(/none of 3: 1 unsatisfied, 1 with an empty query, 1 without a negative/)
    const keep: ModelConfig['keep'] = ['unsatisfied', 'empty_query', 'no_negative']
    const all = await trainModel({ examples, folder: join(folder, 'all'), config: { ...small, keep } })
    expect(all.rows.kept).toBe(3)
  })

  it('stops at a loss that is no number and keeps the last good checkpoint', async () => {
    const folder = await temporaryFolder()
    const config = { ...small, learning_rate: 1e38, clip_norm: 0, schedule: 'constant' as const, warmup: 0 }
    const examples = await writeRows(folder, rows(50))
    const failing = trainModel({ examples, folder: join(folder, 'out'), config })
    await expect(failing).rejects.toThrow(/training step \d+.*: expected .*finite.*train\.learning_rate/)
  })

  it.each([
    ['[]', /line 1: expected a string "query"/],
    ['{"query": 3}', /"query"/],
    ['{"query": "a", "pos": []}', /"pos"/],
    ['{"query": "a", "pos": ["b"], "neg": [1]}', /"neg"/],
    ['{"query": "a", "pos": ["b"], "neg": ["c"], "reweight_rate": -1}', /"reweight_rate"/],
    ['{"query": "a", ', /line 1/],
  ])('names the line of a wrong row: %s', async (line, message) => {
    const folder = await temporaryFolder()
    const examples = join(folder, 'rows.jsonl')
    await writeFile(examples, `${line}\n`)
    await expect(trainModel({ examples, folder: join(folder, 'out'), config: small })).rejects.toThrow(message)
  })

  it('names a missing file', async () => {
    const folder = await temporaryFolder()
    const out = join(folder, 'out')
    await expect(trainModel({ examples: 'missing.jsonl', folder: out, config: small })).rejects.toThrow(/missing.jsonl/)
  })
})
