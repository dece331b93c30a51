// Ranked lists of a system for a set of queries: BM25 from the index, encoders over the corpus block by block.
import type { Hit, SearchQuery } from '../../search/searcher.ts'
import type { Encoder } from '../../model/encoder.ts'
import { parquet, stream, type DuckDBConnection } from '../../core/database.ts'
import type { Context } from './io.ts'
import { createDenseSearcher } from '../../search/dense.ts'
import { compareHits } from '../../search/ranking.ts'

/** Documents whose vectors are in memory at once. */
const BLOCK = 32_768

async function* blocks(
  connection: DuckDBConnection,
  context: Context,
): AsyncGenerator<{ docids: string[]; texts: string[] }> {
  const parts = context.parts('documents')
  let docids: string[] = []
  let texts: string[] = []
  const source = `SELECT docid, "text" FROM ${parquet(parts)}`
  for await (const rows of stream<{ docid: string; text: string }>(connection, source))
    for (const { docid, text } of rows) {
      docids.push(docid)
      texts.push(text)
      if (docids.length < BLOCK) continue
      yield { docids, texts }
      docids = []
      texts = []
    }
  if (docids.length > 0) yield { docids, texts }
}

interface DenseOptions {
  readonly connection: DuckDBConnection
  readonly context: Context
  readonly encoder: Encoder
  readonly queries: readonly SearchQuery[]
  readonly k: number
  readonly onProgress: (documents: number) => void
}

/** The k best documents of each query by cosine, exactly. Memory: one block of documents and the lists. */
export const denseRankings = async (options: DenseOptions): Promise<Hit[][]> => {
  const { connection, context, encoder, queries, k, onProgress } = options
  const encoded = await encoder.encode(
    queries.map((query) => query.text),
    'query',
  )
  let best: Hit[][] = queries.map(() => [])
  let done = 0
  for await (const { docids, texts } of blocks(connection, context)) {
    context.check()
    const vectors = await encoder.encode(texts, 'passage')
    const searcher = await createDenseSearcher({ name: 'block', vectors, docids, encodeQueries: async () => encoded })
    try {
      const found = await searcher.search(queries, k)
      best = best.map((hits, at) =>
        hits.length === 0 ? found[at] : [...hits, ...found[at]].sort(compareHits).slice(0, k),
      )
    } finally {
      await searcher.close()
    }
    done += docids.length
    onProgress(done)
  }
  return best
}
