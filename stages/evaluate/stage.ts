// Stage evaluate: how well BM25, the untrained and the trained encoders find what should be found.
import { join } from 'node:path'
import { isMetricName, parseMetric, rankingMetrics, type MetricName } from '../../evaluation/retrieval/metrics.ts'
import type { Hit, SearchQuery } from '../../search/searcher.ts'
import { loadEncoder } from '../../model/encoder.ts'
import { connect, type DuckDBConnection } from '../../core/database.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { Stage, StageContext } from '../../pipeline/stage.ts'
import type { Config } from '../config.ts'
import { BM25, openBm25 } from '../../search/bm25.ts'
import { openQuerySets, type QuerySet } from './query-sets.ts'
import { denseRankings } from './rankings.ts'
import { summarise } from './summary.ts'
import { readScores, saveQueryIds, saveScores, type SystemScores } from './scores.ts'
import { evaluatedSystems, type System } from './systems.ts'

const metricNames = ({ evaluate: { k, metrics } }: Config): MetricName[] => [
  ...new Set([...k.map((cut): MetricName => `recall@${cut}`), ...metrics.filter(isMetricName)]),
]

/** Hits of a metric without a cut-off. */
const WHOLE = 1000

/** Hits that the metrics look at. */
const depthOf = (names: readonly MetricName[]): number =>
  Math.max(10, ...names.map((name) => parseMetric(name)?.k ?? 0).map((k) => (k === Infinity ? WHOLE : k)))

/** Queries whose hits of BM25 are in memory at once. */
const QUERIES_AT_ONCE = 1024

/** Gives `take` the ranked list of each query. */
const rank = async (
  system: System,
  queries: readonly SearchQuery[],
  connection: DuckDBConnection,
  context: StageContext<Config>,
  progress: (documents: number) => void,
  take: (query: number, hits: readonly Hit[]) => void,
): Promise<void> => {
  const k = depthOf(metricNames(context.config))
  if (system.kind === 'bm25') {
    const searcher = await openBm25(join(context.folderOf('index'), BM25))
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
  const encoder = await loadEncoder(join(context.folderOf('train'), system.folder), {
    device: context.config.train.device,
  })
  try {
    const lists = await denseRankings({ connection, context, encoder, queries, k, onProgress: progress })
    lists.forEach((hits, query) => take(query, hits))
  } finally {
    await encoder.close()
  }
}

const score = async (
  system: System,
  sets: readonly QuerySet[],
  names: readonly MetricName[],
  connection: DuckDBConnection,
  context: StageContext<Config>,
  progress: (documents: number) => void,
): Promise<SystemScores> => {
  const queries = sets.flatMap((set) => set.queries)
  const rows = new Array<Readonly<Record<string, number>>>(queries.length)
  const searches = queries.map(({ search }) => search)
  await rank(system, searches, connection, context, progress, (query, hits) => {
    const docids = hits.map(({ docid }) => docid)
    rows[query] = rankingMetrics(docids, queries[query].grades, names)
  })
  let at = 0
  return Object.fromEntries(
    sets.map((set) => {
      const part = rows.slice(at, (at += set.queries.length))
      return [set.name, Object.fromEntries(names.map((name) => [name, part.map((row) => row[name])]))]
    }),
  )
}

export const evaluateStage: Stage<Config> = {
  name: 'evaluate',
  version: 2,
  summary: 'measure recall@k, nDCG and MRR of BM25, untrained and trained encoders',
  tables: [],
  needs: () => ['ingest', 'index', 'generate', 'train'],
  parameters: ({ evaluate, seed }) => ({ ...evaluate, seed }),
  outside: () => [],
  run: async (context) => {
    const { config, folder } = context
    const connection = await connect()
    try {
      const { sets, notes } = await openQuerySets(connection, context)
      const names = metricNames(config)
      const systems = evaluatedSystems(config)
      saveQueryIds(folder, sets)
      for (const [index, system] of systems.entries()) {
        context.check()
        if (readScores(folder, system) === undefined) {
          const scores = await score(system, sets, names, connection, context, () =>
            context.mark(index, systems.length, 'systems', system.name),
          )
          saveScores(folder, system, scores)
        }
        context.mark(index + 1, systems.length, 'systems')
      }
      const summary = summarise({
        config,
        sets,
        notes,
        names,
        systems,
        scores: (system) => readScores(folder, system)!,
      })
      writeFileAtomic(join(folder, 'metrics.json'), `${JSON.stringify(summary, null, 1)}\n`)
      return { counts: Object.fromEntries(sets.map((set) => [set.name, set.queries.length])), warnings: notes }
    } finally {
      connection.closeSync()
    }
  },
}
