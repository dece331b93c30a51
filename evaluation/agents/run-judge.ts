// Verdicts of a model on agents' responses: each asked once, kept in a journal, the same for the same question and response.
import { createHash } from 'node:crypto'
import { UserError } from '../../core/errors.ts'
import { runItems, type ItemProgress } from '../../pipeline/items.ts'
import { openMemoryJournal, type Journal } from '../../pipeline/journal.ts'
import { askAboutAnswer, judgePrompts, type AnswerQuestion } from '../../agents/judges/answer-judge.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { BudgetSpent } from '../../pipeline/llm/errors.ts'
import type { JudgeSettings } from '../../agents/judges/judge.ts'

export interface RunVerdict {
  /** Null where the reply could not be read in two attempts, or the call failed. */
  readonly correct: boolean | null
  /** The final answer that the judge read out of the response. */
  readonly extracted: string | null
  readonly rationale: string
  /** What the judge wrote; null where the call failed. */
  readonly reply: string | null
}

export interface JudgeRunsOptions {
  readonly asked: readonly AnswerQuestion[]
  readonly llm: Llm
  /** What else of the model changes its answers: its names at the endpoints. */
  readonly model: unknown
  readonly settings: JudgeSettings
  readonly journal: Journal<RunVerdict>
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ItemProgress) => void
}

export interface JudgedRuns {
  /** One a question asked, in their order. */
  readonly verdicts: readonly RunVerdict[]
  /** Verdicts of earlier runs, or of equal questions and responses. */
  readonly reused: number
}

/**
 * Judges responses. A call that failed is no verdict and is asked again the next time. Errors: UserError when the budget is
 * spent or no endpoint works, Interrupted; the verdicts so far stay in the journal.
 */
export const judgeRuns = async (options: JudgeRunsOptions): Promise<JudgedRuns> => {
  const { asked, llm, model, settings, journal, signal, onProgress } = options
  const judge = JSON.stringify([judgePrompts, model, settings])
  const keyOf = ({ question, answers, response }: AnswerQuestion): string =>
    createHash('sha256')
      .update(JSON.stringify([judge, question, answers, response]))
      .digest('hex')
  const failed = openMemoryJournal<RunVerdict>()
  const { fresh, stopped } = await runItems({
    items: asked,
    key: keyOf,
    concurrency: llm.concurrency,
    work: async (item, inner): Promise<RunVerdict> => {
      const outcome = await askAboutAnswer(llm, settings, item, inner)
      const { reply } = outcome
      if ('why' in outcome) return { correct: null, extracted: null, rationale: outcome.why, reply }
      return { ...outcome.verdict, reply }
    },
    journal: {
      ...journal,
      append: (key, verdict) => (verdict.reply === null ? failed : journal).append(key, verdict),
    },
    signal,
    stops: (error) => error instanceof BudgetSpent,
    ...(onProgress && { onProgress }),
  })
  if (stopped) {
    throw new UserError({
      where: 'llm.judge.budget',
      expected: 'enough to judge every answer',
      found: `a spent budget after ${journal.size} verdicts`,
      fix: 'The verdicts are kept: raise the budget and run the same command again.',
    })
  }
  const verdicts = await Promise.all(asked.map(keyOf).map((key) => (failed.has(key) ? failed : journal).read(key)))
  return { verdicts, reused: asked.length - fresh }
}
