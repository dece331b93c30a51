import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import type { Hit } from '../../search/searcher.ts'
import { createBlockSearcher, createDenseSearcher } from '../../search/dense.ts'
import { compareHits } from '../../search/ranking.ts'

/** Unit vectors; every tenth repeats an earlier one, so that there are ties. */
const unitVectors = (count: number, dims: number, seed: number): Float32Array => {
  const random = xoroshiro128plus(seed)
  const vectors = new Float32Array(count * dims)
  for (let row = 0; row < count; row++) {
    const at = row * dims
    if (row % 10 === 9) {
      vectors.copyWithin(at, (row >> 1) * dims, ((row >> 1) + 1) * dims)
      continue
    }
    let squares = 0
    for (let i = 0; i < dims; i++) {
      const value = random.next() / 2 ** 31 + random.next() / 2 ** 31
      vectors[at + i] = value
      squares += value * value
    }
    for (let i = 0; i < dims; i++) vectors[at + i] /= Math.sqrt(squares)
  }
  return vectors
}

const bruteForce = (queries: Float32Array, vectors: Float32Array, docids: readonly string[], k: number): Hit[][] => {
  const dims = vectors.length / docids.length
  return Array.from({ length: queries.length / dims }, (_, query) => {
    const scored = docids.map((docid, row) => {
      let score = 0
      for (let i = 0; i < dims; i++) score += queries[query * dims + i] * vectors[row * dims + i]
      return { docid, score }
    })
    return scored.sort(compareHits).slice(0, k)
  })
}

const docidsOf = (count: number) => Array.from({ length: count }, (_, i) => `d${(i * 7919) % count}`)
const fixed = (queries: Float32Array) => async () => queries
const texts = (count: number) => Array.from({ length: count }, () => ({ text: '' }))

describe('dense search', () => {
  it('equals brute force in double precision on 100,000 vectors, ties by docid', async () => {
    const docids = docidsOf(100_000)
    const vectors = unitVectors(docids.length, 16, 1)
    const queries = unitVectors(8, 16, 2)
    const searcher = await createDenseSearcher({ name: 'dense', vectors, docids, encodeQueries: fixed(queries) })
    const expected = bruteForce(queries, vectors, docids, 1000)
    for (const k of [1, 10, 1000]) {
      expect(await searcher.search(texts(8), k)).toEqual(expected.map((hits) => hits.slice(0, k)))
    }
    await searcher.close()
  })

  it('does not depend on how queries are batched, and honours hidden documents', async () => {
    const docids = docidsOf(5_000)
    const vectors = unitVectors(docids.length, 32, 3)
    const queries = unitVectors(1_500, 32, 4)
    const searcher = await createDenseSearcher({ name: 'dense', vectors, docids, encodeQueries: fixed(queries) })
    const all = await searcher.search(texts(1_500), 7)
    const one = await createDenseSearcher({ name: 'dense', vectors, docids, encodeQueries: fixed(queries.slice(-32)) })
    expect((await one.search(texts(1), 7))[0]).toEqual(all[1_499])
    const best = all[1_499]
    const hidden = new Set([best[0].docid, best[2].docid, 'unknown'])
    const seen = (await one.search([{ text: '', hidden }], 5))[0]
    expect(seen).toEqual(best.filter(({ docid }) => !hidden.has(docid)).slice(0, 5))
    await one.close()
    await searcher.close()
  })

  it('takes k of 0, k beyond the corpus, an empty corpus, zero vectors', async () => {
    const vectors = Float32Array.of(1, 0, 0, 1, 0, 0)
    const docids = ['a', 'b', 'c']
    const searcher = await createDenseSearcher({
      name: 'dense',
      vectors,
      docids,
      encodeQueries: fixed(Float32Array.of(1, 0)),
    })
    expect(await searcher.search(texts(1), 0)).toEqual([[]])
    expect((await searcher.search(texts(1), 99))[0].map(({ docid }) => docid)).toEqual(['a', 'b', 'c'])
    expect(await searcher.search([], 5)).toEqual([])
    await searcher.close()
    const empty = await createDenseSearcher({
      name: 'e',
      vectors: new Float32Array(),
      docids: [],
      encodeQueries: fixed(vectors),
    })
    expect(await empty.search(texts(1), 5)).toEqual([[]])
    await empty.close()
  })

  it('refuses vectors that are not of length 1, are not numbers, or do not fit', async () => {
    const encodeQueries = fixed(new Float32Array(3))
    const make = (vectors: Float32Array, docids: string[]) =>
      createDenseSearcher({ name: 'x', vectors, docids, encodeQueries })
    await expect(make(Float32Array.of(0.5, 0), ['a'])).rejects.toThrow(
      'x, vector 0 of document a: expected a unit vector; found length 0.5',
    )
    await expect(make(Float32Array.of(1, 0, NaN, 0), ['a', 'b'])).rejects.toThrow('found length NaN')
    await expect(make(Float32Array.of(1, 0, 1), ['a', 'b'])).rejects.toThrow(
      'expected vectors of one size for 2 documents',
    )
    const fits = await make(Float32Array.of(1, 0), ['a'])
    await expect(fits.search([{ text: '' }], 1)).rejects.toThrow('expected query vectors of 2 numbers')
    await fits.close()
    const wrong = await createDenseSearcher({
      name: 'y',
      vectors: Float32Array.of(1, 0),
      docids: ['a'],
      encodeQueries: fixed(Float32Array.of(NaN, 1)),
    })
    await expect(wrong.search([{ text: '' }], 1)).rejects.toThrow('y, queries, vector 0: expected a unit vector')
    await wrong.close()
  })

  it('checks each block when it is read first', async () => {
    const vectors = [Float32Array.of(1, 0, 0, 1), Float32Array.of(0, 1, 3, 4)]
    const blocks = { docids: ['a', 'b', 'c', 'd'], dims: 2, rowsPerBlock: 2, block: async (i: number) => vectors[i] }
    const searcher = await createBlockSearcher(blocks, { name: 'z', encodeQueries: fixed(Float32Array.of(1, 0)) })
    const message = 'z, block 1, vector 1 of document d: expected a unit vector; found length 5'
    await expect(searcher.search([{ text: '' }], 1)).rejects.toThrow(message)
    vectors[1] = Float32Array.of(0, 1, 0.6, 0.8)
    expect((await searcher.search([{ text: '' }], 2))[0].map(({ docid }) => docid)).toEqual(['a', 'd'])
    await searcher.close()
  })
})
