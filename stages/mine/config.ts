// Stage mine's section of the configuration.
import { z } from 'zod'
import type { ConfigOf } from '../settings.ts'

const mine = z.strictObject({
  negatives: z
    .enum(['session', 'turn'])
    .default('session')
    .describe(
      '`session`: rejected and unopened documents since the last useful one (released builder). `turn`: hits of the current search that were not opened (paper).',
    ),
  relevance: z
    .union([
      z.enum(['rules', 'llm']),
      z.strictObject({ labels: z.string().describe('JSONL of {query_id, step, docid, satisfied}.') }),
    ])
    .default('rules')
    .describe(
      'Who judges whether an opened document was useful: a small lexical judge, the model under `llm.judge`, or a file of labels.',
    ),
  undecided: z
    .enum(['drop', 'relevant', 'irrelevant'])
    .default('drop')
    .describe(
      'What an opened document counts as that the model could not decide on: `drop` leaves it out (no pair, no negative, and the search goes on).',
    ),
})

export const sections = { mine: mine.prefault({}).describe('Stage mine: positives and negatives.') }
export type Config = ConfigOf<typeof sections>
