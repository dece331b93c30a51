// Training rows to tables and back: each text once, the same bytes with any threads and however often it was stopped.
import { existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { examples, tokens } from '../../../data/schemas.ts'
import { tokenizerFromJson, wordPieceJson } from '../../../model/tokenize/tokenizer.ts'
import { Interrupted } from '../../../core/errors.ts'
import { hashFile } from '../../../pipeline/fingerprint.ts'
import { listParts } from '../../../pipeline/parts.ts'
import { openDataset, type Dataset } from '../../../stages/train/dataset.ts'
import type { DatasetRecord } from '../../../stages/train/records.ts'
import { noRows } from '../../../stages/train/rows.ts'
import { buildDataset, type DatasetOptions } from '../../../stages/train/tokenise.ts'
import { jsonl, tempFolders } from '../../helpers/temp.ts'
import { rows } from './helpers.ts'

const temp = tempFolders()
const words = Array.from({ length: 300 }, (_, i) => `w${i}`)
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', ...words]
const tokenizer = tokenizerFromJson(wordPieceJson(`${VOCABULARY.join('\n')}\n`, 'vocab.txt'), 'small')
const keep = ['unsatisfied', 'empty_query', 'no_negative'] as const
const options: DatasetOptions = {
  tokenizer,
  keep,
  limits: { query: 4, passage: 9 },
  prefixes: { query: 'a ', passage: 'b ' },
}
const small = { ...options, partSize: 12_000, batchSize: 1500 }

const fileOf = (data: readonly unknown[]): string => {
  const path = join(temp(), 'rows.jsonl')
  writeFileSync(path, jsonl(data))
  return path
}
const partsIn = (folder: string): string[] => [tokens, examples].flatMap((table) => listParts(folder, table))
const hashesIn = (folder: string): string[] => partsIn(folder).map(hashFile)

const records = new Map<string, DatasetRecord>()
const built = async (path: string, change: Partial<DatasetOptions> = {}): Promise<string> => {
  const folder = temp()
  records.set(folder, await buildDataset(path, folder, { ...small, ...change }))
  return folder
}
const opened = async (folder: string, resident?: number): Promise<Dataset> =>
  openDataset(folder, {
    ...(records.get(folder) ?? { rows: noRows(), texts: 0 }),
    cache: join(folder, 'ids.bin'),
    ...(resident !== undefined && { resident }),
  })

const text = fc.constantFrom('', 'a', 'b', 'a b', 'w1 w2 w3', 'zzz', words.join(' '), '\ud83d w7')
const row = fc.record({
  query: text,
  pos: fc.array(text, { minLength: 1, maxLength: 2 }),
  neg: fc.array(text, { maxLength: 4 }),
  reweight_rate: fc.double({ min: 0, max: 2, noNaN: true }),
})

it.each([undefined, 0])('gives every example its texts and their ids, from memory or from a file', async (resident) => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (data) => {
      const folder = await built(fileOf(data), { partSize: 2000, batchSize: 500 })
      const dataset = await opened(folder, resident)
      const texts = new Set(
        data.flatMap(({ query, pos, neg }) => [`q${query}`, ...[...pos, ...neg].map((x) => `p${x}`)]),
      )
      expect([dataset.size, dataset.texts, dataset.rows.kept]).toEqual([data.length, texts.size, data.length])
      for (const [i, { query, pos, neg, reweight_rate }] of data.entries()) {
        const example = dataset.example(i)
        const passage = (one: string): number[] => tokenizer.encode(`b ${one}`, 9)
        const idsOf = (numbers: Int32Array): number[][] => Array.from(numbers, (n) => [...dataset.ids(n)])
        expect([...dataset.ids(example.query)]).toEqual(tokenizer.encode(`a ${query}`, 4))
        expect(idsOf(example.positives)).toEqual(pos.map(passage))
        expect(idsOf(example.negatives)).toEqual(neg.map(passage))
        expect(example.weight).toBe(reweight_rate)
        for (const positive of example.positives) expect(dataset.isPositive(example.query, positive)).toBe(true)
      }
      dataset.close()
      expect(existsSync(join(folder, 'ids.bin'))).toBe(resident === 0 && texts.size > 0)
    }),
    { numRuns: 15, seed: 2 },
  )
})

it('writes the same bytes with any number of threads, and when parts of it were there', async () => {
  const path = fileOf(rows(300))
  const plain = await built(path, { threads: { workers: 0 } })
  expect(listParts(plain, tokens).length).toBeGreaterThan(3)
  const hashes = hashesIn(plain)
  for (const workers of [1, 3]) {
    const threads = { workers, patience: 0 }
    expect(hashesIn(await built(path, { threads, batchSize: 700 }))).toEqual(hashes)
  }
  rmSync(listParts(plain, tokens)[1])
  rmSync(listParts(plain, examples)[2])
  const again = await buildDataset(path, plain, { ...small, threads: { workers: 2, patience: 0 } })
  expect(hashesIn(plain)).toEqual(hashes)
  expect(again).toEqual(records.get(plain))
})

it('goes on where it was interrupted', async () => {
  const path = fileOf(rows(300))
  const controller = new AbortController()
  const folder = temp()
  const encode = (one: string, limit?: number): number[] => {
    if (one.includes('x200')) controller.abort()
    return tokenizer.encode(one, limit)
  }
  const stopping = { ...small, tokenizer: { ...tokenizer, encode }, threads: { workers: 0 } }
  await expect(buildDataset(path, folder, { ...stopping, signal: controller.signal })).rejects.toThrow(Interrupted)
  const made = partsIn(folder).length
  expect(made).toBeGreaterThan(0)
  await buildDataset(path, folder, small)
  expect(partsIn(folder).length).toBeGreaterThan(made)
  expect(hashesIn(folder)).toEqual(hashesIn(await built(path)))
})

it('names the row whose text the tokenizer fails at', async () => {
  const data = rows(9)
  const path = fileOf(data)
  const encode = (one: string, limit?: number): number[] => {
    if (one.includes('x7')) throw new RangeError('no such piece')
    return tokenizer.encode(one, limit)
  }
  const failing = built(path, { tokenizer: { ...tokenizer, encode }, threads: { workers: 0 } })
  await expect(failing).rejects.toThrow(`${path} line 8: expected a text that the tokenizer small can read`)
})

it('says that a table is damaged, and makes a cache again that is', async () => {
  const path = fileOf(rows(300))
  const folder = await built(path)
  const first = await opened(folder, 0)
  const ids = Array.from({ length: first.texts }, (_, i) => [...first.ids(i)])
  first.close()
  truncateSync(join(folder, 'ids.bin'), 100)
  const again = await opened(folder, 0)
  expect(Array.from({ length: again.texts }, (_, i) => [...again.ids(i)])).toEqual(ids)
  again.close()
  rmSync(listParts(folder, tokens)[1])
  await expect(opened(folder)).rejects.toThrow(/found text \d+\. Remove the tables/)
})
