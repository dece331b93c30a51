// Training data ready for random access, from the tables that `buildDataset` wrote.
import { at } from '../../core/at.ts'
import { examples, tokens } from '../../data/schemas.ts'
import { connect, parquet, type DuckDBConnection } from '../../core/database.ts'
import { eachList, eachNumber, streamChunks } from '../../core/lists.ts'
import { listParts } from '../../pipeline/parts.ts'
import { openIds } from './ids.ts'
import type { DatasetRecord } from './records.ts'
import type { RowCounts } from './rows.ts'

/** One training example, its texts by number. */
export interface Example {
  readonly query: number
  /** At least one. */
  readonly positives: Int32Array
  readonly negatives: Int32Array
  readonly weight: number
}

export interface Dataset {
  /** Number of examples. */
  readonly size: number
  readonly rows: Readonly<RowCounts>
  /** Number of distinct texts. */
  readonly texts: number
  readonly example: (index: number) => Example
  /** Token ids of a text. */
  readonly ids: (text: number) => Int32Array
  /** Whether a text is a positive of any example with this query. */
  readonly isPositive: (query: number, text: number) => boolean
  readonly close: () => void
}

export interface OpenDatasetOptions extends DatasetRecord {
  /** A file for the token ids, made where they are too many for memory. */
  readonly cache: string
  /** Bytes of token ids that may be held in memory. */
  readonly resident?: number
}

const RESIDENT = 64 << 20

/**
 * Opens what `buildDataset` made. Memory: 8 bytes a text, 4 a reference, 16 an example, and token ids up to `resident`.
 * Throws UserError where the tables are not whole.
 */
export const openDataset = async (
  folder: string,
  { cache, rows, texts, resident = RESIDENT }: OpenDatasetOptions,
): Promise<Dataset> => {
  const empty = { size: 0, example: () => ({ query: 0, positives: NONE, negatives: NONE, weight: 0 }) }
  const noIds = { ids: () => NONE, close: () => undefined }
  const [exampleParts, parts] = [listParts(folder, examples), listParts(folder, tokens)]
  const connection = await connect({ threads: 1 })
  try {
    const { size, example } = exampleParts.length === 0 ? empty : await readExamples(connection, exampleParts)
    const { ids, close } = parts.length === 0 ? noIds : await openIds(connection, { parts, texts, cache, resident })
    const positives = new Map<number, Set<number>>()
    for (let index = 0; index < size; index++) {
      const { query, positives: some } = example(index)
      const known = positives.get(query) ?? new Set()
      for (const text of some) known.add(text)
      positives.set(query, known)
    }
    const isPositive = (query: number, text: number): boolean => positives.get(query)?.has(text) === true
    return { size, rows, texts, example, ids, isPositive, close }
  } finally {
    connection.closeSync()
  }
}

const NONE = new Int32Array()

const readExamples = async (
  connection: DuckDBConnection,
  parts: readonly string[],
): Promise<Pick<Dataset, 'size' | 'example'>> => {
  // Query, number of positives and of negatives, then these: example after example.
  let references = new Int32Array(1024)
  let length = 0
  const add = (values: ArrayLike<number>): void => {
    if (length + values.length > references.length) {
      const larger = new Int32Array(2 * (length + values.length))
      larger.set(references)
      references = larger
    }
    references.set(values, length)
    length += values.length
  }
  const starts: number[] = []
  const weights: number[] = []
  const sql = `SELECT query, weight, positives, negatives FROM ${parquet(parts)}`
  for await (const chunk of streamChunks(connection, sql)) {
    const queries: number[] = []
    const positives: Int32Array[] = []
    eachNumber(chunk, 0, (query) => queries.push(query))
    eachNumber(chunk, 1, (weight) => weights.push(weight))
    eachList(chunk, 2, (list) => positives.push(list.slice()))
    eachList(chunk, 3, (negatives, row) => {
      starts.push(length)
      const own = at(positives, row)
      add([at(queries, row), own.length, negatives.length])
      add(own)
      add(negatives)
    })
  }
  return {
    size: starts.length,
    example: (index) => {
      const start = at(starts, index)
      const middle = start + 3 + at(references, start + 1)
      return {
        query: at(references, start),
        positives: references.subarray(start + 3, middle),
        negatives: references.subarray(middle, middle + at(references, start + 2)),
        weight: at(weights, index),
      }
    },
  }
}
