// Measures one retriever over the query sets.
import { join } from 'node:path'
import { parseMetric, rankingMetrics, type MetricName } from '../../evaluation/retrieval/metrics.ts'
import type { DuckDBConnection } from '../../core/database.ts'
import { loadEncoder } from '../../model/encoder.ts'
import { openBm25 } from '../../search/bm25.ts'
import type { Hit, SearchQuery } from '../../search/searcher.ts'
import type { Context } from './io.ts'
import type { QuerySet } from './query-sets.ts'
import { denseRankings } from './rankings.ts'
import type { SystemScores } from './scores.ts'
import type { System } from './systems.ts'

/** Hits of a metric without a cut-off. */
const WHOLE = 1000

/** Hits that the metrics look at. */
const depthOf = (names: readonly MetricName[]): number =>
  Math.max(10, ...names.map((name) => parseMetric(name)?.k ?? 0).map((k) => (k === Infinity ? WHOLE : k)))

/** Queries whose hits of BM25 are in memory at once. */
const QUERIES_AT_ONCE = 1024

interface RankOptions {
  readonly system: System
  readonly queries: readonly SearchQuery[]
  /** Documents a query. */
  readonly k: number
  readonly connection: DuckDBConnection
  readonly context: Context
  /** Told how many documents an encoder has ranked. */
  readonly onProgress: (documents: number) => void
  /** Given the ranked list of each query. */
  readonly take: (query: number, hits: readonly Hit[]) => void
}

const rank = async ({ system, queries, k, connection, context, onProgress, take }: RankOptions): Promise<void> => {
  if (system.kind === 'bm25') {
    const searcher = await openBm25(context.path('index'))
    try {
      for (let start = 0; start < queries.length; start += QUERIES_AT_ONCE) {
        context.check()
        const lists = await searcher.search(queries.slice(start, start + QUERIES_AT_ONCE), k)
        lists.forEach((hits, i) => take(start + i, hits))
      }
    } finally {
      await searcher.close()
    }
    return
  }
  const encoder = await loadEncoder(join(context.path('models'), system.folder), { device: context.config.device })
  try {
    const lists = await denseRankings({ connection, context, encoder, queries, k, onProgress })
    lists.forEach((hits, query) => take(query, hits))
  } finally {
    await encoder.close()
  }
}

export interface ScoreOptions extends Pick<RankOptions, 'system' | 'connection' | 'context' | 'onProgress'> {
  readonly sets: readonly QuerySet[]
  readonly names: readonly MetricName[]
}

/** The metrics of every query. */
export const score = async ({ sets, names, ...options }: ScoreOptions): Promise<SystemScores> => {
  const queries = sets.flatMap((set) => set.queries)
  const rows = new Map<number, Readonly<Record<string, number>>>()
  await rank({
    ...options,
    queries: queries.map(({ search }) => search),
    k: depthOf(names),
    take: (query, hits) => {
      const grades = queries[query]?.grades
      const docids = hits.map(({ docid }) => docid)
      if (grades) rows.set(query, rankingMetrics(docids, grades, names))
    },
  })
  const valueOf = (query: number, name: string): number => {
    const value = rows.get(query)?.[name]
    if (value !== undefined) return value
    throw new Error(`${options.system.name} gave no list for query ${query}`)
  }
  let at = 0
  return Object.fromEntries(
    sets.map((set) => {
      const part = set.queries.map(() => at++)
      return [set.name, Object.fromEntries(names.map((name) => [name, part.map((query) => valueOf(query, name))]))]
    }),
  )
}
