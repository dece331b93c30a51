// A corpus of what agents saw: of each document the full text where one was opened, else the longest snippet of it.
import { DuckDBDataChunk, BIGINT, BOOLEAN, VARCHAR } from '@duckdb/node-api'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect, stream } from '../../../core/database.ts'
import type { SeenDocument } from './trajectory.ts'

const ROWS = 2048

/**
 * The documents among what was seen, each once, in the order of first sight. What was never shown with a text is left out.
 * Memory is bounded: what is seen lies below `scratch` meanwhile.
 */
export async function* seenCorpus(
  seen: AsyncIterable<readonly SeenDocument[]>,
  scratch: string,
): AsyncGenerator<Omit<SeenDocument, 'whole'>[]> {
  const folder = mkdtempSync(join(scratch, 'seen-'))
  const connection = await connect({ file: join(folder, 'seen.db'), spill: join(folder, 'spill'), memory: '512MB' })
  try {
    await connection.run('CREATE TABLE seen (place BIGINT, docid VARCHAR, title VARCHAR, body VARCHAR, whole BOOLEAN)')
    const appender = await connection.createAppender('seen')
    let rows: (bigint | string | boolean)[][] = []
    const flush = (): void => {
      if (rows.length === 0) return
      const chunk = DuckDBDataChunk.create([BIGINT, VARCHAR, VARCHAR, VARCHAR, BOOLEAN])
      chunk.setRows(rows)
      appender.appendDataChunk(chunk)
      rows = []
    }
    let place = 0n
    for await (const documents of seen)
      for (const { docid, title, text, whole } of documents) {
        if (text === '') continue
        rows.push([place, docid, title, text, whole])
        place += 1n
        if (rows.length === ROWS) flush()
      }
    flush()
    appender.flushSync()
    appender.closeSync()
    const best = `SELECT docid, title, body AS text FROM (
      SELECT docid, body, min(place) OVER (PARTITION BY docid) AS first,
        coalesce(nullif(title, ''), max(title) OVER (PARTITION BY docid)) AS title,
        row_number() OVER (PARTITION BY docid ORDER BY whole DESC, length(body) DESC, place) AS choice FROM seen)
      WHERE choice = 1 ORDER BY first`
    yield* stream<Omit<SeenDocument, 'whole'>>(connection, best)
  } finally {
    connection.closeSync()
    rmSync(folder, { recursive: true, force: true })
  }
}
