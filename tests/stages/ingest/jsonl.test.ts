// Ingesting a chunked corpus piece by piece: lines are named by their number in the file, whichever piece they are in.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJsonlArticles } from '../../../data/readers/corpora/jsonl.ts'
import { withTitle } from '../../../data/title.ts'
import { documents } from '../../../data/schemas.ts'
import { all, parquet, writer } from '../../../core/database.ts'
import { listParts } from '../../../pipeline/parts.ts'
import { createContext } from '../../../pipeline/context.ts'
import { configSchema } from '../../../stages/config.ts'
import { ingestJsonl } from '../../../stages/ingest/jsonl.ts'
import { ingestStage } from '../../../stages/ingest/stage.ts'
import { corpusRows } from '../../helpers/sample.ts'
import { jsonl, tempFolders, writeFiles } from '../../helpers/temp.ts'
import { collect } from '../../data/helpers.ts'
import { silent } from '../../pipeline/fake-stages.ts'

const temp = tempFolders()
const CHUNK = 200

const ingest = async (files: Record<string, string | Uint8Array>, folder = temp()) => {
  writeFiles(folder, files)
  const run = join(folder, 'run')
  mkdirSync(run, { recursive: true })
  const config = configSchema.parse({ run })
  const signal = new AbortController().signal
  const context = createContext({
    ...{ stages: [ingestStage], stage: ingestStage, restsOn: [] },
    ...{ config, run, fingerprint: 'f', progress: silent, signal },
  })
  const paths = Object.keys(files).map((name) => join(folder, name))
  const dropped: string[] = []
  await ingestJsonl(context, paths, (reason) => void dropped.push(reason), CHUNK)
  const parts = listParts(context.folder, documents)
  const rows = await all<{ docid: string; text: string; title: string }>(
    await writer(),
    `SELECT * FROM ${parquet(parts)}`,
  )
  return { parts, rows, dropped }
}

describe('a corpus of several pieces', () => {
  test('comes whole and in order, compressed or not, over several files', async () => {
    const rows = corpusRows(30)
    const { parts, rows: found } = await ingest({
      'a.jsonl': jsonl(rows.slice(0, 17)),
      'b.jsonl.gz': gzipSync(jsonl(rows.slice(17))),
    })
    expect(parts.length).toBeGreaterThan(5)
    expect(found.map(({ docid, text }) => ({ docid, text }))).toEqual(rows)
  })

  test('with a bad line in a later piece: its number in the file, and the pieces before it stay', async () => {
    const lines = jsonl(corpusRows(30)).trimEnd().split('\n')
    lines[21] = '{"docid": "x"}'
    const folder = temp()
    await expect(ingest({ 'a.jsonl': lines.join('\n') }, folder)).rejects.toThrow(/a\.jsonl line 22: .*"text"/)
    expect(listParts(join(folder, 'run/ingest'), documents).length).toBeGreaterThan(2)
    lines[21] = 'not JSON'
    await expect(ingest({ 'a.jsonl': lines.join('\n') }, folder)).rejects.toThrow(
      /a\.jsonl line 22 column 1: expected one JSON/,
    )
  })

  test('of which a part is missing is completed with the same bytes', async () => {
    const folder = temp()
    const files = { 'a.jsonl': jsonl(corpusRows(30)) }
    const { parts } = await ingest(files, folder)
    const before = parts.map((part) => readFileSync(part, 'hex'))
    rmSync(parts[1])
    await ingest(files, folder)
    expect(existsSync(parts[1])).toBe(true)
    expect(parts.map((part) => readFileSync(part, 'hex'))).toEqual(before)
  })
})

test('keys by any of their usual names; the title leads the text once', async () => {
  const { rows } = await ingest({
    'a.jsonl': jsonl([
      { docid: '1', text: 'body' },
      { id: 2, contents: 'body', title: 'Title' },
      { _id: 'c', content: 'Title\nbody', title: 'Title', other: { any: 1 } },
    ]),
  })
  expect(rows.map(({ docid, title, text }) => [docid, title, text])).toEqual([
    ['1', '', 'body'],
    ['2', 'Title', 'Title\nbody'],
    ['c', 'Title', 'Title\nbody'],
  ])
})

test('texts come through as they are: unicode, control characters, quotes, long ones, escapes', async () => {
  const texts = ['žluťoučký 🙂 \u2028', 'tab\tand\u0001', '"quoted" \\n', 'x'.repeat(5000), '\u00e9', '']
  const { rows } = await ingest({ 'a.jsonl': jsonl(texts.map((text, n) => ({ docid: `d${n}`, text }))) })
  expect(rows.map(({ text }) => text)).toEqual(texts)
})

test('half a surrogate pair, as some exports have it, becomes a replacement character', async () => {
  const { rows } = await ingest({ 'a.jsonl': '{"docid": "1", "text": "half \\ud83d of one"}\n' })
  expect(rows[0].text).toBe('half \ufffd of one')
})

test('a record longer than usual is read all the same', async () => {
  const text = 'word '.repeat(3 << 20)
  const { rows } = await ingest({
    'a.jsonl': `${JSON.stringify({ docid: '1', text })}\n{"docid": "2", "text": "short"}\n`,
  })
  expect(rows.map((row) => row.text.length)).toEqual([text.length, 5])
})

