import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rankingMetrics } from '../../../evaluation/retrieval/metrics.ts'
import { Interrupted } from '../../../core/errors.ts'
import type { DevConfig, ModelConfig } from '../../../stages/train/config.ts'
import type { Dataset } from '../../../stages/train/dataset.ts'
import { developmentSet } from '../../../stages/train/development.ts'
import { rows, scoresOf, small, stepsOf, temporaryFolder, trainModel, writeRows } from './helpers.ts'

const settings: DevConfig = {
  share: 0.2,
  negatives: 3,
  metric: 'ndcg@10',
  every: 2,
  keep_best: true,
  require_gain: false,
}

/** Texts are one token each, their number; texts from 100 on are documents. */
const datasetOf = (examples: readonly { query: number; positives: Int32Array; negatives: Int32Array }[]): Dataset => ({
  size: examples.length,
  rows: { read: 0, unsatisfied: 0, empty_query: 0, no_negative: 0, kept: 0 },
  texts: 0,
  example: (i) => ({ ...examples[i], weight: 1 }),
  ids: (text) => Int32Array.of(text),
  isPositive: () => false,
  close: () => undefined,
})
const all = (dataset: Dataset): Uint32Array => Uint32Array.from({ length: dataset.size }, (_, i) => i)

describe('developmentSet', () => {
  const documents = (least: number) =>
    fc.array(fc.integer({ min: 100, max: 125 }), { minLength: least, maxLength: 6 }).map((ids) => Int32Array.from(ids))
  const example = fc.record({ query: fc.nat(5), positives: documents(1), negatives: documents(0) })

  it('measures what ranking all documents and trec_eval’s definitions do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(example, { minLength: 1, maxLength: 8 }), fc.nat(), async (examples, seed) => {
        const dataset = datasetOf(examples)
        // Distinct scores: a query at angle 0, the documents at an angle that depends on them.
        const angle = (text: number): number => (text < 100 ? 0 : 0.1 + (((text * 7 + seed) % 29) / 29) * 3)
        const embed = async (texts: readonly Int32Array[]) =>
          Float32Array.from(texts.flatMap(([text]) => [Math.cos(angle(text)), Math.sin(angle(text))]))
        const found = await developmentSet(dataset, all(dataset), settings).score(embed, () => undefined)

        const pool = [...new Set(examples.flatMap((row) => [...row.positives, ...row.negatives.slice(0, 3)]))]
        const ranked = pool.toSorted((a, b) => angle(a) - angle(b)).map(String)
        const queries = [...new Set(examples.map(({ query }) => query))]
        const expected = queries.map((query) => {
          const relevant = examples.filter((row) => row.query === query).flatMap((row) => [...row.positives])
          return rankingMetrics(ranked, new Map(relevant.map((text) => [String(text), 1])), [
            'ndcg@10',
            'recall@1',
            'mrr@10',
          ])
        })
        for (const name of ['ndcg@10', 'recall@1', 'mrr@10'] as const) {
          const mean = expected.reduce((sum, row) => sum + row[name], 0) / expected.length
          expect(found[name]).toBeCloseTo(mean, 10)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('gives no credit for ties or for embeddings that are no numbers', async () => {
    const negatives = Int32Array.from({ length: 20 }, (_, i) => 200 + i)
    const dataset = datasetOf([{ query: 0, positives: Int32Array.of(100), negatives }])
    const set = developmentSet(dataset, all(dataset), { ...settings, negatives: 20 })
    expect([set.queries, set.documents]).toEqual([1, 21])
    for (const value of [1, 0, NaN]) {
      const same = async (texts: readonly Int32Array[]) => new Float32Array(texts.length * 4).fill(value)
      expect(await set.score(same, () => undefined)).toEqual({
        'ndcg@10': 0,
        'mrr@10': 0,
        'recall@1': 0,
        'recall@10': 0,
      })
    }
  })
})

describe('training with a development split', () => {
  const config: ModelConfig = { ...small, learning_rate: 2, schedule: 'constant', dev: settings, checkpoint_every: 3 }
  const run = async (name: string, change: Partial<ModelConfig> = {}, stops: readonly number[] = []) => {
    const folder = await temporaryFolder()
    const examples = await writeRows(folder, rows(80))
    const options = { examples, folder: join(folder, name), config: { ...config, ...change } }
    for (const stop of stops) {
      const controller = new AbortController()
      const onProgress = ({ step }: { step: number }): void => {
        if (step === stop) controller.abort()
      }
      await expect(trainModel({ ...options, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
      // What a kill leaves of a line.
      const log = join(options.folder, 'lrat-3', 'work', 'metrics.jsonl')
      await writeFile(log, `${await readFile(log, 'utf8')}{"step": ${stop + 1}, "lo`)
    }
    const said: string[] = []
    const result = await trainModel({ ...options, say: (line) => said.push(line) })
    const weights = await readFile(join(result.model, '0_StaticEmbedding', 'model.safetensors'))
    return { result, said, weights, folder: options.folder }
  }

  it('chooses the best-scored step, the same however often it is stopped', async () => {
    const whole = await run('m')
    const { result } = whole
    expect(result.rows.kept).toBe(80)
    expect(result.development).toMatchObject({ rows: 16, metric: 'ndcg@10' })
    expect(result.steps).toBe(3 * 8)
    const scores = (await scoresOf(result)).filter(({ metric }) => metric === 'ndcg@10')
    expect(scores.map(({ step }) => step)).toEqual(Array.from({ length: 13 }, (_, i) => 2 * i))
    const trained = scores.slice(1)
    const best = Math.max(...trained.map(({ value }) => value))
    expect(result.chosenStep).toBe(trained.find(({ value }) => value === best)?.step)
    // Such a learning rate forgets: the last step is not the best one, or the choice would not be seen.
    expect(result.chosenStep).toBeLessThan(result.steps)
    expect(scores.filter(({ chosen }) => chosen).map(({ step }) => step)).toEqual([result.chosenStep])
    expect(result.development).toMatchObject({ start: scores[0].value, chosen: best, last: scores.at(-1)?.value })
    expect(whole.said.at(0)).toMatch(/64 rows, 24 steps on cpu, scored by 16 queries over \d+ documents/)
    expect(whole.said.at(-2)).toMatch(
      `step 24: ndcg@10 ${scores.at(-1)?.value.toFixed(4)}, best at step ${result.chosenStep}`,
    )
    expect(whole.said.at(-1)).toMatch(/^24 steps, loss .* \(step \d+\)$/)
    expect((await readdir(whole.folder)).toSorted()).toEqual([
      ...['development', 'examples', 'lrat-3', 'timings', 'tokenizer.json', 'tokens', 'training'],
    ])
    expect((await readdir(join(whole.folder, 'lrat-3'))).toSorted()).toEqual(['model', 'train.json', 'untrained'])

    const pieces = await run('m', {}, [1, 4, 11, 23])
    expect(pieces.weights.equals(whole.weights)).toBe(true)
    expect(await scoresOf(pieces.result)).toEqual(await scoresOf(result))
    expect(await stepsOf(pieces.result)).toEqual(await stepsOf(result))
    expect(pieces.said[0]).toMatch('going on after step 23')
  })

  it('can keep the last, and scores the end of each epoch unless told otherwise', async () => {
    const dev = { ...settings, every: undefined, keep_best: false }
    const { result } = await run('m', { dev })
    expect(result.chosenStep).toBe(24)
    const scores = (await scoresOf(result)).filter(({ metric }) => metric === 'mrr@10')
    expect(scores.map(({ step, chosen }) => [step, chosen])).toEqual([
      [0, false],
      [8, false],
      [16, false],
      [24, true],
    ])
    const other = await run('m', { dev: { ...dev, rows: 10 } })
    expect(other.result.development?.rows).toBe(10)
  })

  it('says so when nothing can be set aside', async () => {
    const folder = await temporaryFolder()
    const connected = rows(20).map((row) => ({ ...row, pos: ['the same document'] }))
    const examples = await writeRows(folder, connected)
    const training = trainModel({ examples, folder: join(folder, 'out'), config })
    await expect(training).rejects.toThrow(/train\.dev.*20 rows, of which 0 can be set aside/)
  })
})
