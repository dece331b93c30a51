import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readHotpotqa, readHotpotqaArticles } from '../../data/readers/corpora/hotpotqa.ts'
import { readJsonlArticles } from '../../data/readers/corpora/jsonl.ts'
import { readMediawikiArticles } from '../../data/readers/corpora/mediawiki.ts'
import { readTableArticles } from '../../data/readers/corpora/table.ts'
import { readWikiextractorArticles } from '../../data/readers/corpora/wikiextractor.ts'
import { readJsonArray } from '../../data/readers/json-array.ts'
import { csv, tsv } from '../../data/readers/table.ts'
import { sharedTest } from '../helpers/shared.ts'
import { collect, failure, scratch } from './helpers.ts'

const { folder, write } = scratch()
const lines = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')
const drops = () => {
  const counts: Record<string, number> = {}
  return { counts, onDrop: (reason: string) => void (counts[reason] = (counts[reason] ?? 0) + 1) }
}

describe('JSON Lines corpus', () => {
  it('takes the usual keys, numbers as ids, and a folder of files', async () => {
    write('jl/b.jsonl.gz', gzipSync(lines({ _id: 'c', content: 'C' })))
    write('jl/a.jsonl', lines({ docid: 7, text: 'A', title: 'T' }, { id: 'b', contents: '', title: null }))
    expect(await collect(readJsonlArticles(join(folder, 'jl')))).toEqual([
      { id: '7', title: 'T', text: 'A' },
      { id: 'b', title: '', text: '' },
      { id: 'c', title: '', text: 'C' },
    ])
    expect(await collect(readJsonlArticles(write('empty.jsonl', '')))).toEqual([])
  })

  it('names the file, line and keys of a record that lacks one', async () => {
    const path = write('bad.jsonl', lines({ id: 'a', text: 'A' }, { id: 'b', body: 'B' }))
    const { problem } = await failure(readJsonlArticles(path))
    expect(problem).toMatchObject({ where: `${path} line 2`, found: 'keys id, body' })
    const records = [{ text: 'A' }, { id: '', text: 'A' }, { id: 'a', text: 5 }, { id: {}, text: '' }, [1], 'x']
    for (const record of records)
      await failure(
        readJsonlArticles(write('bad.jsonl', lines(record))),
        /bad\.jsonl line 1( column \d+)?: expected .*(id|text|object)/,
      )
  })
})

describe('wikiextractor corpus', () => {
  it('reads its folders in order, drops empty pages, takes a leading title off', async () => {
    const page = (id: string, text: string) => ({ id, revid: '1', url: 'u', title: `T${id}`, text })
    write('we/AB/wiki_00', lines(page('3', 'three')))
    write('we/AA/wiki_10', lines(page('2', 'T2\n\ntwo')))
    write('we/AA/wiki_02', lines(page('1', 'one'), page('9', '\n')))
    write('we/AA/notes.txt', 'no')
    const { counts, onDrop } = drops()
    expect(await collect(readWikiextractorArticles(join(folder, 'we'), onDrop))).toEqual([
      { id: '1', title: 'T1', text: 'one' },
      { id: '2', title: 'T2', text: 'two' },
      { id: '3', title: 'T3', text: 'three' },
    ])
    expect(counts).toEqual({ empty: 1 })
  })
})

describe('MediaWiki dump', () => {
  const page = (id: number, ns: number, title: string, text: string, extra = ''): string =>
    `<page><title>${title}</title><ns>${ns}</ns><id>${id}</id>${extra}<revision><id>${id}000</id>` +
    `<contributor><username>x</username><id>5</id></contributor><text bytes="1" xml:space="preserve">${text}</text></revision></page>\n`
  const dump = `<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="en"><siteinfo><sitename>W</sitename></siteinfo>\n${[
    page(
      1,
      0,
      'Tom &amp; Jerry',
      "'''Tom &amp; Jerry''' is a [[cartoon|series]].&lt;ref&gt;x&lt;/ref&gt; {{Infobox a|b=c}} Größe 😀.",
    ),
    page(2, 1, 'Talk:Tom', 'chat'),
    page(3, 0, 'Old', '#REDIRECT [[Tom]]', '<redirect title="Tom" />'),
    page(4, 0, 'Void', ''),
    page(5, 0, 'Two', '== Head ==\nFirst [[link]].\n\n* item {{unclosed'),
  ].join('')}</mediawiki>\n`

  const check = async (path: string): Promise<void> => {
    const { counts, onDrop } = drops()
    const articles = await collect(readMediawikiArticles(path, onDrop))
    expect(articles.map(({ id, title }) => [id, title])).toEqual([
      ['1', 'Tom & Jerry'],
      ['5', 'Two'],
    ])
    expect(articles[0].text).toBe('Tom & Jerry is a series. Größe 😀.')
    expect(articles[1].text).toContain('First link.')
    expect(counts).toEqual({ 'other-namespace': 1, redirect: 1, empty: 1 })
  }

  it('gives plain text of articles only, gzipped too', async () => {
    await check(write('dump.xml', dump))
    await check(write('dump.xml.gz', gzipSync(dump)))
  })

  it('reads a multi-stream .bz2, where bzip2 is installed to write one', async ({ skip }) => {
    const bytes = Buffer.from(dump)
    const compress = (part: Buffer): Buffer => execFileSync('bzip2', ['-c'], { input: part })
    let whole: Buffer
    try {
      whole = Buffer.concat([compress(bytes.subarray(0, 500)), compress(bytes.subarray(500))])
    } catch {
      return skip('bzip2 is not installed')
    }
    await check(write('dump.xml.bz2', whole))
  })

  it('cut short or no XML is an error', async () => {
    for (const text of [dump.slice(0, 700), '{"a": 1}', '<mediawiki><page></mediawiki>']) {
      const { problem } = await failure(readMediawikiArticles(write('cut.xml', text)))
      expect(problem.expected).toBe('a MediaWiki XML dump')
    }
  })
})

