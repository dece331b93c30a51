// Correctness by a model: question, gold answers and final response in; yes, no or undecided out.
import type { Verdict } from '../../data/schemas.ts'
import { runItems, type ItemOutcome, type ItemProgress } from '../../pipeline/items.ts'
import type { Journal } from '../../pipeline/journal.ts'
import { askAboutAnswer } from '../../agents/judges/answer-judge.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { BudgetSpent } from '../../pipeline/llm/errors.ts'
import type { JudgeSettings } from '../../agents/judges/judge.ts'
import { matchesAnswer } from '../../evaluation/agents/exact-match.ts'

export interface AnswerToJudge {
  readonly trajectory_id: string
  readonly question: string
  /** The gold answer and its aliases. */
  readonly answers: readonly string[]
  /** The agent's final response. */
  readonly answer: string
}

export interface CorrectnessOptions {
  readonly llm: Llm
  readonly settings: JudgeSettings
  /** An answer that equals a gold answer is right without a call. */
  readonly exactMatchFirst: boolean
}

/** One verdict. `correct` is null when there is no gold answer, or the judge gave no readable verdict in two attempts. */
export const judgeAnswer = async (
  { trajectory_id, question, answers, answer }: AnswerToJudge,
  { llm, settings, exactMatchFirst }: CorrectnessOptions,
  signal: AbortSignal,
): Promise<Verdict> => {
  const judge = `llm ${llm.model}`
  if (answers.length === 0) return { trajectory_id, correct: null, judge, rationale: 'its question has no gold answer' }
  if (answer.trim() === '') return { trajectory_id, correct: false, judge: 'no-answer', rationale: 'no answer' }
  if (exactMatchFirst && matchesAnswer(answer, answers))
    return { trajectory_id, correct: true, judge: 'exact-match', rationale: '' }
  const outcome = await askAboutAnswer(llm, settings, { question, answers, response: answer }, signal)
  if ('why' in outcome) return { trajectory_id, correct: null, judge, rationale: `undecided: ${outcome.why}` }
  const { correct, extracted, rationale } = outcome.verdict
  return { trajectory_id, correct, judge, rationale: `${extracted}: ${rationale}` }
}

export interface JudgeTrajectoriesOptions extends CorrectnessOptions {
  readonly trajectories: AsyncIterable<AnswerToJudge> | Iterable<AnswerToJudge>
  /** Verdicts at once; the endpoints' own limits bound the calls. */
  readonly concurrency: number
  readonly journal: Journal<Verdict>
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ItemProgress) => void
}

/** Judges every trajectory that the journal lacks; `stopped` when the budget was spent before the end. */
export const judgeTrajectories = (options: JudgeTrajectoriesOptions): Promise<ItemOutcome> =>
  runItems({
    ...options,
    items: options.trajectories,
    key: (item) => item.trajectory_id,
    work: (item, inner) => judgeAnswer(item, options, inner),
    stops: (error) => error instanceof BudgetSpent,
  })
