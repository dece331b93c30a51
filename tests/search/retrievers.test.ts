import { mkdirSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { documents } from '../../data/schemas.ts'
import { randomStaticModel, saveModel } from '../../model/folder.ts'
import { wordPieceJson } from '../../model/tokenize/tokenizer.ts'
import { writeShard } from '../../pipeline/parts.ts'
import { buildBm25 } from '../../search/bm25.ts'
import { modelsOf, openRetriever, openRunDocuments } from '../../search/retrievers.ts'

let run: string
const words = ['otter', 'river', 'bear', 'fish', 'stone', 'moss']
const rows = words.map((word, i) => ({
  docid: `d${i}`,
  title: '',
  text: `${word} and ${words[(i + 1) % 6]}`,
  tokens: 3,
}))
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'and', ...words].join('\n')

const train = (name: string, seed: number) => {
  mkdirSync(join(run, 'train', name), { recursive: true })
  const tokenizerJson = wordPieceJson(vocabulary, 'vocab')
  const model = randomStaticModel({ tokenizerJson, dimensions: 16, maxTokens: 32, seed })
  return saveModel(model, join(run, 'train', name, 'model'))
}

beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'lrat-run-'))
  await writeShard(join(run, 'ingest'), [documents], 0, (shard) => shard.write(documents, rows))
  await buildBm25(
    join(run, 'index', 'bm25'),
    (async function* () {
      yield rows
    })(),
  )
  await train('lrat-2', 2)
  await train('lrat-10', 10)
})
afterAll(() => rm(run, { recursive: true, force: true }))

const search = async (name: string, text: string, k = 3) => {
  const retriever = await openRetriever(run, name)
  const [hits] = await retriever.search([{ text }], k)
  await retriever.close()
  return { name: retriever.name, docids: hits.map(({ docid }) => docid), scores: hits.map(({ score }) => score) }
}

describe('retrievers of a run', () => {
  it('are bm25, dense and hybrid, by model', async () => {
    expect(modelsOf(run)).toEqual(['lrat-2', 'lrat-10'])
    expect((await search('bm25', 'otter')).docids.sort()).toEqual(['d0', 'd5'])
    const dense = await search('dense', rows[2].text, 1)
    expect(dense).toMatchObject({ name: 'dense:lrat-2', docids: ['d2'] })
    expect(dense.scores[0]).toBeCloseTo(1, 5)
    expect((await search('dense:lrat-10', rows[4].text, 1)).docids).toEqual(['d4'])
    expect(await search('hybrid', rows[2].text, 1)).toMatchObject({ name: 'hybrid:lrat-2', docids: ['d2'] })
    expect((await readdir(join(run, 'vectors'))).sort()).toEqual(['hashes.json', 'lrat-10', 'lrat-2'])
  })

  it('encode again only when the model changed', async () => {
    const encoded: number[] = []
    const open = async () => (await openRetriever(run, 'dense', { onProgress: (n) => encoded.push(n) })).close()
    await open()
    expect(encoded).toEqual([])
    await train('lrat-2', 3)
    await open()
    expect(encoded).toEqual([6])
  })

  it('search approximately when asked', async () => {
    for (const approximate of ['ivf', 'hnsw'] as const) {
      const retriever = await openRetriever(run, 'dense:lrat-10', { approximate })
      expect(retriever.name).toBe(`dense:lrat-10:${approximate}`)
      expect((await retriever.search([{ text: rows[3].text }], 1))[0][0].docid).toBe('d3')
      await retriever.close()
    }
  })

  it('take the path of a model folder', async () => {
    const path = join(run, 'train', 'lrat-10', 'model')
    expect((await search(`dense:${path}`, rows[1].text, 1)).docids).toEqual(['d1'])
  })

  it('are refused when the index is of another corpus', async () => {
    const nothing = { parameters: {}, tables: {}, files: [], counts: {}, warnings: [], seconds: 0 }
    const manifest = (stage: string, fingerprint: string, inputs: object) =>
      writeFile(
        join(run, stage, 'manifest.json'),
        JSON.stringify({ ...{ stage, fingerprint, inputs, stageVersion: 1, outside: [], versions: {} }, ...nothing }),
      )
    await manifest('ingest', 'new-corpus', {})
    await manifest('index', 'index', { ingest: 'old-corpus' })
    await expect(openRetriever(run, 'bm25')).rejects.toThrow('expected an index of the run')
    await manifest('index', 'index', { ingest: 'new-corpus' })
    expect((await search('bm25', 'otter')).docids).toHaveLength(2)
  })

  it('are refused by other names and in other folders', async () => {
    for (const name of ['bm26', 'bm25:lrat-2', '', 'Dense']) {
      await expect(openRetriever(run, name)).rejects.toThrow('expected bm25, dense, hybrid')
    }
    await expect(openRetriever(run, 'dense:nobody')).rejects.toThrow(
      "expected a model of the run, or a model folder; found 'nobody'. Models of this run: lrat-2, lrat-10.",
    )
    await expect(openRetriever(join(run, 'no'), 'dense')).rejects.toThrow('expected a trained model')
    await expect(openRetriever(join(run, 'no'), 'bm25')).rejects.toThrow('expected a search index')
    await expect(openRunDocuments(join(run, 'no'))).rejects.toThrow('expected a search index')
  })
})
