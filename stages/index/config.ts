// Stage index's section of the configuration.
import { z } from 'zod'
import type { ConfigOf } from '../settings.ts'

const index = z.strictObject({
  stop_words: z
    .enum(['english', 'lucene'])
    .default('english')
    .describe(
      'Words that BM25 leaves out: `english` is LanceDB’s longer list, with the words that questions are asked with; `lucene` the 33 of Lucene’s English analyzer, to compare with its baselines.',
    ),
})

export const sections = { index: index.prefault({}).describe('Stage index: the BM25 index.') }
export type Config = ConfigOf<typeof sections>
