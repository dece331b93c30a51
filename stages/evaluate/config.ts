// Stage evaluate's section of the configuration.
import { z } from 'zod'
import { isMetricName } from '../../evaluation/retrieval/metrics.ts'
import type { ConfigOf } from '../settings.ts'

const int = (low: number): z.ZodNumber => z.number().int().min(low)

const evaluate = z.strictObject({
  k: z.array(int(1)).min(1).default([1, 5, 10, 100]).describe('Cut-offs of recall.'),
  metrics: z
    .array(z.string().refine(isMetricName, 'precision@k, ndcg[@k], mrr[@k], map[@k] or recall@k'))
    .default(['ndcg@10', 'mrr@10'])
    .describe(
      'What else is measured: `precision@k`, `ndcg@k`, `mrr@k`, `map@k` (the last three without a cut-off: over 1000 hits).',
    ),
  resamples: int(100).default(1000).describe('Bootstrap resamples behind the 95% intervals.'),
})

export const sections = { evaluate: evaluate.prefault({}).describe('Stage evaluate: the measures.') }
export type Config = ConfigOf<typeof sections>
