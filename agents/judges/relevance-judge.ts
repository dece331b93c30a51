// A model judges an opened document from the reasoning that follows it: relevant, irrelevant, or undecided.
import { createHash } from 'node:crypto'
import type { Llm } from '../../pipeline/llm/client.ts'
import { askJudge, cutMiddle, type JudgeSettings } from './judge.ts'
import { RELEVANCE, RELEVANCE_AGAIN, relevanceMaterial } from './relevance-prompts.ts'
import { decisionIn } from './verdict-text.ts'

export interface ReasoningToJudge {
  /** The query of the latest search, "" if there was none. */
  readonly searched: string
  /** The reasoning step after the document was opened, "" if there was none. */
  readonly reasoning: string
}

export interface RelevanceVerdict {
  /** Null where the judge came to no readable verdict. */
  readonly relevant: boolean | null
  /** "llm MODEL"; "llm-undecided"; "no-reasoning" where there was nothing to judge. */
  readonly judge: string
}

/** What `relevance.judge` says of a browse without a readable verdict. */
export const UNDECIDED = 'llm-undecided'

const MAX_REASONING = 16_000

/** What the judge is told, in full. */
export const relevancePrompts: readonly string[] = [RELEVANCE, RELEVANCE_AGAIN]

/** The yes or no of the field `useful`; undefined unless there is exactly one of them. */
export const parseUseful = (text: string): boolean | undefined => decisionIn(text, 'useful')

/** Names what is judged: identical inputs are asked once. */
export const reasoningKey = ({ searched, reasoning }: ReasoningToJudge): string =>
  createHash('sha256')
    .update(JSON.stringify([searched, reasoning]))
    .digest('base64url')

/** Earlier versions took an undecided browse for a relevant one, and wrote it so. */
export const asUndecided = (verdict: RelevanceVerdict): RelevanceVerdict =>
  verdict.judge === UNDECIDED ? { relevant: null, judge: UNDECIDED } : verdict

/** Asks about one browse. Lenient: only a clear rejection is irrelevant. Errors: as `askJudge`. */
export const askAboutReasoning = async (
  llm: Llm,
  settings: JudgeSettings,
  { searched, reasoning }: ReasoningToJudge,
  signal: AbortSignal,
): Promise<RelevanceVerdict> => {
  const outcome = await askJudge(
    llm,
    settings,
    {
      instructions: RELEVANCE,
      material: relevanceMaterial(searched, cutMiddle(reasoning, MAX_REASONING)),
      again: RELEVANCE_AGAIN,
      parse: parseUseful,
    },
    signal,
  )
  return 'why' in outcome
    ? { relevant: null, judge: UNDECIDED }
    : { relevant: outcome.verdict, judge: `llm ${llm.model}` }
}
