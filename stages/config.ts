// One configuration is one experiment: every parameter of every stage, with its default and meaning.
import { z } from 'zod'
import { isMetricName } from '../evaluation/retrieval/metrics.ts'
import { judgeSchema } from '../agents/judges/judge.ts'
import { llmSchema } from '../pipeline/llm/settings.ts'
import { llmAgentSchema } from '../agents/llm/settings.ts'
import { trainSchema } from './train/config.ts'

const int = (low: number): z.ZodNumber => z.number().int().min(low)
const columns = z
  .strictObject({
    id: z.string().optional().describe('Column of the id.'),
    title: z.string().optional().describe('Column of the title (corpus).'),
    text: z.string().optional().describe('Column of the text (corpus).'),
    question: z.string().optional().describe('Column of the question (queries).'),
    answer: z.string().optional().describe('Column of the answer (queries).'),
  })
  .optional()
  .describe('Names of columns in CSV and TSV files that have a header.')

const corpus = z.strictObject({
  format: z
    .enum(['synthetic', 'jsonl', 'wikiextractor', 'mediawiki', 'hotpotqa', 'csv', 'tsv'])
    .default('jsonl')
    .describe('What the corpus is. `synthetic` writes our own encyclopedia and questions; the others read `path`.'),
  path: z
    .string()
    .optional()
    .describe('File or folder of the corpus; .gz, .zst and .bz2 are read as they are. `synthetic` needs none.'),
  columns,
  chunk_tokens: z
    .union([int(16), z.literal('none')])
    .optional()
    .describe(
      'Cut articles into chunks of up to so many tokens, at sentence ends where possible; `none` takes each record as one chunk. Default: `none` for jsonl, csv, tsv and hotpotqa, 512 for the others.',
    ),
  articles: int(100).default(6000).describe('Articles of the synthetic encyclopedia.'),
  questions: int(10).default(720).describe('Questions on the synthetic encyclopedia.'),
})

const queries = z.strictObject({
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

const trajectories = z.strictObject({
  import: z
    .string()
    .optional()
    .describe(
      'Agent runs to import instead of generating: a folder, .tar, .tar.gz, .zip or JSONL in the LRAT run layout.',
    ),
})

const index = z.strictObject({
  stop_words: z
    .enum(['english', 'lucene'])
    .default('english')
    .describe(
      'Words that BM25 leaves out: `english` is LanceDB’s longer list, with the words that questions are asked with; `lucene` the 33 of Lucene’s English analyzer, to compare with its baselines.',
    ),
})

const generate = z.strictObject({
  agent: z
    .enum(['offline', 'tools', 'react', 'responses'])
    .default('offline')
    .describe(
      'The agent. `offline` is the built-in rule-based searcher; the others let the model under `llm.agent` search: `tools` by native function calls, `react` by tags in its text, `responses` over the Responses API.',
    ),
  policy: llmAgentSchema.prefault({}).describe('How an LLM agent works.'),
  k: int(1).default(10).describe('Hits a search returns.'),
  snippet_tokens: int(1).default(64).describe('Tokens of a hit that the agent sees.'),
  document_tokens: int(1).default(512).describe('Tokens of an opened document that the agent sees.'),
  max_steps: int(1)
    .optional()
    .describe('Tool calls before a trajectory ends with status step-limit. Default: 16 for `offline`, else 100.'),
  concurrency: int(1)
    .optional()
    .describe(
      'Questions worked on at once. Changes no result. Default: 16 for `offline`, else as many as the endpoints take.',
    ),
})

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

const weigh = z.strictObject({
  half_life: z
    .union([z.literal('median'), z.number().positive()])
    .default('median')
    .describe(
      'β of the weights: reasoning of that many tokens weighs half the maximum. `median` of the positive lengths (paper).',
    ),
})

const exportation = z.strictObject({
  keep: z
    .enum(['trainable', 'all'])
    .default('trainable')
    .describe('`trainable` drops pairs that are unsatisfied, have an empty query or no negative; `all` keeps them.'),
})

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

const llm = z.strictObject({
  agent: llmSchema.optional().describe('The model of LLM agents, and where it is served.'),
  judge: llmSchema.optional().describe('The model of LLM judges; default: the one under `llm.agent`.'),
  verdicts: judgeSchema.prefault({}).describe('How judges are asked.'),
})

export const configSchema = z.strictObject({
  version: z.literal(1).default(1).describe('Version of the configuration format.'),
  run: z
    .string()
    .min(1)
    .refine((path) => !/\p{Cc}/u.test(path), 'a path without tabs, line breaks or other control characters')
    .describe('Folder of the run.'),
  seed: int(0).default(1).describe('Seed of everything random outside training: corpus, agent, bootstrap.'),
  tokenizer: z
    .string()
    .default('whitespace')
    .describe(
      'What counts tokens of chunks, snippets and reasoning: `whitespace`, or the path of a tokenizer.json or WordPiece vocab.txt.',
    ),
  workers: int(0)
    .optional()
    .describe(
      'Threads that tokenise, once there is enough to do; 0 leaves it to the main thread. Changes no result. Default: one a core.',
    ),
  llm: llm.prefault({}).describe('Models over the OpenAI protocol, for LLM agents and judges.'),
  corpus: corpus.prefault({}).describe('Stage ingest: the documents.'),
  queries: queries.prefault({}).describe('Stage ingest: the questions, answers and relevance judgements.'),
  trajectories: trajectories.prefault({}).describe('Stage generate: where trajectories come from.'),
  index: index.prefault({}).describe('Stage index: the BM25 index.'),
  generate: generate.prefault({}).describe('Stage generate: the agent and its tools.'),
  filter: filter.prefault({}).describe('Stage filter: which trajectories count as correct.'),
  mine: mine.prefault({}).describe('Stage mine: positives and negatives.'),
  weigh: weigh.prefault({}).describe('Stage weigh: the weight of each pair.'),
  export: exportation.prefault({}).describe('Stage export: the training file.'),
  train: trainSchema.prefault({}).describe('Stage train: the encoder.'),
  evaluate: evaluate.prefault({}).describe('Stage evaluate: the measures.'),
})

export type Config = z.output<typeof configSchema>

/** The tokenizer's file, if it is one: part of what a stage reads. */
export const tokenizerFiles = ({ tokenizer }: Config): string[] => (tokenizer === 'whitespace' ? [] : [tokenizer])
