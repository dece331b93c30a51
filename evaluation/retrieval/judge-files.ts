// Metrics of anybody's run files over anybody's relevance judgements.
import { basename } from 'node:path'
import { evaluateRankings, hasRelevant, rankByScore, type Judgements, type MetricName } from './metrics.ts'
import { qrelFormatOf } from '../../data/readers/by-name.ts'
import { readQrels, type QrelFormat } from '../../data/readers/qrels.ts'
import { readTrecRun } from '../../data/readers/trec-run.ts'
import { bootstrapMeans, randomisationTest } from './statistics.ts'
import { UserError } from '../../core/errors.ts'
import { many } from '../../pipeline/progress.ts'
import type { Comparison, ResultRow } from './report-table.ts'

export interface JudgeFiles {
  readonly qrels: string
  /** By the file's name when undefined. */
  readonly format?: QrelFormat
  /** Run files; the first is compared with each of the others. */
  readonly runs: readonly string[]
  readonly metrics: readonly MetricName[]
  /** Judged queries without a ranked list count as 0, or are left out of the means of all runs. */
  readonly missing: 'zero' | 'skip'
  /** The same for judged queries without a relevant document. */
  readonly empty?: 'zero' | 'skip'
  readonly seed: number
  readonly resamples: number
}

export interface Judged {
  readonly rows: readonly ResultRow[]
  readonly comparisons: readonly Comparison[]
  /** Oddities of the files, to be shown. */
  readonly notes: readonly string[]
  /** run → query → metric → value */
  readonly perQuery: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>
}

const readJudgements = async (
  path: string,
  format: QrelFormat,
  empty: 'zero' | 'skip',
  notes: string[],
): Promise<Judgements> => {
  const judgements = new Map<string, Map<string, number>>()
  const dropped = new Map<string, number>()
  const drop = (reason: string) => dropped.set(reason, (dropped.get(reason) ?? 0) + 1)
  for await (const { query_id, docid, relevance } of readQrels(path, format, drop)) {
    const grades = judgements.get(query_id) ?? new Map<string, number>()
    judgements.set(query_id, grades.set(docid, relevance))
  }
  for (const [reason, times] of dropped)
    notes.push(
      `${path}: ${reason === 'duplicate' ? `${many(times, 'repeated judgement')}, counted once` : `${many(times, 'judgement')} of a negative relevance, taken as 0`}`,
    )
  const without = [...judgements.values()].filter((grades) => !hasRelevant(grades)).length
  if (without > 0 && without < judgements.size) {
    const queries = `${many(without, 'query', 'queries')} without a relevant document`
    const zero = without === 1 ? 'counts as 0, as in trec_eval' : 'count as 0, as in trec_eval'
    notes.push(empty === 'zero' ? `${path}: ${queries} ${zero}` : `${path}: left out: ${queries}`)
  }
  if (judgements.size > without) return judgements
  throw new UserError({
    where: path,
    expected: 'at least one relevant document',
    found: 'none',
    fix: 'Check that this is the file of relevance judgements and its format.',
  })
}

/** Short names of the runs: their file names, or the paths where those are not different. */
const namesOf = (runs: readonly string[]): string[] => {
  const short = runs.map((path) => basename(path))
  return new Set(short).size === runs.length ? short : [...runs]
}

/**
 * Means with bootstrap intervals of each run, the first run's differences to the others with a paired randomisation
 * test, and what is odd about the files. Ties are broken as trec_eval breaks them. Throws UserError for malformed files
 * and for a run that shares no query with the judgements.
 */
export const judgeFiles = async (options: JudgeFiles): Promise<Judged> => {
  const { qrels, format = qrelFormatOf(qrels), runs, metrics, missing, empty = 'zero', seed, resamples } = options
  const notes: string[] = []
  const judgements = await readJudgements(qrels, format, empty, notes)
  const names = namesOf(runs)
  const rankings: Map<string, string[]>[] = []
  for (const path of runs) {
    const { hits } = await readTrecRun(path)
    if (hits.size === 0) {
      const fix = 'Was the file cut short? Write the run again.'
      throw new UserError({ where: path, expected: 'ranked documents', found: 'nothing', fix })
    }
    const unjudged = [...hits.keys()].filter((queryId) => !judgements.has(queryId)).length
    if (unjudged === hits.size) {
      throw new UserError({
        where: path,
        expected: `queries that ${qrels} judges`,
        found: `none among its ${many(hits.size, 'query', 'queries')}`,
        fix: 'Give the judgements of the same queries, with the same ids.',
      })
    }
    if (unjudged > 0)
      notes.push(`${path}: left out, since not judged: ${many(unjudged, 'query', 'queries')} of ${hits.size}`)
    rankings.push(
      new Map([...hits].map(([id, list]) => [id, rankByScore(list.map(({ docid, score }) => [docid, score]))])),
    )
  }
  const common: Judgements =
    missing === 'zero'
      ? judgements
      : new Map([...judgements].filter(([queryId]) => rankings.every((ranking) => ranking.has(queryId))))
  const columns = rankings.map((ranking) => evaluateRankings(common, ranking, metrics, { empty }))
  columns.forEach(({ missing: absent }, i) => {
    if (absent.length > 0)
      notes.push(`${runs[i]}: no hits for ${many(absent.length, 'judged query', 'judged queries')}, which count as 0`)
  })
  const left = judgements.size - common.size
  if (left > 0) notes.push(`left out, since not in every run: ${many(left, 'judged query', 'judged queries')}`)
  const rows = columns.map(({ queryIds, values }, i) => ({
    system: names[i],
    querySet: basename(qrels),
    n: queryIds.length,
    metrics: bootstrapMeans(values, { seed, resamples }),
  }))
  const comparisons = columns.slice(1).flatMap(({ values }, i) =>
    metrics.map((metric) => ({
      querySet: basename(qrels),
      metric,
      systems: [names[0], names[i + 1]] as const,
      ...randomisationTest(columns[0].values[metric], values[metric], { seed }),
    })),
  )
  const perQuery = Object.fromEntries(
    columns.map(({ queryIds, values }, i) => [
      names[i],
      Object.fromEntries(
        queryIds.map((id, q) => [id, Object.fromEntries(metrics.map((metric) => [metric, values[metric][q]]))]),
      ),
    ]),
  )
  return { rows, comparisons, notes, perQuery }
}
