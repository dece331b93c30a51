// Which step is shipped: the start competes, patience ends the work, and both hold however often it was killed.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Interrupted } from '../../../core/errors.ts'
import type { DevConfig, ModelConfig } from '../../../stages/train/config.ts'
import type { TrainResult } from '../../../stages/train/options.ts'
import { rows, scoresOf, small, stepsOf, temporaryFolder, trainModel, writeRows } from './helpers.ts'

const dev: DevConfig = {
  share: 0.2,
  negatives: 3,
  metric: 'ndcg@10',
  every: 2,
  keep_best: true,
  require_gain: false,
}
const weightsOf = (model: string): Promise<Buffer> => readFile(join(model, '0_StaticEmbedding', 'model.safetensors'))

/** Trains a model well, and gives what trains on from there: at a rate that forgets, unless the change says otherwise. */
const setting = async () => {
  const folder = await temporaryFolder()
  const examples = await writeRows(folder, rows(80))
  const good = await trainModel({ examples, folder: join(folder, 'good'), config: { ...small, epochs: 6, dev } })
  const config: ModelConfig = {
    ...{ ...small, model: good.model, dimensions: undefined, vocabulary: undefined },
    ...{ learning_rate: 1000, epochs: 1, schedule: 'constant', warmup: 0, dev },
  }
  const run = async (name: string, change: Partial<ModelConfig> = {}, stops: readonly number[] = []) => {
    const options = { examples, folder: join(folder, name), config: { ...config, ...change } }
    for (const stop of stops) {
      const controller = new AbortController()
      const onProgress = ({ step }: { step: number }): void => {
        if (step === stop) controller.abort()
      }
      await expect(trainModel({ ...options, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
    }
    return trainModel(options)
  }
  return { run, good }
}
const measured = async (result: TrainResult): Promise<readonly (readonly [number, number])[]> =>
  (await scoresOf(result)).filter(({ metric }) => metric === 'ndcg@10').map(({ step, value }) => [step, value] as const)

describe('keep_best', () => {
  it('ships the start where no step scores above it, and says so', async () => {
    const { run } = await setting()
    const result = await run('worse')
    const [start, ...trained] = await measured(result)
    expect(Math.max(...trained.map(([, value]) => value))).toBeLessThan(start?.[1] ?? 0)
    expect(result.chosenStep).toBe(0)
    expect((await weightsOf(result.model)).equals(await weightsOf(result.untrained))).toBe(true)
    expect((await scoresOf(result)).filter(({ chosen }) => chosen).map(({ step }) => step)).toContain(0)
    expect(result.development).toMatchObject({ start: start?.[1], chosen: start?.[1] })
    expect(result.warnings).toEqual([
      expect.stringMatching(/^lrat-3: no step scored above the start \(ndcg@10 0\.\d{4}.*the start is what is shipped/),
    ])
  })

  it('ships the best step without a word where one scores above the start', async () => {
    const { good } = await setting()
    expect(good.chosenStep).toBeGreaterThan(0)
    expect(good.warnings).toEqual([])
  })

  it('left off, ships the last step, and says that it scores below the start', async () => {
    const { run } = await setting()
    const result = await run('last', { dev: { ...dev, keep_best: false } })
    expect(result.chosenStep).toBe(result.steps)
    expect(result.warnings).toEqual([expect.stringMatching(/^lrat-3: the last step scored below the start/)])
  })
})

describe('patience', () => {
  it('ends training after so many evaluations without gain, with the same bytes when it was stopped', async () => {
    const { run } = await setting()
    const patient = { dev: { ...dev, every: 1, patience: 3 } }
    const whole = await run('early', patient)
    expect((await measured(whole)).map(([step]) => step)).toEqual([0, 1, 2, 3])
    expect([whole.steps, whole.chosenStep]).toEqual([3, 0])
    expect(await stepsOf(whole)).toHaveLength(3)
    const pieces = await run('pieces', patient, [1, 2, 3])
    expect((await weightsOf(pieces.model)).equals(await weightsOf(whole.model))).toBe(true)
    expect((await stepsOf(pieces)).map(({ loss }) => loss)).toEqual((await stepsOf(whole)).map(({ loss }) => loss))
    expect(await measured(pieces)).toEqual(await measured(whole))
    expect(pieces.steps).toBe(3)
  })

  it('counts from the last gain on', async () => {
    const { run } = await setting()
    // From random parameters the scores rise first.
    const change = { model: undefined, dimensions: 8, vocabulary: 300, learning_rate: 0.05 }
    const dev1 = { ...dev, every: 1, patience: 2 }
    const result = await run('gains', { ...change, dev: dev1 })
    const scores = await measured(result)
    let [best, since] = [-1, 0]
    for (const [at, [, value]] of scores.entries()) {
      if (value > best) [best, since] = [value, 0]
      else since += 1
      expect(since >= 2).toBe(at === scores.length - 1 && result.steps < 24)
    }
    expect(result.chosenStep).toBeGreaterThan(0)
  })
})
