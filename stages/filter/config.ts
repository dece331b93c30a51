// Stage filter's section of the configuration.
import { z } from 'zod'
import type { ConfigOf } from '../settings.ts'

const filter = z.strictObject({
  correctness: z
    .enum(['none', 'exact-match', 'llm'])
    .default('exact-match')
    .describe(
      'Who judges answers: nobody (every completed trajectory passes), a normalised comparison with the gold answers, or the model under `llm.judge`.',
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
