// Ingesting a chunked corpus piece by piece: lines are named by their number in the file, whichever piece they are in.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { documents } from '../../../data/schemas.ts'
import { all, parquet, writer } from '../../../core/database.ts'
import { listParts } from '../../../pipeline/parts.ts'
import { createContext } from '../../../pipeline/stage.ts'
import { configSchema } from '../../../stages/config.ts'
import { ingestJsonl } from '../../../stages/ingest/jsonl.ts'
import { ingestStage } from '../../../stages/ingest/stage.ts'
import { corpusRows } from '../../helpers/sample.ts'
import { jsonl, tempFolders, writeFiles } from '../../helpers/temp.ts'
import { silent } from '../../pipeline/fake-stages.ts'

const temp = tempFolders()
const CHUNK = 200

const ingest = async (files: Record<string, string | Uint8Array>, folder = temp()) => {
  writeFiles(folder, files)
  const run = join(folder, 'run')
  mkdirSync(run, { recursive: true })
  const config = configSchema.parse({ run })
  const signal = new AbortController().signal
  const context = createContext({ stage: ingestStage, config, run, fingerprint: 'f', progress: silent, signal })
  const paths = Object.keys(files).map((name) => join(folder, name))
  await ingestJsonl(context, paths, CHUNK)
  const parts = listParts(context.folder, documents)
  const rows = await all<{ docid: string; text: string; title: string }>(
    await writer(),
    `SELECT * FROM ${parquet(parts)}`,
  )
  return { parts, rows }
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
    await expect(ingest({ 'a.jsonl': lines.join('\n') }, folder)).rejects.toThrow(/a\.jsonl line 22: expected one JSON/)
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