describe('readJsonArray', () => {
  it('gives back any array, however it is spaced', async () => {
    let n = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), async (values, indent) => {
        const path = write(`arrays/${n++}.json`, ` \n${JSON.stringify(values, undefined, indent)}\n`)
        const found = (await collect(readJsonArray(path))).map(({ value }) => value)
        expect(JSON.stringify(found)).toBe(JSON.stringify(values))
      }),
      { numRuns: 100, seed: 5 },
    )
  })

  it('elements over block borders', async () => {
    const values = Array.from({ length: 3000 }, (_, i) => ({ i, text: `"]},[{\\${'é'.repeat(i % 700)}` }))
    const found = await collect(readJsonArray(write('big.json', JSON.stringify(values))))
    expect(found).toEqual(values.map((value, index) => ({ value, index })))
  })

  it('refuses everything else', async () => {
    for (const text of ['', '{}', '[1', '[1,]', '[,1]', '[1] 2', '[{]', '["a]', 'x', '[1}2]']) {
      expect((await failure(readJsonArray(write('bad.json', text)))).problem.expected, text).toBe('a JSON array')
    }
  })
})

describe('HotpotQA', () => {
  const original = [
    {
      _id: 'q1',
      question: 'Q1?',
      answer: 'yes',
      supporting_facts: [
        ['A: B', 0],
        ['A: B', 1],
      ],
      context: [
        ['A: B', ['One.', ' Two.']],
        ['C', ['Three.']],
      ],
    },
    {
      _id: 'q2',
      question: 'Q2?',
      supporting_facts: [['C', 0]],
      context: [
        ['C', ['Another.']],
        ['A: B', ['One.', ' Two.']],
      ],
    },
  ]
  const columnar = original.map(({ context, supporting_facts, ...rest }) => ({
    ...rest,
    supporting_facts: { title: supporting_facts.map(([title]) => title), sent_id: supporting_facts.map(([, n]) => n) },
    context: { title: context.map(([title]) => title), sentences: context.map(([, sentences]) => sentences) },
  }))

  it('reads both layouts alike; a second text of a title has its own docid; no docid has a colon', async () => {
    for (const layout of [original, columnar]) {
      const items = await collect(readHotpotqa(write('hotpot.json', JSON.stringify(layout))))
      expect(items).toEqual([
        {
          query: { query_id: 'q1', question: 'Q1?', answers: ['yes'] },
          articles: [
            { id: 'A%3A B', title: 'A: B', text: 'One. Two.' },
            { id: 'C', title: 'C', text: 'Three.' },
          ],
          qrels: [{ query_id: 'q1', docid: 'A%3A B', relevance: 1 }],
        },
        {
          query: { query_id: 'q2', question: 'Q2?', answers: [] },
          articles: [{ id: 'C#2', title: 'C', text: 'Another.' }],
          qrels: [{ query_id: 'q2', docid: 'C#2', relevance: 1 }],
        },
      ])
    }
  })

  it('names the element that lacks something', async () => {
    const path = write('bad.json', JSON.stringify([original[0], { _id: 'x', question: 'Q', context: [['A', 'text']] }]))
    expect((await failure(readHotpotqa(path))).problem.where).toBe(`${path} element 1`)
  })

  const real = 'data/hotpotqa/hotpot_dev_distractor_100.json'
  sharedTest('the real file: 100 questions, 991 paragraphs, 2 gold each', [real], async (path) => {
    const items = await collect(readHotpotqa(path))
    expect(items).toHaveLength(100)
    expect(new Set(items.map(({ query }) => query.query_id)).size).toBe(100)
    const articles = await collect(readHotpotqaArticles(path))
    expect(new Set(articles.map(({ id }) => id)).size).toBe(articles.length)
    expect(articles).toHaveLength(991)
    expect(items.every(({ qrels }) => qrels.length === 2)).toBe(true)
  })
})

describe('table corpus', () => {
  const columns = { id: 'id', title: 'name', text: 'body' }

  it('reads named columns of CSV with quotes and of TSV without', async () => {
    const quoted = write('a.csv', '\ufeffname,id,body\n"A, B",1,"line ""one""\nline two"\nC,2,\n')
    expect(await collect(readTableArticles(quoted, csv, columns))).toEqual([
      { id: '1', title: 'A, B', text: 'line "one"\nline two' },
      { id: '2', title: 'C', text: '' },
    ])
    const plain = write('a.tsv.gz', gzipSync('id\tbody\n1\t"half quoted\n'))
    expect(await collect(readTableArticles(plain, tsv, { id: 'id', text: 'body' }))).toEqual([
      { id: '1', title: '', text: '"half quoted' },
    ])
  })

  it('lists the columns there are when one is missing', async () => {
    const { problem } = await failure(readTableArticles(write('b.csv', 'id,text\n1,a\n'), csv, columns))
    expect(problem).toMatchObject({ expected: 'a column "body"', found: 'columns "id", "text"' })
  })

  it('names the line of a ragged row, a missing id, a broken quote', async () => {
    const where = async (text: string) =>
      (await failure(readTableArticles(write('c.csv', text), csv, { id: 'id', text: 'text' }))).problem.where
    expect(await where('id,text\n1,a\n2\n')).toMatch(/line 3$/)
    expect(await where('id,text\n,a\n')).toMatch(/line 2$/)
    expect(await where('id,text\n1,"a\n2,b\n')).toMatch(/line \d$/)
    expect(await where('id,text\n1,a"b\n')).toMatch(/line 2$/)
  })
})
