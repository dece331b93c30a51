// The tables between stages: the contract that every stage reads and writes by.
import {
  boolean,
  double,
  int32,
  list,
  nullable,
  string,
  struct,
  type Columns,
  type Row,
  type Table,
} from '../core/columns.ts'

const table = <C extends Columns>(name: string, writer: Table['writer'], columns: C): Table<C> => ({
  name,
  columns,
  writer,
})

/** A retrieval unit: a chunk of an article. `tokens` is null where the corpus came already chunked. */
export const documents = table('documents', 'bulk', {
  docid: string,
  title: string,
  text: string,
  tokens: nullable(int32),
})
export type Document = Row<typeof documents>

/** `split` is "train" or "test". */
export const queries = table('queries', 'rows', {
  query_id: string,
  question: string,
  answers: list(string),
  split: string,
})
export type Query = Row<typeof queries>

export const qrels = table('qrels', 'rows', { query_id: string, docid: string, relevance: int32 })
export type Qrel = Row<typeof qrels>

/**
 * One step of an agent. `arguments` is JSON text ("" when none). `docids` are, for a search, the hits in rank order,
 * for a browse the opened document. `output` is the reasoning's, tool's or answer's text.
 */
export const step = struct({
  type: string,
  tool: nullable(string),
  arguments: string,
  output: string,
  docids: list(string),
})
/** `type` is "reasoning", "tool_call" or "answer"; `tool` is "search", "get_document", "visit" or what the log named. */
export type Step = NonNullable<(typeof step)['type']>

/**
 * `status` is "completed" when the agent answered, else why it stopped ("step-limit" …), and `reason` says more, with the
 * `http_status` where a server's reply ended it. `text_calls` are tool calls read out of the text of replies,
 * `malformed_turns` those that were asked for again, `replaced_characters` lone surrogates. The last five are null in
 * imported runs, and absent from tables that version 0.1 wrote.
 */
export const trajectories = table('trajectories', 'bulk', {
  trajectory_id: string,
  query_id: string,
  question: string,
  retriever: string,
  agent: string,
  status: string,
  answer: string,
  steps: list(step),
  prompt_tokens: nullable(int32),
  completion_tokens: nullable(int32),
  reason: nullable(string),
  http_status: nullable(int32),
  text_calls: nullable(int32),
  malformed_turns: nullable(int32),
  replaced_characters: nullable(int32),
})
export type Trajectory = Row<typeof trajectories>

/** The columns that only trajectories of our own agents fill. */
export const NOT_OURS = {
  reason: null,
  http_status: null,
  text_calls: null,
  malformed_turns: null,
  replaced_characters: null,
} as const satisfies Partial<Trajectory>

/** What imported logs say of a trajectory in numbers: rewards, feedback, correctness. */
export const scores = table('scores', 'rows', { trajectory_id: string, name: string, value: double })
export type Score = Row<typeof scores>

/** `correct` is null when nobody judged it. */
export const verdicts = table('verdicts', 'rows', {
  trajectory_id: string,
  correct: nullable(boolean),
  judge: string,
  rationale: string,
})
export type Verdict = Row<typeof verdicts>

/** One opened document. `rank` is its 1-based rank in the search that led to it, null if in none since the reset. */
export const browses = table('browses', 'bulk', {
  browse_id: string,
  trajectory_id: string,
  step: int32,
  search_step: nullable(int32),
  query: string,
  docid: string,
  rank: nullable(int32),
  reasoning: string,
  reasoning_tokens: int32,
})
export type Browse = Row<typeof browses>

/** `relevant` is null where the judge could not decide (runs of version 0.1 say true there, under the judge "llm-undecided"). */
export const relevance = table('relevance', 'rows', { browse_id: string, relevant: nullable(boolean), judge: string })
export type Relevance = Row<typeof relevance>

export const pairs = table('pairs', 'bulk', {
  pair_id: string,
  browse_id: string,
  query: string,
  pos_docid: string,
  neg_docids: list(string),
  reasoning_tokens: int32,
  satisfied: boolean,
})
export type Pair = Row<typeof pairs>

export const weights = table('weights', 'rows', { pair_id: string, weight: double })
export type Weight = Row<typeof weights>

/**
 * One step of training. `epoch` is 0 for the first, `gradient_norm` that before clipping, `padding` a share of positions.
 * In float16 only: the loss's scale, and the steps left out so far since a gradient was not finite (its norm then is 0).
 */
export const training = table('training', 'rows', {
  model: string,
  step: int32,
  epoch: int32,
  loss: double,
  learning_rate: double,
  gradient_norm: double,
  examples: int32,
  tokens: int32,
  padding: double,
  loss_scale: nullable(double),
  skipped: nullable(int32),
})
export type TrainingStep = Row<typeof training>

/** How long the steps took: apart from them, since it is never the same twice. */
export const timings = table('timings', 'rows', {
  model: string,
  step: int32,
  seconds: double,
  tokens_per_second: double,
})
export type StepTiming = Row<typeof timings>

/** Measures on the development split after a step, 0 being the start. `chosen`: the trained model has its parameters. */
export const development = table('development', 'rows', {
  model: string,
  step: int32,
  metric: string,
  value: double,
  chosen: boolean,
})
export type DevelopmentScore = Row<typeof development>

/** A text that is trained on, by its number, from 0 on in order of first sight; `kind` is "query" or "passage". */
export const tokens = table('tokens', 'bulk', { text: int32, kind: string, ids: list(int32) })
export type TokenRow = Row<typeof tokens>

/** Texts by their numbers in `tokens`, at least one positive. */
export const examples = table('examples', 'bulk', {
  query: int32,
  positives: list(int32),
  negatives: list(int32),
  weight: double,
})
export type ExampleRow = Row<typeof examples>

export const tables: readonly Table[] = [
  documents,
  queries,
  qrels,
  trajectories,
  scores,
  verdicts,
  browses,
  relevance,
  pairs,
  weights,
  training,
  timings,
  development,
  tokens,
  examples,
]
