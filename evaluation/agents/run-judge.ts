// Verdicts of a model on agents' responses: each asked once, kept in a journal, the same for the same question and response.
import { createHash } from 'node:crypto'
import type { ItemProgress } from '../../pipeline/items.ts'
import { openMemoryJournal, type Journal } from '../../pipeline/journal.ts'
import { askAboutAnswer, judgePrompts, type AnswerQuestion } from '../../agents/judges/answer-judge.ts'
import { askAll } from '../../agents/judges/ask-all.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { judgeIdentity, type JudgeSettings } from '../../agents/judges/judge.ts'

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
  const judge = JSON.stringify([judgePrompts, model, judgeIdentity(settings)])
  const keyOf = ({ question, answers, response }: AnswerQuestion): string =>
    createHash('sha256')
      .update(JSON.stringify([judge, question, answers, response]))
      .digest('hex')
  const failed = openMemoryJournal<RunVerdict>()
  const { verdicts, fresh } = await askAll<AnswerQuestion, RunVerdict>({
    items: asked,
    key: keyOf,
    concurrency: llm.concurrency,
    ask: async (item, inner): Promise<RunVerdict> => {
      const outcome = await askAboutAnswer(llm, settings, item, inner)
      const { reply } = outcome
      if ('why' in outcome) return { correct: null, extracted: null, rationale: outcome.why, reply }
      return { ...outcome.verdict, reply }
    },
    journal: {
      damaged: journal.damaged,
      entries: () => journal.entries(),
      close: () => journal.close(),
      has: (key) => journal.has(key),
      get size() {
        return journal.size
      },
      append: (key, verdict) => (verdict.reply === null ? failed : journal).append(key, verdict),
      read: (key) => (failed.has(key) ? failed : journal).read(key),
    },
    signal,
    ...(onProgress && { onProgress }),
  })
  return { verdicts, reused: asked.length - fresh }
}
