// Ingests a corpus that is already chunked, at the speed of DuckDB's JSON reader.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { readLineChunks, type LineChunk } from '../../data/readers/line-chunks.ts'
import { parseJsonLine, splitLines } from '../../data/readers/lines.ts'
import { idAt, objectAt, textAt } from '../../data/readers/record.ts'
import { documents } from '../../data/schemas.ts'
import { createBackground } from '../../core/background.ts'
import { connect, jsonLines, type DuckDBConnection } from '../../core/database.ts'
import { diskError, publish, temporary } from '../../core/files.ts'
import { copyToParquet, partPath } from '../../pipeline/parts.ts'
import type { StageContext } from '../../pipeline/stage.ts'
import type { Config } from '../config.ts'

/** Bytes of JSON a part; also what bounds the memory. */
const CHUNK_BYTES = 32 << 20
/** DuckDB reserves twice this for reading; a longer line makes it fail, and is tried again with its own length. */
const USUAL_LINE = 8 << 20
/** More at a time would only wait for the disk, and take memory. */
const MOST_AT_ONCE = 4

const ID_KEYS = ['docid', 'id', '_id']
const TEXT_KEYS = ['text', 'contents', 'content']
const KEYS = [...ID_KEYS, 'title', ...TEXT_KEYS]

// The title becomes the first line of the text unless the text already begins with it (as with-title.ts has it).
const select = (spool: string, longest: number): string => {
  const columns = Object.fromEntries(KEYS.map((key) => [key, 'VARCHAR']))
  return `
    SELECT
      CASE WHEN id IS NULL OR id = '' THEN error('no id') ELSE id END AS docid,
      title,
      CASE WHEN body IS NULL THEN error('no text')
           WHEN title = '' OR starts_with(body, title) THEN body
           ELSE title || chr(10) || body END AS "text",
      NULL::INTEGER AS tokens
    FROM (
      SELECT coalesce(docid, id, _id) AS id, coalesce(title, '') AS title, coalesce("text", contents, content) AS body
      FROM ${jsonLines(spool, { columns, longest })}
    )`
}

const checked = (value: unknown, where: string): Readonly<Record<string, unknown>> => {
  const record = objectAt(value, where)
  const title = textAt(record, ['title'], where, '')
  return { docid: idAt(record, ID_KEYS, where), title, text: textAt(record, TEXT_KEYS, where) }
}

const wellFormed = (_: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value)

// The chunk line by line, which throws at the line at fault. Half a surrogate pair, which JSON allows and UTF-8 does not,
// becomes U+FFFD.
const rewritten = (chunk: LineChunk): string[] =>
  splitLines(chunk.path, chunk.bytes, chunk.firstLine)
    .map((line) => checked(parseJsonLine(chunk.path, line), `${chunk.path} line ${line.number}`))
    .map((record) => `${JSON.stringify(record, wellFormed)}\n`)

const copy = async (connection: DuckDBConnection, chunk: LineChunk, spool: string, path: string): Promise<void> => {
  const convert = async (json: Uint8Array | string, longest: number): Promise<void> => {
    writeFileSync(spool, json)
    await connection.run(copyToParquet(select(spool, longest), temporary(path)))
    publish(path)
  }
  try {
    mkdirSync(dirname(path), { recursive: true })
    await convert(chunk.bytes, USUAL_LINE)
  } catch (error) {
    const named = diskError(error, path)
    if (named !== error) throw named
    const lines = rewritten(chunk)
    const longest = lines.reduce((most, line) => Math.max(most, Buffer.byteLength(line)), USUAL_LINE)
    await convert(lines.join(''), longest)
  }
}

/**
 * One part of `documents` for every 32 MB of the input, as many at a time as there are cores. Errors: UserError naming
 * file and line.
 */
export const ingestJsonl = async (
  context: StageContext<Config>,
  paths: readonly string[],
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
      await copy(connection, chunk, spool, partPath(context.folder, documents, chunk.index))
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
      if (context.done(chunk.index, [documents])) read += chunk.bytes.length
      else await background.add(() => ingest(chunk))
    }
    await background.drain()
  } finally {
    await background.drain().catch(() => undefined)
    for (const connection of connections) connection.closeSync()
  }
}
