// Relevance judgements: those of whole articles become those of their chunks, those outside the corpus are left out.
import { articleOfChunk, chunkDocid } from './chunk.ts'
import { documents, qrels, type Qrel } from '../../data/schemas.ts'
import { all, connect, literal, parquet } from '../../core/database.ts'
import type { Context } from './io.ts'
import { writeAll } from './rows.ts'

const BATCH = 10_000

// The corpus' chunks of each of these ids: the document of that very id, or an article's chunks `<id>#<n>`.
const chunksOf = async (
  parts: readonly string[],
  ids: readonly string[],
  scratch: string,
): Promise<Map<string, string[]>> => {
  const connection = await connect({ spill: scratch })
  try {
    const values = ids.flatMap((id) => [`(${literal(id)})`, `(${literal(chunkDocid(id, 0).slice(0, -2))})`])
    const rows = await all<{ docid: string }>(
      connection,
      `SELECT docid FROM ${parquet(parts)}
       WHERE docid IN (SELECT * FROM (VALUES ${values.join(', ')}))
          OR regexp_replace(docid, '#[0-9]+$', '') IN (SELECT * FROM (VALUES ${values.join(', ')}))
       ORDER BY docid`,
    )
    const chunks = new Map<string, string[]>()
    const add = (id: string, docid: string): void => void chunks.set(id, [...(chunks.get(id) ?? []), docid])
    for (const { docid } of rows) {
      add(docid, docid)
      if (articleOfChunk(docid) !== docid) add(articleOfChunk(docid), docid)
    }
    return chunks
  } finally {
    connection.closeSync()
  }
}

/** Writes the judgements; says how many, and how many named a document that the corpus lacks. */
export const ingestQrels = async (
  context: Context,
  rows: AsyncIterable<Qrel> | Iterable<Qrel>,
): Promise<{ judged: number; unknown: number }> => {
  const parts = context.written(documents)
  let unknown = 0
  const resolve = async (batch: readonly Qrel[]): Promise<Qrel[]> => {
    const chunks = await chunksOf(parts, [...new Set(batch.map((qrel) => qrel.docid))], context.scratch)
    return batch.flatMap(({ query_id, docid, relevance }) => {
      const named = chunks.get(docid) ?? []
      const found = named.includes(docid) ? [docid] : named
      if (found.length === 0) unknown += 1
      return found.map((chunk) => ({ query_id, docid: chunk, relevance }))
    })
  }
  async function* resolved(): AsyncGenerator<Qrel> {
    let held: Qrel[] = []
    for await (const row of rows) {
      held.push(row)
      if (held.length < BATCH) continue
      yield* await resolve(held)
      held = []
    }
    if (held.length > 0) yield* await resolve(held)
  }
  return { judged: await writeAll(context, qrels, resolved()), unknown }
}
