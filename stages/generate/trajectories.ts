// Lets an agent work on many questions; each finished one is durable at once.
import { createHash } from 'node:crypto'
import type { Query, Trajectory } from '../../data/schemas.ts'
import { runItems, type ItemOutcome } from '../../pipeline/items.ts'
import type { Journal } from '../../pipeline/journal.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { BudgetSpent } from '../../pipeline/llm/errors.ts'
import type { Agent, Continuation, Task } from '../../agents/agent.ts'
import { rollout, type Rollout, type RolloutLimits } from '../../agents/rollout.ts'
import type { Tools } from '../../agents/tools.ts'

export type Question = Pick<Query, 'query_id' | 'question'>

export interface TrajectoryOptions {
  readonly queries: AsyncIterable<Question> | Iterable<Question>
  readonly agent: Agent
  readonly tools: Tools
  readonly retriever: string
  readonly limits: RolloutLimits
  readonly seed: number
  /** How often questions were asked before this time, where they were. */
  readonly retries?: ReadonlyMap<string, number>
  /** Questions worked on at once. */
  readonly concurrency: number
  /** A question's attempts, under its id. */
  readonly journal: Journal<readonly Trajectory[]>
  readonly signal: AbortSignal
  /** The agent's model: its budget decides whether further questions are begun. */
  readonly llm?: Llm
  readonly onProgress?: (progress: GenerateProgress) => void
}

export interface GenerateProgress {
  /** Questions in the journal. */
  readonly done: number
  readonly running: number
  /** Statuses of the attempts finished in this run. */
  readonly statuses: Readonly<Record<string, number>>
  /** Of the attempt that ended last and not by an answer, why; else "". */
  readonly note: string
}

/** The same question meets the same luck in every run of the same seed, whatever else runs beside it; a retry meets other. */
export const seedOf = (seed: number, queryId: string, retry = 0): number =>
  createHash('sha256')
    .update(`${seed}\t${queryId}${retry === 0 ? '' : `\t${retry}`}`)
    .digest()
    .readUInt32BE()

const add = (a: number | null, b: number | undefined): number | null => (b === undefined ? a : (a ?? 0) + b)

/** All attempts at one question, in order; the first has the question's id, the n-th `#n` after it. */
export const attempts = async (
  { query_id, question }: Question,
  options: Pick<TrajectoryOptions, 'agent' | 'tools' | 'retriever' | 'limits' | 'seed' | 'retries'>,
  signal: AbortSignal,
  onAttempt: (rollout: Rollout) => void = () => undefined,
): Promise<Trajectory[]> => {
  const { agent, tools, retriever, limits, seed, retries } = options
  const rows: Trajectory[] = []
  let task: Task | undefined = { query_id, question, seed: seedOf(seed, query_id, retries?.get(query_id)) }
  for (let cycle = 1; task !== undefined; cycle += 1) {
    const done: Rollout = await rollout(agent, task, tools, limits, signal)
    const { status, answer, steps, messages, promptTokens, completionTokens, reason, httpStatus } = done
    onAttempt(done)
    const next: Continuation | undefined = await agent.again?.(task, { cycle, status, answer, messages }, signal)
    rows.push({
      trajectory_id: cycle === 1 ? query_id : `${query_id}#${cycle}`,
      query_id,
      question,
      retriever,
      agent: agent.name,
      status,
      answer,
      steps,
      prompt_tokens: add(promptTokens, next?.usage?.promptTokens),
      completion_tokens: add(completionTokens, next?.usage?.completionTokens),
      reason: reason === '' ? null : reason,
      http_status: httpStatus,
      text_calls: done.textCalls,
      malformed_turns: done.malformedTurns,
      replaced_characters: done.replacedCharacters,
    })
    task = next?.task
  }
  return rows
}

const tokensOf = (rows: readonly Trajectory[]): readonly [number, number] =>
  rows.reduce<[number, number]>(
    ([prompt, completion], row) => [prompt + (row.prompt_tokens ?? 0), completion + (row.completion_tokens ?? 0)],
    [0, 0],
  )

/**
 * Works on every question that the journal lacks. When the budget is (about to be) spent, no further question is begun and
 * `stopped` is true; one that was cut off in the middle is undone. Errors: UserError, Interrupted; what is finished stays.
 */
export const generateItems = async (options: TrajectoryOptions): Promise<ItemOutcome> => {
  const { queries, concurrency, journal, signal, llm, onProgress } = options
  const statuses: Record<string, number> = {}
  let note = ''
  let finished = 0
  let spent = 0

  // A restart goes on spending where the last run stopped; only what unfinished questions had cost is forgotten.
  if (llm?.spending.isLimited && journal.size > 0)
    for await (const [, rows] of journal.entries()) llm.spending.charge(...tokensOf(rows))

  const work = async (query: Question, inner: AbortSignal): Promise<readonly Trajectory[]> => {
    const rows = await attempts(query, options, inner, (done) => {
      statuses[done.status] = (statuses[done.status] ?? 0) + 1
      note = done.reason
    })
    const [prompt, completion] = tokensOf(rows)
    finished += 1
    spent += prompt + completion
    return rows
  }
  return runItems({
    items: queries,
    key: (query) => query.query_id,
    concurrency,
    work,
    journal,
    signal,
    // The running ones are half done on average, and will need the rest.
    admit: (running) => !llm || llm.spending.left(finished === 0 ? 0 : (spent / finished) * (running / 2 + 1)) > 0,
    stops: (error) => error instanceof BudgetSpent,
    onProgress: ({ done, running }) => onProgress?.({ done, running, statuses, note }),
  })
}
