// Token ids of texts in random order: one flat array, in memory or, where it is too large, in a file made of the table.
// Parquet itself is no store for that: it decompresses whole row groups for a few rows.
import { closeSync, existsSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs'
import { parquet, type DuckDBConnection } from '../../core/database.ts'
import { at } from '../../core/at.ts'
import { UserError } from '../../core/errors.ts'
import { diskError, temporary } from '../../core/files.ts'
import { eachList, eachNumber, streamChunks } from '../../core/lists.ts'

export interface TextIds {
  /** Token ids of a text. */
  readonly ids: (text: number) => Int32Array
  readonly close: () => void
}

export interface IdsOptions {
  /** Parts of `tokens`, in order, at least one. */
  readonly parts: readonly string[]
  /** Texts that they hold. */
  readonly texts: number
  /** The file, should one be needed; made anew unless it is there in full. */
  readonly cache: string
  /** Bytes that may be held in memory. */
  readonly resident: number
}

const WIDTH = Int32Array.BYTES_PER_ELEMENT

/** Memory: 8 bytes a text, and the ids where they take at most `resident` bytes. Throws UserError for a damaged table. */
export const openIds = async (connection: DuckDBConnection, options: IdsOptions): Promise<TextIds> => {
  const { parts, texts, cache, resident } = options
  const ends = await endsOf(connection, parts, texts)
  const total = ends.at(-1) ?? 0
  const start = (text: number): number => (text === 0 ? 0 : at(ends, text - 1))
  if (total * WIDTH <= resident) {
    const flat = new Int32Array(total)
    await copyIds(connection, parts, (list, at) => flat.set(list, at))
    return { ids: (text) => flat.subarray(start(text), ends[text]), close: () => undefined }
  }
  if (!existsSync(cache) || statSync(cache).size !== total * WIDTH) await writeIds(connection, parts, cache)
  const handle = openSync(cache, 'r')
  return {
    ids: (text) => {
      const ids = new Int32Array(at(ends, text) - start(text))
      readSync(handle, new Uint8Array(ids.buffer), 0, ids.byteLength, start(text) * WIDTH)
      return ids
    },
    close: () => closeSync(handle),
  }
}

/** Where each text's ids end in the flat array. */
const endsOf = async (
  connection: DuckDBConnection,
  parts: readonly string[],
  texts: number,
): Promise<Float64Array<ArrayBuffer>> => {
  const damaged = (expected: string, found: string): UserError =>
    new UserError({
      where: at(parts, 0),
      expected,
      found,
      fix: 'Remove the tables of the train stage; the texts will be tokenised again.',
    })
  const ends = new Float64Array(texts)
  let [rows, end] = [0, 0]
  for await (const chunk of streamChunks(connection, `SELECT "text", len(ids) FROM ${parquet(parts)}`)) {
    eachNumber(chunk, 0, (text, row) => {
      if (text !== rows + row || text >= texts) throw damaged(`text ${rows + row} of ${texts}`, `text ${text}`)
    })
    eachNumber(chunk, 1, (length, row) => (ends[rows + row] = end += length))
    rows += chunk.rowCount
  }
  if (rows !== texts) throw damaged(`${texts} texts`, String(rows))
  return ends
}

/** Hands over every text's ids and where they start; the array is used again for the next one. */
const copyIds = async (
  connection: DuckDBConnection,
  parts: readonly string[],
  use: (list: Int32Array<ArrayBuffer>, at: number) => void,
): Promise<void> => {
  let at = 0
  for await (const chunk of streamChunks(connection, `SELECT ids FROM ${parquet(parts)}`))
    eachList(chunk, 0, (list) => {
      use(list, at)
      at += list.length
    })
}

const BUFFERED = 1 << 18

const writeIds = async (connection: DuckDBConnection, parts: readonly string[], path: string): Promise<void> => {
  const handle = openSync(temporary(path), 'w')
  const buffer = new Int32Array(BUFFERED)
  let filled = 0
  const write = (list: Int32Array): void => {
    const bytes = new Uint8Array(list.buffer, list.byteOffset, list.byteLength)
    for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at)
  }
  const flush = (): void => {
    write(buffer.subarray(0, filled))
    filled = 0
  }
  try {
    await copyIds(connection, parts, (list) => {
      if (filled + list.length > BUFFERED) flush()
      if (list.length > BUFFERED) return write(list)
      buffer.set(list, filled)
      filled += list.length
    })
    flush()
  } catch (error) {
    throw diskError(error, path)
  } finally {
    closeSync(handle)
  }
  // Not made durable: it has the table's size or is made again.
  renameSync(temporary(path), path)
}
