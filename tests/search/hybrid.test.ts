import { describe, expect, it } from 'vitest'
import type { Searcher } from '../../search/searcher.ts'
import { createHybrid, fuse } from '../../search/hybrid.ts'

const list = (...docids: string[]) => docids.map((docid, i) => ({ docid, score: -i }))

describe('hybrid', () => {
  it('adds weighted reciprocal ranks, ties by docid', () => {
    const fused = fuse([
      { hits: list('a', 'b'), weight: 1 },
      { hits: list('b', 'c', 'd'), weight: 2 },
    ])
    expect(fused.map(({ docid }) => docid)).toEqual(['b', 'c', 'd', 'a'])
    expect(fused[0].score).toBeCloseTo(1 / 62 + 2 / 61, 15)
    const tied = fuse([
      { hits: list('z', 'y'), weight: 1 },
      { hits: list('y', 'z'), weight: 1 },
    ])
    expect(tied.map(({ docid }) => docid)).toEqual(['y', 'z'])
  })

  it('asks its parts deeper than k and closes them', async () => {
    const asked: number[] = []
    let closed = 0
    const part = (...docids: string[]): Searcher => ({
      name: 'part',
      search: async (queries, k) => (asked.push(k), queries.map(() => list(...docids).slice(0, k))),
      close: async () => void closed++,
    })
    const parts = [
      { searcher: part('a', 'b', 'c'), weight: 1 },
      { searcher: part('c'), weight: 1 },
    ]
    const hybrid = createHybrid({ name: 'hybrid', parts, depth: 50 })
    expect((await hybrid.search([{ text: 'x' }], 2))[0].map(({ docid }) => docid)).toEqual(['c', 'a'])
    expect(await hybrid.search([{ text: 'x' }], 0)).toEqual([[]])
    expect(asked).toEqual([50, 50])
    await hybrid.close()
    expect(closed).toBe(2)
  })
})
