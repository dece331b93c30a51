// Files of embeddings by the ending of their name: Parquet, NumPy, JSON Lines, CSV. Each appears when it is complete.
import { DuckDBDataChunk, FLOAT, LIST, listValue, VARCHAR } from '@duckdb/node-api'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { connect } from '../core/database.ts'
import { UserError } from '../core/errors.ts'
import { makeFolder, publish, temporary } from '../core/files.ts'
import { copyToParquet } from '../pipeline/parts.ts'

/** Rows a row group, the fewest there can be, and memory for several of the widest embeddings. */
const ROW_GROUP = 2048
const MEMORY = '1GB'
/** Rows the database is handed at a time. */
const FLUSHED = 256

export interface EmbeddingSink {
  /** `vectors` holds as many numbers an id as an embedding has. */
  readonly append: (ids: readonly string[], vectors: Float32Array) => void
  /** Makes the file appear under its name. */
  readonly commit: () => void | Promise<void>
  /** Removes what lies beside it. */
  readonly close: () => void
}

type OpenSink = (output: string, width: number) => EmbeddingSink | Promise<EmbeddingSink>

const rowsOf = (ids: readonly string[], vectors: Float32Array, width: number): Float32Array[] =>
  ids.map((_, i) => vectors.subarray(i * width, (i + 1) * width))

/** Rows go to a database beside the output, from where they are copied at last: wide embeddings as text are too large. */
const openParquet: OpenSink = async (output, width) => {
  const spool = `${output}.duckdb.tmp`
  const remove = (): void => {
    for (const path of [spool, `${spool}.wal`, temporary(output)]) rmSync(path, { force: true })
  }
  remove()
  const connection = await connect({ file: spool, threads: 1, memory: MEMORY })
  await connection.run('CREATE TABLE rows (id VARCHAR, embedding FLOAT[])')
  const appender = await connection.createAppender('rows')
  return {
    append: (ids, vectors) => {
      const rows = rowsOf(ids, vectors, width)
      for (let start = 0; start < ids.length; start += FLUSHED) {
        const some = ids.slice(start, start + FLUSHED)
        const lists = rows.slice(start, start + FLUSHED).map((row) => listValue(Array.from(row)))
        const chunk = DuckDBDataChunk.create([VARCHAR, LIST(FLOAT)], some.length)
        chunk.setColumns([some, lists])
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

/** A file that grows under its temporary name. */
const openGrowing = (path: string) => {
  rmSync(temporary(path), { force: true })
  const file = openSync(temporary(path), 'w')
  let open = true
  const shut = (): void => {
    if (open) closeSync(file)
    open = false
  }
  const write = (bytes: Uint8Array, position: number | null = null): void => {
    for (let done = 0; done < bytes.length;)
      done += writeSync(file, bytes, done, bytes.length - done, position === null ? null : position + done)
  }
  return {
    write,
    writeText: (text: string): void => write(Buffer.from(text)),
    commit: (): void => {
      shut()
      publish(path)
    },
    close: (): void => {
      shut()
      rmSync(temporary(path), { force: true })
    },
  }
}

/** Nine digits bring a float32 back exactly. */
const digits = (row: Float32Array): number[] => Array.from(row, (value) => Number(value.toPrecision(9)))

const NUMPY_HEADER_BYTES = 128

/** The header of version 1.0 of NumPy's format, padded so that a later one with more rows is as long. */
const numpyHeader = (rows: number, width: number): Buffer => {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${width}), }`
  const header = Buffer.alloc(NUMPY_HEADER_BYTES, ' ')
  header.write('\x93NUMPY\x01\x00', 0, 'latin1')
  header.writeUInt16LE(NUMPY_HEADER_BYTES - 10, 8)
  header.write(text, 10, 'latin1')
  header.write('\n', NUMPY_HEADER_BYTES - 1, 'latin1')
  return header
}

/** The file of ids beside one of NumPy, which has none: a JSON text a line, row for row. */
export const idsBeside = (output: string): string => `${output}.ids.jsonl`

const openNumpy: OpenSink = (output, width) => {
  const [numbers, names] = [openGrowing(output), openGrowing(idsBeside(output))]
  let rows = 0
  numbers.write(numpyHeader(0, width))
  return {
    append: (ids, vectors) => {
      const bytes = Buffer.alloc(vectors.length * 4)
      vectors.forEach((value, i) => bytes.writeFloatLE(value, i * 4))
      numbers.write(bytes)
      names.writeText(ids.map((id) => `${JSON.stringify(id)}\n`).join(''))
      rows += ids.length
    },
    commit: () => {
      numbers.write(numpyHeader(rows, width), 0)
      names.commit()
      numbers.commit()
    },
    close: () => {
      numbers.close()
      names.close()
    },
  }
}

const openLines =
  (head: (width: number) => string, line: (id: string, row: Float32Array) => string): OpenSink =>
  (output, width) => {
    const file = openGrowing(output)
    file.writeText(head(width))
    return {
      append: (ids, vectors) => {
        rowsOf(ids, vectors, width).forEach((row, i) => file.writeText(`${line(ids[i] ?? '', row)}\n`))
      },
      commit: file.commit,
      close: file.close,
    }
  }

const openJsonLines = openLines(
  () => '',
  (id, row) => JSON.stringify({ id, embedding: digits(row) }),
)

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const openCsv = openLines(
  (width) => `id,${Array.from({ length: width }, (_, i) => `dim_${i}`).join(',')}\n`,
  (id, row) => `${cell(id)},${digits(row).join(',')}`,
)

const FORMATS: ReadonlyMap<string, OpenSink> = new Map([
  ['.parquet', openParquet],
  ['.npy', openNumpy],
  ['.jsonl', openJsonLines],
  ['.csv', openCsv],
])

const formatOf = (output: string): OpenSink => {
  const ending = extname(output).toLowerCase()
  const open = FORMATS.get(ending)
  if (open) return open
  throw new UserError({
    where: `--output ${output}`,
    expected: `a name that ends in ${[...FORMATS.keys()].join(', ')}`,
    found: ending === '' ? 'no such ending' : ending,
    fix: 'The ending says what is written.',
  })
}

/** Refuses a name that says of no format. Errors: UserError. */
export const checkOutput = (output: string): void => void formatOf(output)

/** Errors: UserError for a name that says of no format, and where the folder cannot be made. */
export const openEmbeddings: OpenSink = async (output, width) => {
  const open = formatOf(output)
  makeFolder(dirname(output))
  return open(output, width)
}
