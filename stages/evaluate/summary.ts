// The numbers of an evaluation: means over queries with bootstrap intervals, for each retriever and each seed.
import type { Comparison, EvaluationSummary } from '../../evaluation/summary.ts'
import type { MetricName } from '../../evaluation/retrieval/metrics.ts'
import { bootstrapMeans, randomisationTest, type Estimate } from '../../evaluation/retrieval/statistics.ts'
import { version } from '../../core/versions.ts'
import type { QuerySet } from './query-sets.ts'
import type { SystemScores } from './scores.ts'
import type { System } from './systems.ts'

interface SummaryInput {
  /** The group that all others are compared with. */
  readonly main: string
  readonly synthetic: EvaluationSummary['synthetic']
  readonly seed: number
  readonly resamples: number
  readonly sets: readonly QuerySet[]
  readonly notes: readonly string[]
  readonly names: readonly MetricName[]
  readonly systems: readonly System[]
  readonly scores: (system: System) => SystemScores
}

const average = (columns: readonly (readonly number[])[]): Float64Array =>
  Float64Array.from(columns[0], (_, at) => columns.reduce((sum, column) => sum + column[at], 0) / columns.length)

const clustersOf = ({ queries }: QuerySet): string[] => queries.map(({ questionId }) => questionId)

const seedsOf = (systems: readonly System[]): number[] =>
  systems.flatMap((system) => (system.kind === 'encoder' ? [system.seed] : []))

/** Summarises what `scores` holds of every system. */
export const summarise = (input: SummaryInput): EvaluationSummary => {
  const { main, synthetic, seed, resamples, sets, notes, names, systems, scores } = input
  const loaded = new Map(systems.map((system) => [system, scores(system)]))
  const values = (set: QuerySet, members: readonly System[], name: string): Float64Array =>
    average(members.map((member) => loaded.get(member)![set.name][name]))
  const estimate = (set: QuerySet, members: readonly System[]): Readonly<Record<string, Estimate>> =>
    bootstrapMeans(Object.fromEntries(names.map((name) => [name, values(set, members, name)])), {
      seed,
      resamples,
      clusters: clustersOf(set),
    })
  const groups = [...new Set(systems.map((system) => system.group))]
  const within = (group: string): System[] => systems.filter((system) => system.group === group)
  const metric = names.includes('recall@10') ? 'recall@10' : names[0]
  const compare = (set: QuerySet, against: string): Comparison => {
    const [ours, theirs] = [main, against].map((group) => values(set, within(group), metric))
    return {
      system: main,
      against,
      metric,
      ...randomisationTest(ours, theirs, { seed, clusters: clustersOf(set) }),
    }
  }
  return {
    lrat: version,
    synthetic,
    notes,
    intervals: `95% percentile bootstrap over questions, ${resamples} resamples`,
    sets: sets
      .filter((set) => set.queries.length > 0)
      .map((set) => ({
        name: set.name,
        description: set.description,
        n: set.queries.length,
        systems: groups.map((group) => ({
          system: group,
          seeds: seedsOf(within(group)),
          metrics: estimate(set, within(group)),
        })),
        models: systems.map((system) => ({
          system: system.name,
          seeds: seedsOf([system]),
          metrics: estimate(set, [system]),
        })),
        comparisons: groups.filter((group) => group !== main).map((group) => compare(set, group)),
      })),
  }
}
