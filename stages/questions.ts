// The questions' section of the configuration. They come with the corpus, from a file, or with imported trajectories.
import { z } from 'zod'

const int = (low: number): z.ZodNumber => z.number().int().min(low)

/** Names of columns, of the corpus or of the questions. */
export const columns = z
  .strictObject({
    id: z.string().optional().describe('Column of the id.'),
    title: z.string().optional().describe('Column of the title (corpus).'),
    text: z.string().optional().describe('Column of the text (corpus).'),
    question: z.string().optional().describe('Column of the question (queries).'),
    answer: z.string().optional().describe('Column of the answer (queries).'),
  })
  .optional()
  .describe('Names of columns in CSV and TSV files that have a header.')

const schema = z.strictObject({
  format: z
    .enum(['tsv', 'csv', 'jsonl', 'hotpotqa'])
    .optional()
    .describe('Format of the questions; default: by the name of the file.'),
  path: z
    .string()
    .optional()
    .describe(
      'Questions with their answers. Without it they come from the synthetic corpus or from the imported trajectories.',
    ),
  columns,
  qrels: z
    .string()
    .optional()
    .describe(
      'Relevance judgements of the questions (TREC qrels, TSV or JSONL; of BrowseComp-Plus its questions, with their `evidence_docs`). HotpotQA and the synthetic corpus bring their own.',
    ),
  test_share: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .describe(
      'Share of the questions (by a hash of their id) kept from training for evaluation, where the input has no split of its own.',
    ),
  first: int(1)
    .optional()
    .describe('Take only the first so many questions that have an answer, in the order of the file.'),
  held_out: z
    .string()
    .optional()
    .describe(
      'Questions of a benchmark (TSV, CSV or JSONL) that must not be among these, such as BrowseComp-Plus as JSONL.',
    ),
  overlap: z
    .enum(['error', 'allow'])
    .default('error')
    .describe(
      'What it is when a test or held-out question is also a training question, word for word or nearly (at least 0.8 of the word pairs of both in common).',
    ),
})

export const questions = schema.prefault({}).describe('Stage ingest: the questions, answers and relevance judgements.')
