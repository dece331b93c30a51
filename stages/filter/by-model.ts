// Correctness by a model: question, gold answers and final response in; yes, no or undecided out.
import { join } from 'node:path'
import type { Verdict } from '../../data/schemas.ts'
import { askAboutAnswer } from '../../agents/judges/answer-judge.ts'
import { openJudgeModel, type JudgeRoles } from '../../agents/judges/ask-all.ts'
import type { JudgeSettings } from '../../agents/judges/judge.ts'
import { matchesAnswer } from '../../evaluation/agents/exact-match.ts'
import type { Llm } from '../../pipeline/llm/client.ts'

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

export interface AnswerJudge {
  judge(answers: readonly AnswerToJudge[]): Promise<readonly Verdict[]>
  /** Closes the model; `drop` its journal once all verdicts are in the table. */
  close(journal: 'keep' | 'drop'): Promise<void>
}

interface AnswerJudgeOptions {
  readonly config: JudgeRoles & { readonly filter: { readonly exact_match_first: boolean } }
  /** The stage's folder: the journal lies there. */
  readonly folder: string
  readonly signal: AbortSignal
}

/** Errors: UserError when no model is configured; from `judge` also when the budget is spent (verdicts are kept). */
export const openAnswerJudge = async ({ config, folder, signal }: AnswerJudgeOptions): Promise<AnswerJudge> => {
  const model = await openJudgeModel<Verdict>({ config, journal: join(folder, 'journal.ndjson'), signal })
  const { llm, settings } = model
  const options = { llm, settings, exactMatchFirst: config.filter.exact_match_first }
  return {
    judge: async (items) =>
      (
        await model.askAll({
          items,
          key: (item) => item.trajectory_id,
          ask: (item, inner) => judgeAnswer(item, options, inner),
        })
      ).verdicts,
    close: (journal) => model.close(journal),
  }
}
