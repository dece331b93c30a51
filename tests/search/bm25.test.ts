import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildBm25, openBm25 } from '../../search/bm25.ts'
import { openDocuments } from '../../search/documents.ts'
import type { IndexedDocument } from '../../search/build.ts'
import type { Searcher } from '../../search/searcher.ts'
import { bruteForceBm25, largestError, queriesOf, syntheticDocuments } from '../helpers/bm25.ts'

async function* batches(rows: readonly IndexedDocument[], size = 700) {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size)
}

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lrat-bm25-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

describe('bm25', () => {
  const small: IndexedDocument[] = [
    { docid: 'b', title: 'Cats', text: 'The cat sat on the mat.' },
    { docid: 'a', title: 'Cats', text: 'The cat sat on the mat.' },
    { docid: 'c', title: '', text: 'Running dogs: "never AND always" (quoted).' },
    { docid: "o'hara", title: 'Scarlett', text: 'Scarlett\nA novel about the war.' },
    { docid: 'zh', title: '東京', text: '東京 は 日本 の 首都' },
    { docid: 'ar', title: '', text: 'مرحبا بالعالم' },
  ]
  let searcher: Searcher
  beforeAll(async () => {
    expect(await buildBm25(join(root, 'small'), batches(small, 2), { corpus: 'abc' })).toEqual({ documents: 6 })
    searcher = await openBm25(join(root, 'small'), { corpus: 'abc' })
  })
  afterAll(() => searcher.close())

  const found = async (text: string, k = 10, hidden?: string[]) =>
    (await searcher.search([{ text, ...(hidden ? { hidden: new Set(hidden) } : {}) }], k))[0].map(({ docid }) => docid)

  it('stems, and orders ties by docid', async () => {
    expect(await found('a dog that runs')).toEqual(['c'])
    expect(await found('Scarlett')).toEqual(["o'hara"])
    expect(await found('cats')).toEqual(['a', 'b'])
    expect(await found('cats', 1)).toEqual(['a'])
    expect(await found('cats', 1, ['a'])).toEqual(['b'])
    expect(await found('cats', 5, ['a', 'b', 'nobody'])).toEqual([])
    expect(await found('東京')).toEqual(['zh'])
    expect(await found('مرحبا')).toEqual(['ar'])
  })

  it('takes any text as a query', async () => {
    for (const text of ['', '   ', 'the of', '"', '(((', '\0\u0001\u001f', '\u202e', '\ud800', '日本語', '!!!'])
      expect(await found(text)).toEqual([])
    expect(await found('"cats AND NOT dogs~2^3 (body:mat', 1)).toEqual(['a'])
    expect(await found(`cats ${Array.from({ length: 10_000 }, (_, i) => `x${i}`).join(' ')}`)).toEqual(['a', 'b'])
    expect(await found(`${'x '.repeat(1023)}cats`)).toEqual(['a', 'b'])
    expect(await found(`${'x '.repeat(1024)}cats`)).toEqual([])
    expect(await found('cats'.repeat(20_000))).toEqual([])
  })

  it('never fails on a query, whatever its characters', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('"', "'", '(', ')', ':', '*', '~', '^', '+', '-', '\\', ' ', 'AND', 'cat', '\ud800'),
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 5 }), async (texts) => {
        const lists = await searcher.search(
          texts.map((one) => ({ text: one })),
          3,
        )
        expect(lists).toHaveLength(texts.length)
      }),
    )
  })

  it('takes k of 0 and k beyond the corpus, and no queries at all', async () => {
    expect(await found('cats', 0)).toEqual([])
    expect(await found('cats', 1e6)).toEqual(['a', 'b'])
    expect(await searcher.search([], 10)).toEqual([])
  })

  it('looks documents up in one read', async () => {
    const documents = await openDocuments(join(root, 'small'))
    const texts = await documents.get(["o'hara", 'c', 'nobody', 'c', 'zh'])
    expect(documents.size).toBe(6)
    expect([...texts.keys()].sort()).toEqual(['c', "o'hara", 'zh'])
    expect(texts.get('c')).toEqual({ title: '', text: small[2].text })
    expect(texts.get('zh')).toEqual({ title: '東京', text: small[4].text })
    expect((await documents.get([])).size).toBe(0)
    await documents.close()
  })

  it('refuses a missing, unfinished or foreign index', async () => {
    await expect(openBm25(join(root, 'nowhere'))).rejects.toThrow(/expected a search index/)
    await expect(openBm25(join(root, 'small'), { corpus: 'other' })).rejects.toThrow(/expected an index of the corpus/)
    const failing = async function* () {
      yield small
      throw new Error('disk on fire')
    }
    await expect(buildBm25(join(root, 'half'), failing())).rejects.toThrow('disk on fire')
    await expect(openBm25(join(root, 'half'))).rejects.toThrow(/expected a search index/)
    const aborted = AbortSignal.abort()
    await expect(buildBm25(join(root, 'half'), batches(small), { signal: aborted })).rejects.toThrow('interrupted')
    await buildBm25(join(root, 'half'), batches(small))
    await writeFile(join(root, 'half', 'index.json'), '{"format":99,"documents":6}')
    await expect(openBm25(join(root, 'half'))).rejects.toThrow(/format 99/)
  })

  it('leaves out the stop words that it is told to', async () => {
    const rows = [{ docid: 'q', title: '', text: 'Who wrote the book that is here?' }]
    const find = async (stopWords: 'english' | 'lucene', text: string) => {
      await buildBm25(join(root, stopWords), batches(rows), { stopWords })
      const built = await openBm25(join(root, stopWords))
      return (await built.search([{ text }], 5).finally(() => built.close()))[0].length
    }
    expect(await find('english', 'who')).toBe(0)
    expect(await find('lucene', 'who')).toBe(1)
    expect(await find('lucene', 'that is the')).toBe(0)
    expect(await find('english', 'books')).toBe(1)
  })

  it('indexes an empty corpus', async () => {
    expect(await buildBm25(join(root, 'empty'), batches([]))).toEqual({ documents: 0 })
    const empty = await openBm25(join(root, 'empty'))
    expect(await empty.search([{ text: 'cats' }], 5)).toEqual([[]])
    await empty.close()
  })

  it('ranks by the formula, the same in every build', async () => {
    const rows = syntheticDocuments(8_000)
    const queries = queriesOf(rows, 200)
    const oracle = bruteForceBm25(rows)
    const runs = []
    for (const build of ['one', 'two']) {
      await buildBm25(join(root, build), batches(rows, build === 'one' ? 8_000 : 123))
      const built = await openBm25(join(root, build))
      runs.push(await built.search(queries, 20))
      await built.close()
    }
    expect(runs[1]).toEqual(runs[0])
    runs[0].forEach((hits, query) => expect(largestError(hits, oracle(queries[query].text))).toBeLessThan(1e-4))
  })

  it('goes on with an unfinished build of the same corpus, and ends as one that was never stopped', async () => {
    const rows = syntheticDocuments(1_000)
    const queries = queriesOf(rows, 50)
    const build = async (name: string, corpus: string, failAt = Infinity) => {
      const written: number[] = []
      const source = async function* () {
        for (let start = 0; start < rows.length; start += 50) {
          if (start >= failAt) throw new Error('killed')
          yield rows.slice(start, start + 50)
        }
      }
      const options = { corpus, rowsPerFragment: 100, onProgress: (count: number) => written.push(count) }
      const ended = await buildBm25(join(root, name), source(), options).then(
        () => 'built',
        (error: unknown) => String(error),
      )
      return { ended, written }
    }
    const search = async (name: string) => {
      const built = await openBm25(join(root, name))
      const found = await built.search(queries, 20)
      await built.close()
      return found
    }
    expect(await build('whole', 'k')).toMatchObject({ ended: 'built' })
    expect(await build('stopped', 'k', 350)).toEqual({ ended: 'Error: killed', written: [100, 200, 300] })
    expect(await build('stopped', 'k', 750)).toEqual({ ended: 'Error: killed', written: [300, 400, 500, 600, 700] })
    await expect(openBm25(join(root, 'stopped'))).rejects.toThrow('expected a search index')
    expect(await build('stopped', 'k')).toEqual({ ended: 'built', written: [700, 800, 900, 1000] })
    expect(await search('stopped')).toEqual(await search('whole'))
    expect(await readdir(join(root, 'stopped'))).toEqual(await readdir(join(root, 'whole')))
    expect(await readdir(join(root, 'stopped', 'documents.lance', '_indices'))).toHaveLength(2)

    await build('stopped', 'k', 350)
    expect((await build('stopped', 'other')).written).toHaveLength(10)
  })

  it('refuses to go on where the documents are not those of the unfinished build', async () => {
    const rows = syntheticDocuments(300)
    const failing = async function* () {
      yield rows.slice(0, 250)
      throw new Error('killed')
    }
    const options = { corpus: 'k', rowsPerFragment: 100 }
    await expect(buildBm25(join(root, 'fewer'), failing(), options)).rejects.toThrow('killed')
    await expect(buildBm25(join(root, 'fewer'), batches(rows.slice(0, 90)), options)).rejects.toThrow(
      'expected 90 documents; found 200 rows',
    )
  })
})
