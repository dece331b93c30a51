// The numbers of an evaluation, as metrics.json holds them.
import { z } from 'zod'

const estimate = z.object({ mean: z.number(), low: z.number(), high: z.number() }).readonly()

const system = z
  .object({
    system: z.string(),
    /** Seeds averaged; empty for BM25. */
    seeds: z.array(z.number()).readonly(),
    metrics: z.record(z.string(), estimate).readonly(),
  })
  .readonly()
export type SystemSummary = z.output<typeof system>

const comparison = z
  .object({
    system: z.string(),
    against: z.string(),
    metric: z.string(),
    /** Mean of `system` less mean of `against`. */
    difference: z.number(),
    /** Two-sided p of a paired randomisation test. */
    p: z.number(),
  })
  .readonly()
/** A retriever against the main one, over the same queries. */
export type Comparison = z.output<typeof comparison>

const set = z
  .object({
    name: z.string(),
    /** What the queries are and what counts as relevant. */
    description: z.string(),
    /** Number of queries. */
    n: z.number(),
    /** One row a retriever: each query's score is the average over seeds. */
    systems: z.array(system).readonly(),
    /** The same, one row a model. */
    models: z.array(system).readonly(),
    /** The main trained retriever against every other. */
    comparisons: z.array(comparison).readonly(),
  })
  .readonly()
export type SetSummary = z.output<typeof set>

export const evaluationSummary = z
  .object({
    lrat: z.string(),
    /** True where corpus or agent are ours and not real. */
    synthetic: z.object({ corpus: z.boolean(), agent: z.boolean() }).readonly(),
    notes: z.array(z.string()).readonly(),
    /** How the intervals were made. */
    intervals: z.string(),
    sets: z.array(set).readonly(),
  })
  .readonly()
export type EvaluationSummary = z.output<typeof evaluationSummary>
