// Stage ingest's sections of the configuration.
import { z } from 'zod'
import { trajectories } from '../logs.ts'
import { columns, questions } from '../questions.ts'
import type { ConfigOf } from '../settings.ts'

const int = (low: number): z.ZodNumber => z.number().int().min(low)

const corpus = z.strictObject({
  format: z
    .enum(['synthetic', 'jsonl', 'wikiextractor', 'mediawiki', 'hotpotqa', 'csv', 'tsv', 'trajectories'])
    .default('jsonl')
    .describe(
      'What the corpus is. `synthetic` writes our own encyclopedia and questions; `trajectories` takes the documents that the imported logs show (whole where one was opened, else the longest snippet); the others read `path`.',
    ),
  path: z
    .string()
    .optional()
    .describe(
      'File or folder of the corpus; .gz, .zst and .bz2 are read as they are. `synthetic` and `trajectories` need none.',
    ),
  columns,
  chunk_tokens: z
    .union([int(16), z.literal('none')])
    .optional()
    .describe(
      'Cut articles into chunks of up to so many tokens, at sentence ends where possible; `none` takes each record as one chunk. Default: `none` for jsonl, csv, tsv, hotpotqa and trajectories, 512 for the others.',
    ),
  articles: int(100).default(6000).describe('Articles of the synthetic encyclopedia.'),
  questions: int(10).default(720).describe('Questions on the synthetic encyclopedia.'),
})

export const sections = {
  corpus: corpus.prefault({}).describe('Stage ingest: the documents.'),
  queries: questions,
  trajectories,
}
export type Config = ConfigOf<typeof sections>
