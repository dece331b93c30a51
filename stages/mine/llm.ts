// Relevance of an opened document by a model, from the reasoning that follows it.
import { createHash } from 'node:crypto'
import { UserError } from '../../core/errors.ts'
import { runItems } from '../../pipeline/items.ts'
import type { Journal } from '../../pipeline/journal.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { BudgetSpent } from '../../pipeline/llm/errors.ts'
import { askJudge, cutMiddle, type JudgeSettings } from '../../agents/judges/judge.ts'
import { RELEVANCE, RELEVANCE_AGAIN, relevanceMaterial } from './llm-prompts.ts'

export interface ReasoningToJudge {
  /** The query of the latest search, "" if there was none. */
  readonly searched: string
  /** The reasoning step after the document was opened, "" if there was none. */
  readonly reasoning: string
}

export interface RelevanceVerdict {
  readonly relevant: boolean
  /** "llm MODEL"; "llm-undecided" where it gave no readable verdict (and the document counts as relevant); "no-reasoning". */
  readonly judge: string
}

const MAX_REASONING = 16_000

/** "yes" and "no" of the last line; undefined unless it occurs exactly once. */
export const parseUseful = (text: string): boolean | undefined => {
  const found = [...text.matchAll(/^[*\s]*useful[*\s]*:[*\s]*(yes|no)[.*\s]*$/gim)]
  return found.length === 1 ? found[0][1].toLowerCase() === 'yes' : undefined
}

const keyOf = ({ searched, reasoning }: ReasoningToJudge): string =>
  createHash('sha256')
    .update(JSON.stringify([searched, reasoning]))
    .digest('base64url')

export interface RelevanceOptions {
  readonly llm: Llm
  readonly settings: JudgeSettings
  /** Verdicts at once. */
  readonly concurrency: number
  /** Verdicts by a hash of what was judged: identical inputs are asked once, over restarts too. */
  readonly journal: Journal<RelevanceVerdict>
  readonly signal: AbortSignal
}

/**
 * One verdict a browse, in their order. Lenient: only a clear rejection is irrelevant. Errors: UserError when the budget is
 * spent; the verdicts so far stay in the journal.
 */
export const judgeRelevance = async (
  browses: readonly ReasoningToJudge[],
  { llm, settings, concurrency, journal, signal }: RelevanceOptions,
): Promise<RelevanceVerdict[]> => {
  const toAsk = browses.filter(({ reasoning }) => reasoning.trim() !== '')
  const work = async ({ searched, reasoning }: ReasoningToJudge, inner: AbortSignal): Promise<RelevanceVerdict> => {
    const outcome = await askJudge(
      llm,
      settings,
      {
        instructions: RELEVANCE,
        material: relevanceMaterial(searched, cutMiddle(reasoning, MAX_REASONING)),
        again: RELEVANCE_AGAIN,
        parse: parseUseful,
      },
      inner,
    )
    return 'why' in outcome
      ? { relevant: true, judge: 'llm-undecided' }
      : { relevant: outcome.verdict, judge: `llm ${llm.model}` }
  }
  const { stopped } = await runItems({
    items: toAsk,
    key: keyOf,
    concurrency,
    work,
    journal,
    signal,
    stops: (error) => error instanceof BudgetSpent,
  })
  if (stopped)
    throw new UserError({
      where: 'mine.relevance, budget',
      expected: 'enough to judge every opened document',
      found: 'a spent budget',
      fix: 'The verdicts so far are kept: raise the budget and run the same command again.',
    })
  return Promise.all(
    browses.map((browse) =>
      browse.reasoning.trim() === ''
        ? Promise.resolve({ relevant: false, judge: 'no-reasoning' })
        : journal.read(keyOf(browse)),
    ),
  )
}
