// Numbers of a query's result, list after list, without a JavaScript object for each.
import { DuckDBListVector, type DuckDBDataChunk, type DuckDBValue, type DuckDBVector } from '@duckdb/node-api'
import type { DuckDBConnection } from './database.ts'

/** Streams a result as chunks of columns. */
export async function* streamChunks(connection: DuckDBConnection, sql: string): AsyncGenerator<DuckDBDataChunk> {
  for await (const chunk of await connection.stream(sql)) yield chunk
}

const columnOf = (chunk: DuckDBDataChunk, index: number): DuckDBVector<DuckDBValue> => chunk.getColumnVector(index)

/** Calls back with each row's number of column `index`. */
export const eachNumber = (chunk: DuckDBDataChunk, index: number, use: (value: number, row: number) => void): void => {
  const vector = columnOf(chunk, index)
  for (let row = 0; row < chunk.rowCount; row++) use(Number(vector.getItem(row)), row)
}

/** Calls back with each row's list of int32 in column `index`; the array is used again for the next row. */
export const eachList = (
  chunk: DuckDBDataChunk,
  index: number,
  use: (list: Int32Array<ArrayBuffer>, row: number) => void,
): void => {
  const vector = columnOf(chunk, index)
  if (!(vector instanceof DuckDBListVector)) throw new TypeError(`column ${index} holds no lists`)
  const items: DuckDBVector<DuckDBValue> = vector.childVector
  let list = new Int32Array(1024)
  for (let row = 0; row < chunk.rowCount; row++) {
    const [start, length] = [vector.getEntryOffset(row), vector.getEntryLength(row)]
    if (length > list.length) list = new Int32Array(2 * length)
    for (let i = 0; i < length; i++) list[i] = Number(items.getItem(start + i))
    use(list.subarray(0, length), row)
  }
}
