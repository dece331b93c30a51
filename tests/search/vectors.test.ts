import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBlockSearcher, createDenseSearcher } from '../../search/dense.ts'
import { decodeHalf, encodeHalf } from '../../core/half.ts'
import { encodeCorpus, hasVectors, openVectors } from '../../search/vectors.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lrat-vectors-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const documents = Array.from({ length: 50 }, (_, i) => ({ docid: `d${i}`, text: String(i) }))
async function* stream() {
  for (let i = 0; i < documents.length; i += 7) yield documents.slice(i, i + 7)
}
const DIMS = 8
const vectorOf = (text: string): number[] => {
  const raw = Array.from({ length: DIMS }, (_, i) => Math.sin((Number(text) + 1) * (i + 1)))
  const length = Math.hypot(...raw)
  return raw.map((x) => x / length)
}
const encode = async (texts: readonly string[]) => Float32Array.from(texts.flatMap(vectorOf))
const options = { dims: DIMS, key: 'k', rowsPerShard: 16 }

describe('corpus vectors', () => {
  it('resume at the shard and search as in memory', async () => {
    const path = join(folder, 'resumed')
    let calls = 0
    const failing = async (texts: readonly string[]) => {
      if (++calls === 3) throw new Error('killed')
      return encode(texts)
    }
    await expect(encodeCorpus(path, { ...options, documents: stream(), encode: failing })).rejects.toThrow('killed')
    expect(await hasVectors(path, 'k')).toBe(false)
    await expect(openVectors(path)).rejects.toThrow('expected vectors of a whole corpus')
    // Two of four shards are left; how many were begun ahead of the one that failed does not matter.
    calls = 10
    expect(await encodeCorpus(path, { ...options, documents: stream(), encode: failing })).toEqual({ documents: 50 })
    expect(calls).toBe(12)
    expect(await hasVectors(path, 'k')).toBe(true)
    expect(await hasVectors(path, 'other')).toBe(false)

    const encodeQueries = () => encode(['3', '100'])
    const memory = await createDenseSearcher({
      name: 'memory',
      vectors: await encode(documents.map(({ text }) => text)),
      docids: documents.map(({ docid }) => docid),
      encodeQueries,
    })
    const queries = [{ text: '3', hidden: new Set(['d3']) }, { text: '100' }]
    for (const cacheBytes of [0, 2 ** 20]) {
      const disk = await createBlockSearcher(await openVectors(path, { cacheBytes }), { name: 'disk', encodeQueries })
      for (let times = 0; times < 2; times++)
        expect(await disk.search(queries, 9)).toEqual(await memory.search(queries, 9))
      await disk.close()
    }
    await memory.close()
  })

  it('are encoded anew under another key, and take half the space as float16', async () => {
    const path = join(folder, 'half')
    let calls = 0
    const counting = (texts: readonly string[]) => (calls++, encode(texts))
    await encodeCorpus(path, { ...options, documents: stream(), encode: counting })
    await encodeCorpus(path, { ...options, documents: stream(), encode: counting, key: 'k2', type: 'float16' })
    expect(calls).toBe(8)
    const opened = await openVectors(path)
    const exact = await encode(documents.slice(16, 32).map(({ text }) => text))
    const half = await opened.block(1)
    half.forEach((value, i) => expect(Math.abs(value - exact[i])).toBeLessThan(2 ** -11))
  })

  it.each(['float32', 'float16'] as const)('are found by single rows on disk as in memory (%s)', async (type) => {
    const path = join(folder, `rows-${type}`)
    await encodeCorpus(path, { ...options, documents: stream(), encode, type, rowsPerShard: 48 })
    const search = async (cacheBytes: number) => {
      const encodeQueries = () => encode(['31'])
      const searcher = await createBlockSearcher(await openVectors(path, { cacheBytes }), {
        name: 'rows',
        encodeQueries,
      })
      return searcher.search([{ text: '' }], 2).finally(() => searcher.close())
    }
    const [hits] = await search(0)
    expect(hits[0].docid).toBe('d31')
    expect([hits]).toEqual(await search(2 ** 20))
  })

  it('are refused when a shard is cut short or lost', async () => {
    const path = join(folder, 'cut')
    await encodeCorpus(path, { ...options, documents: stream(), encode })
    await truncate(join(path, 'shard-00001.bin'), 64)
    const opened = await openVectors(path)
    await expect(opened.block(1)).rejects.toThrow('expected 128 numbers; found 16')
    await rm(join(path, 'shard-00003.json'))
    await expect(openVectors(path)).rejects.toThrow('expected 50 docids; found 48')
    await writeFile(join(path, 'vectors.json'), '{')
    await expect(openVectors(path)).rejects.toThrow('expected JSON')
    expect(await readdir(path)).not.toContain('vectors.json.tmp')
  })

  it('are refused when one is not of length 1, by shard, row and document', async () => {
    const path = join(folder, 'norms')
    const bent = async (texts: readonly string[]) =>
      (await encode(texts)).map((x, i) => (texts[Math.floor(i / DIMS)] === '20' ? 2 * x : x))
    await expect(encodeCorpus(path, { ...options, documents: stream(), encode: bent })).rejects.toThrow(
      'shard-00001.bin, vector 4 of document d20: expected a unit vector; found length 2',
    )
    expect(await readdir(path)).not.toContain('shard-00001.bin')

    const empty = async (texts: readonly string[]) =>
      (await encode(texts)).map((x, i) => (texts[Math.floor(i / DIMS)] === '20' ? 0 : x))
    await encodeCorpus(path, { ...options, documents: stream(), encode: empty })
    const encodeQueries = () => encode(['20'])
    const search = async () => {
      const searcher = await createBlockSearcher(await openVectors(path), { name: 'disk', encodeQueries })
      return searcher.search([{ text: '' }], 50).finally(() => searcher.close())
    }
    const hits = (await search())[0]
    expect(hits).toHaveLength(50)
    expect(hits.find(({ docid }) => docid === 'd20')?.score).toBe(0)

    const file = join(path, 'shard-00001.bin')
    const bytes = await readFile(file)
    for (const [value, found] of [
      [NaN, 'NaN'],
      [0, '0'],
    ] as const) {
      await writeFile(
        file,
        bytes.map((byte, i) => {
          const row = new Uint8Array(new Float32Array(DIMS).fill(value).buffer)
          const at = i - 7 * DIMS * 4
          return at >= 0 && at < row.length ? row[at] : byte
        }),
      )
      const message = `shard-00001.bin, vector 7 of document d23: expected a unit vector; found length ${found}`
      await expect(search()).rejects.toThrow(message)
    }
  })

  it('stop where they are asked to', async () => {
    const signal = AbortSignal.abort()
    const path = join(folder, 'aborted')
    await expect(encodeCorpus(path, { ...options, documents: stream(), encode, signal })).rejects.toThrow('interrupted')
  })
})

describe('half precision', () => {
  it('round-trips every value and rounds to nearest even', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter((half) => (half & 0x7fff) <= 0x7c00)
    expect(encodeHalf(decodeHalf(all))).toEqual(all)
    const rounded = decodeHalf(
      encodeHalf(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 65_519, 65_520, 2 ** -25, 3 * 2 ** -26, -0.1, NaN)),
    )
    expect([...rounded]).toEqual([1, 1 + 2 ** -9, 65_504, Infinity, 0, 2 ** -24, -0.0999755859375, NaN])
  })
})
