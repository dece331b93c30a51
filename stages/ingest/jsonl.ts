// Ingests a corpus that is already chunked, at the speed of DuckDB's JSON reader.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { readLineChunks, type LineChunk } from '../../data/readers/line-chunks.ts'
import type { Article, OnDrop } from '../../data/readers/corpora/article.ts'
import { ID_KEYS, parseJsonlDocument, TEXT_KEYS, TITLE_KEY } from '../../data/readers/corpora/jsonl.ts'
import { splitLines } from '../../data/readers/lines.ts'
import { withTitleSql } from '../../data/title.ts'
import { documents } from '../../data/schemas.ts'
import { createBackground } from '../../core/background.ts'
import { connect, jsonLines, type DuckDBConnection } from '../../core/database.ts'
import { diskError, publish, temporary } from '../../core/files.ts'
import { copyToParquet, partPath } from '../../pipeline/parts.ts'
import type { Context } from './io.ts'
import { usable } from './usable.ts'

/** Bytes of JSON a part; also what bounds the memory. */
const CHUNK_BYTES = 32 << 20
/** DuckDB reserves twice this for reading; a longer line makes it fail, and is tried again with its own length. */
const USUAL_LINE = 8 << 20
/** More at a time would only wait for the disk, and take memory. */
const MOST_AT_ONCE = 4

const KEYS = [...ID_KEYS, TITLE_KEY, ...TEXT_KEYS]

const select = (spool: string, longest: number): string => {
  const columns = Object.fromEntries(KEYS.map((key) => [key, 'VARCHAR']))
  return `
    SELECT
      CASE WHEN id IS NULL OR id = '' THEN error('no id') ELSE id END AS docid,
      title,
      CASE WHEN body IS NULL THEN error('no text') ELSE ${withTitleSql('title', 'body')} END AS "text",
      NULL::INTEGER AS tokens
    FROM (
      SELECT coalesce(docid, id, _id) AS id, coalesce(title, '') AS title, coalesce("text", contents, content) AS body
      FROM ${jsonLines(spool, { columns, longest })}
    )`
}

// Half a surrogate pair, which JSON allows and UTF-8 does not, becomes U+FFFD.
const wellFormed = (_: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value)
const written = ({ id, title, text }: Article): string => `${JSON.stringify({ docid: id, title, text }, wellFormed)}\n`

const ESCAPED_NUL = '\\u0000'

// DuckDB's JSON is wider than JSON: what it is given has been read by the rules before.
const checked = (chunk: LineChunk): Article[] =>
  splitLines(chunk.path, chunk.bytes, chunk.firstLine).map((line) => parseJsonlDocument(chunk.path, line))

const copy = async (
  connection: DuckDBConnection,
  { chunk, spool, path }: { chunk: LineChunk; spool: string; path: string },
  onDrop: OnDrop,
): Promise<void> => {
  const convert = async (json: Uint8Array | string, longest: number): Promise<void> => {
    writeFileSync(spool, json)
    await connection.run(copyToParquet(select(spool, longest), temporary(path)))
    publish(path)
  }
  const read = checked(chunk)
  const kept = read.filter(usable(onDrop))
  try {
    mkdirSync(dirname(path), { recursive: true })
    if (kept.length === read.length) return await convert(chunk.bytes, USUAL_LINE)
  } catch (error) {
    const named = diskError(error, path)
    if (named !== error) throw named
  }
  const lines = kept.map(written)
  await convert(
    lines.join(''),
    lines.reduce((most, line) => Math.max(most, Buffer.byteLength(line)), USUAL_LINE),
  )
}

/** What was dropped of a piece whose part exists, so that counts are right after a resume. */
const countAgain = (chunk: LineChunk, onDrop: OnDrop): void => {
  if (chunk.bytes.includes(ESCAPED_NUL)) checked(chunk).filter(usable(onDrop))
}

/**
 * One part of `documents` for every 32 MB of the input, as many at a time as there are cores. Errors: UserError naming
 * file and line.
 */
export const ingestJsonl = async (
  context: Context,
  paths: readonly string[],
  onDrop: OnDrop,
  chunkBytes = CHUNK_BYTES,
): Promise<void> => {
  const total = paths.reduce((sum, path) => sum + statSync(path).size, 0)
  const compressed = paths.some((path) => /\.(gz|zst|bz2)$/i.test(path))
  const atOnce = Math.min(MOST_AT_ONCE, availableParallelism())
  const idle = await Promise.all(Array.from({ length: atOnce }, () => connect({ threads: 1 })))
  const connections = [...idle]
  const background = createBackground(atOnce)
  let read = 0
  const ingest = async (chunk: LineChunk): Promise<void> => {
    const connection = idle.pop()!
    const spool = join(context.scratch, `chunk-${chunk.index}.jsonl`)
    try {
      await copy(connection, { chunk, spool, path: partPath(context.folder, documents, chunk.index) }, onDrop)
    } finally {
      rmSync(spool, { force: true })
      idle.push(connection)
    }
    read += chunk.bytes.length
    context.mark(read / 1e6, compressed ? null : total / 1e6, 'MB')
  }
  try {
    for await (const chunk of readLineChunks(paths, chunkBytes)) {
      context.check()
      if (context.done(chunk.index, [documents])) {
        countAgain(chunk, onDrop)
        read += chunk.bytes.length
      } else await background.add(() => ingest(chunk))
    }
    await background.drain()
  } finally {
    await background.drain().catch(() => undefined)
    for (const connection of connections) connection.closeSync()
  }
}
