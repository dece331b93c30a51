// Texts of a file to embeddings in a Parquet file, a batch at a time.
import { DuckDBDataChunk, FLOAT, LIST, listValue, VARCHAR } from '@duckdb/node-api'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseJsonLine, readLines, type Line } from '../data/readers/lines.ts'
import { idAt, objectAt, textAt } from '../data/readers/record.ts'
import type { Encoder } from '../model/encoder.ts'
import { ahead } from '../core/ahead.ts'
import { connect } from '../core/database.ts'
import { Interrupted } from '../core/errors.ts'
import { diskError, publish, temporary } from '../core/files.ts'
import { copyToParquet } from '../pipeline/parts.ts'

/** Texts encoded at a time: many, so that those of one length find each other. */
const BATCH = 2048
/** Rows a row group, the fewest there can be, and memory for several of the widest embeddings. */
const ROW_GROUP = 2048
const MEMORY = '1GB'
/** Rows the database is handed at a time. */
const FLUSHED = 256

interface Item {
  readonly id: string
  readonly text: string
}

const isJsonLines = (path: string): boolean => /\.(jsonl|ndjson)(\.(gz|zst|bz2))?$/.test(path)

/** A line of JSON has its id; one of text is called by its number. */
const itemOf = (path: string, line: Line): Item => {
  if (!isJsonLines(path)) return { id: String(line.number), text: line.text }
  const where = `${path} line ${line.number}`
  const record = objectAt(parseJsonLine(path, line), where)
  return { id: idAt(record, ['id', 'docid', '_id'], where), text: textAt(record, ['text'], where) }
}

async function* batchesOf(path: string): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const lines of readLines(path))
    for (const line of lines) {
      batch.push(itemOf(path, line))
      if (batch.length < BATCH) continue
      yield batch
      batch = []
    }
  if (batch.length > 0) yield batch
}

interface Sink {
  append(ids: readonly string[], vectors: Float32Array): void
  /** Makes the file appear under its name. */
  commit(): Promise<void>
  /** Removes what lies beside it. */
  close(): void
}

/** Rows go to a database beside the output, from where they are copied at last: wide embeddings as text are too large. */
const openSink = async (output: string, width: number): Promise<Sink> => {
  const spool = `${output}.duckdb.tmp`
  const remove = (): void => {
    for (const path of [spool, `${spool}.wal`, temporary(output)]) rmSync(path, { force: true })
  }
  mkdirSync(dirname(output), { recursive: true })
  remove()
  const connection = await connect({ file: spool, threads: 1, memory: MEMORY })
  await connection.run('CREATE TABLE rows (id VARCHAR, embedding FLOAT[])')
  const appender = await connection.createAppender('rows')
  return {
    append: (ids, vectors) => {
      for (let start = 0; start < ids.length; start += FLUSHED) {
        const some = ids.slice(start, start + FLUSHED)
        const rows = some.map((_, i) => vectors.subarray((start + i) * width, (start + i + 1) * width))
        const chunk = DuckDBDataChunk.create([VARCHAR, LIST(FLOAT)], some.length)
        chunk.setColumns([some, rows.map((row) => listValue(Array.from(row)))])
        appender.appendDataChunk(chunk)
        appender.flushSync()
      }
    },
    commit: async () => {
      await connection.run(copyToParquet('FROM rows', temporary(output), ROW_GROUP))
      publish(output)
    },
    close: () => {
      appender.closeSync()
      connection.closeSync()
      remove()
    },
  }
}

export interface EncodeFileOptions {
  readonly encoder: Encoder
  /** Lines of text, or JSON Lines of {id, text} when it is named so; may be compressed. */
  readonly input: string
  /** Parquet of {id, embedding}, in the order of the input; appears when it is complete. */
  readonly output: string
  readonly kind: 'query' | 'passage'
  readonly signal?: AbortSignal
  readonly onProgress?: (texts: number) => void
}

/** The number of texts. Errors: UserError for a malformed line or a full disk, Interrupted. */
export const encodeFile = async (options: EncodeFileOptions): Promise<number> => {
  const { encoder, input, output, kind, signal, onProgress } = options
  const sink = await openSink(output, encoder.dimensions)
  try {
    let done = 0
    const encoded = async (batch: readonly Item[]) => {
      const texts = batch.map(({ text }) => text)
      return { ids: batch.map(({ id }) => id), vectors: await encoder.encode(texts, kind, signal) }
    }
    // The encoder tokenises a batch while it computes the one before.
    for await (const { ids, vectors } of ahead(batchesOf(input), encoded, 2)) {
      if (signal?.aborted === true) throw new Interrupted()
      sink.append(ids, vectors)
      done += ids.length
      onProgress?.(done)
    }
    await sink.commit()
    return done
  } catch (error) {
    throw diskError(error, output)
  } finally {
    sink.close()
  }
}
