// Joins pieces of sessions that lie in any order, on disk: memory does not follow the logs.
import { DuckDBDataChunk, VARCHAR, BIGINT } from '@duckdb/node-api'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, stream } from '../../../core/database.ts'
import type { Piece } from './format.ts'

/** A piece with its body as JSON. */
export type WrittenPiece = Omit<Piece, 'body'> & { readonly body: string }

export interface Joined {
  readonly trace: string
  readonly bodies: readonly unknown[]
}

const ROWS = 2048

interface Row {
  readonly session: string
  readonly body: string
}

/**
 * Pieces by session, sessions in the order in which the first piece of each came, pieces in the order in which they came.
 * Traces of one conversation are one session, named by the conversation. What is kept lies below `scratch` and is removed at the end.
 */
export async function* joinPieces(pieces: AsyncIterable<WrittenPiece>, scratch = tmpdir()): AsyncGenerator<Joined> {
  const folder = mkdtempSync(join(scratch, 'lrat-join-'))
  const connection = await connect({ file: join(folder, 'pieces.db'), spill: join(folder, 'spill'), memory: '512MB' })
  try {
    await connection.run('CREATE TABLE pieces (place BIGINT, trace VARCHAR, conversation VARCHAR, body VARCHAR)')
    const appender = await connection.createAppender('pieces')
    let rows: (bigint | string | null)[][] = []
    const flush = (): void => {
      if (rows.length === 0) return
      const chunk = DuckDBDataChunk.create([BIGINT, VARCHAR, VARCHAR, VARCHAR])
      chunk.setRows(rows)
      appender.appendDataChunk(chunk)
      rows = []
    }
    let at = 0n
    for await (const { trace, conversation, body } of pieces) {
      rows.push([at, trace, conversation ?? null, body])
      at += 1n
      if (rows.length === ROWS) flush()
    }
    flush()
    appender.flushSync()
    appender.closeSync()
    // A conversation that any piece of a trace names is that of the whole trace.
    await connection.run(`CREATE TABLE sessions AS
      SELECT trace, coalesce(arg_min(conversation, place) FILTER (conversation IS NOT NULL), trace) AS session, min(place) AS first
      FROM pieces GROUP BY trace`)
    await connection.run(`CREATE TABLE firsts AS SELECT session, min(first) AS first FROM sessions GROUP BY session`)
    let current: { session: string; bodies: unknown[] } | undefined
    const source = `SELECT session, body FROM pieces JOIN sessions USING (trace) JOIN firsts USING (session) ORDER BY firsts.first, place`
    for await (const batch of stream<Row>(connection, source))
      for (const { session, body } of batch) {
        if (current !== undefined && current.session !== session) {
          yield { trace: current.session, bodies: current.bodies }
          current = undefined
        }
        current ??= { session, bodies: [] }
        current.bodies.push(JSON.parse(body))
      }
    if (current !== undefined) yield { trace: current.session, bodies: current.bodies }
  } finally {
    connection.closeSync()
    rmSync(folder, { recursive: true, force: true })
  }
}
