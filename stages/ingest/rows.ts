// Writes a stream of rows as parts of a fixed number of rows.
import type { Row } from '../../core/columns.ts'
import type { Query } from '../../data/schemas.ts'
import type { Context, writes } from './io.ts'

const SHARD = 50_000

/** The number of rows; a table without rows has no part. */
export const writeAll = async <T extends (typeof writes)[number]>(
  context: Context,
  table: T,
  rows: AsyncIterable<Row<T>> | Iterable<Row<T>>,
): Promise<number> => {
  let written = 0
  let held: Row<T>[] = []
  const flush = async (): Promise<void> => {
    await context.write(table, Math.floor(written / SHARD), held)
    written += held.length
    held = []
  }
  for await (const row of rows) {
    held.push(row)
    if (held.length === SHARD) await flush()
  }
  if (held.length > 0) await flush()
  return written
}

/** The first `limit` questions that have an answer; all questions without a limit. */
export async function* firstAnswered(
  rows: AsyncIterable<Query> | Iterable<Query>,
  limit: number | undefined,
): AsyncGenerator<Query> {
  let taken = 0
  for await (const row of rows) {
    if (limit !== undefined && !row.answers.some((answer) => answer.trim() !== '')) continue
    if (taken === limit) return
    taken += 1
    yield row
  }
}
