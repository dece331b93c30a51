// Stage filter's section of the configuration.
import { z } from 'zod'
import type { ConfigOf } from '../settings.ts'

const filter = z.strictObject({
  correctness: z
    .union([
      z.enum(['none', 'exact-match', 'llm']),
      z.strictObject({
        field: z.string().min(1).describe('Name of the score: `correctness`, `reward`, `score` …'),
        at_least: z.number().default(1).describe('A trajectory with this score or a higher one is right.'),
        file: z
          .string()
          .optional()
          .describe(
            'JSON Lines, JSON or CSV with the scores, a row each (`trace_id`, `trajectory_id` or `session_id`; `name` and `value`, or the field itself), where the logs do not hold them.',
          ),
      }),
    ])
    .default('exact-match')
    .describe(
      'Who judges answers: nobody (every completed trajectory passes), a normalised comparison with the gold answers, the model under `llm.judge`, or a score that came with the imported logs.',
    ),
  exact_match_first: z
    .boolean()
    .default(true)
    .describe('With `llm`: an answer that equals a gold answer is right without asking.'),
  match: z
    .enum(['exact', 'contains'])
    .default('exact')
    .describe('`exact`: the short answer equals a gold answer. `contains`: the response mentions one.'),
})

export const sections = { filter: filter.prefault({}).describe('Stage filter: which trajectories count as correct.') }
export type Config = ConfigOf<typeof sections>
