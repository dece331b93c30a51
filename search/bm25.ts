// BM25 over the document store's full-text index.
import type { Hit, Searcher, SearchQuery } from './searcher.ts'
import { Interrupted } from '../core/errors.ts'
import { mapConcurrent } from '../core/concurrency.ts'
import { loadLance } from './lancedb.ts'
import { cutTies } from './ranking.ts'
import { buildStore, type BuildOptions, type IndexedDocument } from './build.ts'
import { openStore } from './store.ts'

const QUERIES_AT_ONCE = 8
/** Words of a query that count: time grows with the words times the documents, to seconds on a large corpus. */
export const MAX_QUERY_WORDS = 1024

const firstWords = (text: string): string[] => text.split(/\s+/, MAX_QUERY_WORDS + 1)

/** Folder of the BM25 index below the index stage's own. */
export const BM25 = 'bm25'

/** Whether BM25 leaves out the end of a query. */
export const isTooLong = (text: string): boolean => firstWords(text).length > MAX_QUERY_WORDS

const cut = (text: string): string => {
  const words = firstWords(text)
  return words.length > MAX_QUERY_WORDS ? words.slice(0, MAX_QUERY_WORDS).join(' ') : text
}

/**
 * A score to five digits. LanceDB adds up a document's terms in single precision, in an order that depends on how many
 * hits are wanted and on how the index is cut: the last two of seven digits are noise, which would break ties.
 */
const significant = (score: number): number => Number(score.toPrecision(5))

/**
 * Builds the BM25 index (and document store) of the documents in `folder`, replacing what was there unless it is an
 * unfinished build of the same corpus. `documents` in the result is how many were indexed.
 */
export const buildBm25 = (
  folder: string,
  batches: AsyncIterable<readonly IndexedDocument[]>,
  options: BuildOptions = {},
): Promise<{ documents: number }> => buildStore(folder, batches, options)

/**
 * Searches what `buildBm25` wrote. A query is plain text: nothing in it is an operator; one without any indexable word
 * has no hits; of a longer one the first 1,024 words count. Give `corpus` to insist on the fingerprint that the index was built with.
 */
export const openBm25 = async (folder: string, { corpus }: { corpus?: string } = {}): Promise<Searcher> => {
  const store = await openStore(folder, corpus)
  const { MatchQuery } = await loadLance()
  const best = async (text: string, n: number): Promise<Hit[]> => {
    const rows = (await store.table
      .query()
      .fullTextSearch(new MatchQuery(text, 'body'))
      .select(['docid', '_score'])
      .limit(n)
      .toArray()) as { docid: string; _score: number }[]
    return rows.map(({ docid, _score }) => ({ docid, score: significant(_score) }))
  }
  return {
    name: 'bm25',
    search: (queries: readonly SearchQuery[], k: number, signal?: AbortSignal) =>
      mapConcurrent(queries, QUERIES_AT_ONCE, async ({ text, hidden }) => {
        if (signal?.aborted === true) throw new Interrupted()
        return cutTies(k, hidden, (n) => best(cut(text), n))
      }),
    close: async () => store.close(),
  }
}
