// Several searchers as one, by reciprocal rank fusion.
import type { Hit, Searcher } from './searcher.ts'
import { compareHits } from './ranking.ts'

export interface FusedPart {
  readonly searcher: Searcher
  /** How much a rank in this list counts. */
  readonly weight: number
}

export interface HybridOptions {
  readonly name: string
  readonly parts: readonly FusedPart[]
  /** Hits taken from each part, at least k. */
  readonly depth?: number
  /** The constant that dampens the top ranks: 60 in Cormack, Clarke and Büttcher 2009. */
  readonly constant?: number
}

/** Ranked lists fused: a document's score is the sum over lists of weight / (constant + rank), ranks from 1. */
export const fuse = (
  lists: readonly { readonly hits: readonly Hit[]; readonly weight: number }[],
  constant = 60,
): Hit[] => {
  const scores = new Map<string, number>()
  for (const { hits, weight } of lists) {
    hits.forEach(({ docid }, i) => scores.set(docid, (scores.get(docid) ?? 0) + weight / (constant + i + 1)))
  }
  return Array.from(scores, ([docid, score]) => ({ docid, score })).sort(compareHits)
}

/** A searcher that fuses the lists of others; closing it closes them. */
export const createHybrid = ({ name, parts, depth = 1000, constant = 60 }: HybridOptions): Searcher => ({
  name,
  search: async (queries, k, signal) => {
    if (k <= 0) return queries.map(() => [])
    const results: Hit[][][] = []
    for (const { searcher } of parts) results.push(await searcher.search(queries, Math.max(k, depth), signal))
    return queries.map((_, query) =>
      fuse(
        parts.map(({ weight }, part) => ({ hits: results[part][query], weight })),
        constant,
      ).slice(0, k),
    )
  },
  close: async () => {
    for (const { searcher } of parts) await searcher.close()
  },
})
