// The numbers of an evaluation, as metrics.json holds them.
import type { Estimate } from './retrieval/statistics.ts'

export interface SystemSummary {
  readonly system: string
  /** Seeds averaged; empty for BM25. */
  readonly seeds: readonly number[]
  readonly metrics: Readonly<Record<string, Estimate>>
}

/** A retriever against the main one, over the same queries. */
export interface Comparison {
  readonly system: string
  readonly against: string
  readonly metric: string
  /** Mean of `system` less mean of `against`. */
  readonly difference: number
  /** Two-sided p of a paired randomisation test. */
  readonly p: number
}

export interface SetSummary {
  readonly name: string
  /** What the queries are and what counts as relevant. */
  readonly description: string
  /** Number of queries. */
  readonly n: number
  /** One row a retriever: each query's score is the average over seeds. */
  readonly systems: readonly SystemSummary[]
  /** The same, one row a model. */
  readonly models: readonly SystemSummary[]
  /** The main trained retriever against every other. */
  readonly comparisons: readonly Comparison[]
}

export interface EvaluationSummary {
  readonly lrat: string
  /** True where corpus or agent are ours and not real. */
  readonly synthetic: { readonly corpus: boolean; readonly agent: boolean }
  readonly notes: readonly string[]
  /** How the intervals were made. */
  readonly intervals: string
  readonly sets: readonly SetSummary[]
}