describe('one meaning whatever path a corpus takes', () => {
  // The slow path is the reader that articles take; the fast one goes through the database.
  const slow = async (line: string) => {
    const folder = temp()
    writeFiles(folder, { 'a.jsonl': line })
    try {
      const articles = await collect(readJsonlArticles(join(folder, 'a.jsonl')))
      return articles.map(({ id, title, text }) => [id, title, withTitle(title, text).toWellFormed()])
    } catch (error) {
      return String(error).replaceAll(folder, '')
    }
  }
  const fast = async (line: string) => {
    const folder = temp()
    try {
      const { rows } = await ingest({ 'a.jsonl': line }, folder)
      return rows.map(({ docid, title, text }) => [docid, title, text])
    } catch (error) {
      return String(error).replaceAll(folder, '')
    }
  }

  test.each([
    ['{"docid": "1", "text": {"html": "x"}}', /line 1 column 24: expected a text under "text" .*\{"html": "x"\}/],
    ['{"docid": true, "text": ""}', /line 1 column 11: expected a non-empty text, or an integer up to 2\^53,/],
    ['{"docid": ["1"], "text": ""}', /line 1 column 11/],
    ['{"docid": 1.0, "text": ""}', /line 1 column 11: .* found "1\.0"/],
    ['{"docid": 1e3, "text": ""}', /line 1 column 11/],
    ['{"docid": -0, "text": ""}', /line 1 column 11/],
    ['{"text": "", "docid": 9007199254740993}', /line 1 column 23: .* found "9007199254740993"/],
    ['{"docid": 9007199254740994, "text": ""}', /line 1 column 11/],
    ['{"docid": 1.5, "text": ""}', /line 1 column 11/],
    ['{"docid": "", "text": ""}', /line 1 column 11/],
    ['{"docid": "1", "text": 42}', /line 1 column 24/],
    ['{"docid": "1", "text": NaN}', /line 1 column 24: expected one JSON value a line/],
    ['{"docid": "1", "text": "x", }', /line 1 column 29: expected one JSON value a line/],
    ['{"docid": "1", "text": "x", "more": [1, ]}', /line 1 column 41/],
    ['{"docid": "1", "text": "x", "more": Infinity}', /line 1 column 37/],
    ['{"docid": "1", "text": "x"', /line 1 column 27: /],
    ['{"docid": "1", "title": 3, "text": "x"}', /line 1 column 25: expected a text under "title"/],
    ['{"title": "t", "text": "x"}', /line 1: expected a non-empty text, or an integer up to 2\^53, under "docid"/],
    ['["docid"]', /line 1 column 1: expected a JSON object/],
    ['null', /line 1 column 1: expected a JSON object/],
  ])('%s is malformed', async (line, said) => {
    expect(await slow(line)).toMatch(said)
    expect(await fast(line)).toBe(await slow(line))
  })

  test.each([
    ['{"text": "x", "docid": 9007199254740992}', ['9007199254740992', '', 'x']],
    ['{"docid": -7, "text": "x"}', ['-7', '', 'x']],
    ['{"docid": "007", "text": "x"}', ['007', '', 'x']],
    ['{"docid": null, "id": "b", "text": null, "contents": "x"}', ['b', '', 'x']],
    ['{"docid": "a", "docid": "b", "text": "x"}', ['b', '', 'x']],
    ['{"docid": "a", "text": "Paris Hilton sings", "title": "Paris"}', ['a', 'Paris', 'Paris\nParis Hilton sings']],
    ['{"docid": "a", "text": "Paris", "title": "Paris"}', ['a', 'Paris', 'Paris']],
    ['{"docid": "a", "text": "Paris\\r\\nx", "title": "Paris"}', ['a', 'Paris', 'Paris\r\nx']],
    ['{"docid": "a", "text": "x\\u0000y"}', ['a', '', 'x\0y']],
    [`{"docid": "a", "deep": ${'['.repeat(90)}${']'.repeat(90)}, "text": "x"}`, ['a', '', 'x']],
  ])('%s means one thing', async (line, row) => {
    expect(await slow(line)).toEqual([row])
    expect(await fast(line)).toEqual([row])
  })

  test('whatever the line', async () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.maxSafeInteger(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    )
    const record = fc.dictionary(
      fc.constantFrom('docid', 'id', '_id', 'title', 'text', 'contents', 'more'),
      fc.oneof({ weight: 9, arbitrary: scalar }, { weight: 1, arbitrary: fc.array(scalar) }),
    )
    const spoil = fc.tuple(fc.nat(200), fc.constantFrom('', ',', 'NaN', '.0', '"', '}', '\\', '\0'))
    await fc.assert(
      fc.asyncProperty(record, spoil, async (value, [at, junk]) => {
        const line = JSON.stringify(value).replaceAll('\\u0000', '')
        const spoilt = `${line.slice(0, at)}${junk}${line.slice(at)}`
        fc.pre(spoilt.trim() !== '')
        expect(await fast(spoilt)).toEqual(await slow(spoilt))
      }),
      { numRuns: 150 },
    )
  })
})

test('a docid with a NUL is left out, counted and named, after a resume too', async () => {
  const folder = temp()
  const files = {
    'a.jsonl': `${jsonl(corpusRows(5))}{"docid": "a\\u0000b", "text": "x"}\n${jsonl(corpusRows(9).slice(5))}`,
  }
  for (const times of ['first', 'again']) {
    const { rows, dropped } = await ingest(files, folder)
    expect(rows.map(({ docid }) => docid)).toEqual(corpusRows(9).map(({ docid }) => docid))
    expect(dropped, times).toEqual(['nul-in-docid'])
  }
})
