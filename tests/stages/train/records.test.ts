// What training reads back of its own: gone on from where it is whole, named where it is damaged.
import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readSafeTensors, writeSafeTensors } from '../../../model/files/safetensors.ts'
import { Interrupted } from '../../../core/errors.ts'
import { modelNames, trainSchema } from '../../../stages/train/config.ts'
import { trainModels } from '../../../stages/train/models.ts'
import type { TrainOptions } from '../../../stages/train/options.ts'
import { rows, small, temporaryFolder, writeRows } from './helpers.ts'

let root = ''
let options: Omit<TrainOptions, 'folder'>
beforeAll(async () => {
  root = await temporaryFolder()
  const dev = trainSchema.parse({ dev: { share: 0.2, every: 2 } }).dev
  const config = { ...small, seeds: [1, 2], weightings: ['lrat' as const], dev }
  options = { examples: await writeRows(root, rows(50)), config, names: modelNames(config) }
})

/** Trains until a step of a model is done. */
const stopped = async (name: string, seed: number, step: number): Promise<string> => {
  const folder = join(root, name)
  const controller = new AbortController()
  const onProgress: TrainOptions['onProgress'] = (metrics, _, model) => {
    if (model.seed === seed && metrics.step === step) controller.abort()
  }
  await expect(trainModels({ ...options, folder, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
  return folder
}
const again = (folder: string) => trainModels({ ...options, folder })
const work = (folder: string, ...names: string[]): string => join(folder, 'lrat-2', 'work', ...names)
const weights = (folder: string, model: string): Promise<Buffer> =>
  readFile(join(folder, model, 'model', '0_StaticEmbedding', 'model.safetensors'))

it('does what is missing of several models, and nothing once every summary is there', async () => {
  const whole = await again(join(root, 'whole'))
  expect(whole.map(({ name }) => name)).toEqual(['lrat-1', 'lrat-2'])
  const folder = await stopped('pieces', 2, 5)
  expect(existsSync(join(folder, 'journal.ndjson'))).toBe(true)
  const said: string[] = []
  const results = await trainModels({ ...options, folder, say: (line, { seed }) => said.push(`${seed}: ${line}`) })
  expect(said.filter((line) => line.startsWith('1: '))).toEqual([])
  expect(said[0]).toMatch(/^2: .*going on after step 5/)
  expect(results).toEqual(whole.map((result, index) => ({ ...result, ...pathsOf(folder, result.name, index) })))
  for (const { name } of whole)
    expect((await weights(folder, name)).equals(await weights(join(root, 'whole'), name))).toBe(true)
  expect(await readdir(folder)).not.toEqual(expect.arrayContaining(['journal.ndjson']))
  // As a kill after the last summary leaves it.
  await writeFile(join(folder, 'journal.ndjson'), '')
  const steps: number[] = []
  expect(await trainModels({ ...options, folder, onProgress: ({ step }) => steps.push(step) })).toEqual(results)
  expect([steps, await readdir(folder)]).toEqual([[], expect.not.arrayContaining(['journal.ndjson'])])
})
const pathsOf = (folder: string, name: string, index: number) => ({
  model: join(folder, name, 'model'),
  untrained: join(folder, name, 'untrained'),
  tables: { folder, index },
})

describe('damage is named, with what to do', () => {
  it('in the journal', async () => {
    const folder = await stopped('journal', 2, 3)
    const path = join(folder, 'journal.ndjson')
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace('"texts":', '"words":'))
    await expect(again(folder)).rejects.toThrow(
      /journal\.ndjson, entry dataset: expected what training wrote there; found texts: .*\. Remove this file/,
    )
    await rm(path)
    expect((await again(folder)).map(({ steps }) => steps)).toEqual([15, 15])
  })

  it('in the log, but for a line that a kill cut short', async () => {
    const folder = await stopped('log', 2, 3)
    const log = work(folder, 'metrics.jsonl')
    await appendFile(log, '{"step": 4, "lo')
    const kept = join(root, 'kept')
    await cp(folder, kept, { recursive: true })
    expect(await again(kept)).toHaveLength(2)
    await writeFile(log, (await readFile(log, 'utf8')).replace('"loss"', '"lost"'))
    await expect(again(folder)).rejects.toThrow(/metrics\.jsonl line 2: .*Remove .*work: this model is trained/)
  })

  it('in the best parameters so far', async () => {
    const folder = await stopped('best', 2, 3)
    const path = work(folder, 'best.safetensors')
    const { tensors } = await readSafeTensors(path)
    await writeSafeTensors(path, tensors, { metadata: { step: 'two', score: '0.5' } })
    await expect(again(folder)).rejects.toThrow(
      /best\.safetensors: .*found step: .*Remove .*work: this model is trained/,
    )
    await rm(work(folder), { recursive: true })
    expect(await again(folder)).toHaveLength(2)
  })

  it('in a checkpoint: the one before it is gone on from', async () => {
    const folder = await stopped('checkpoint', 2, 7)
    const [, newest] = (await readdir(work(folder, 'checkpoints'))).toSorted()
    const path = work(folder, 'checkpoints', newest ?? '')
    const { tensors, metadata } = await readSafeTensors(path)
    await writeSafeTensors(path, tensors, { metadata: { ...metadata, step: 'seven' } })
    const said: string[] = []
    await trainModels({ ...options, folder, say: (line) => said.push(line) })
    expect(said[0]).toMatch(/going on after step 6/)
    expect((await weights(folder, 'lrat-2')).equals(await weights(join(root, 'whole'), 'lrat-2'))).toBe(true)
  })
})

it('takes over what version 0.1 completed, and trains again what it had begun', async () => {
  const folder = await stopped('earlier', 2, 5)
  // What that version kept: marks of its own instead of the journal, counts under other names.
  await rm(join(folder, 'journal.ndjson'))
  const old = { read: 50, unsatisfied: 0, emptyQuery: 0, noNegative: 0, kept: 50 }
  await writeFile(join(folder, 'dataset.json'), JSON.stringify({ key: 'k', rows: old, texts: 100 }))
  const whole = join(root, 'whole')
  const record: unknown = JSON.parse(await readFile(join(whole, 'lrat-1', 'train.json'), 'utf8'))
  await writeFile(
    join(folder, 'lrat-1', 'train.json'),
    JSON.stringify(Object.assign({}, record, { key: 'k', rows: old })),
  )
  await mkdir(work(folder), { recursive: true })
  await writeFile(work(folder, 'key.json'), JSON.stringify({ key: 'k' }))
  const said: string[] = []
  const results = await trainModels({ ...options, folder, say: (line, { seed }) => said.push(`${seed}: ${line}`) })
  expect(said.some((line) => line.startsWith('1: '))).toBe(false)
  expect(said[0]).not.toMatch(/going on/)
  expect(results.map(({ steps }) => steps)).toEqual([15, 15])
  expect((await weights(folder, 'lrat-2')).equals(await weights(whole, 'lrat-2'))).toBe(true)
  expect(await readdir(folder)).not.toEqual(expect.arrayContaining(['dataset.json']))
})
