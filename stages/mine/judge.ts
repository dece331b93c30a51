// What a judge of relevance is given, and what it says.
import type { BrowseCall } from './browses.ts'

export interface BrowseToJudge {
  readonly trajectory_id: string
  readonly query_id: string
  readonly call: BrowseCall
}

/** Judges many browses at once, so that a judge that asks a model can ask in parallel. */
export interface RelevanceJudge {
  /** Whether `judge` reads the documents' texts. */
  readonly needsTexts: boolean
  /** Called when all is judged (`done`) or when the stage failed. */
  close?(done: boolean): Promise<void>
  judge(browses: readonly BrowseToJudge[], texts: ReadonlyMap<string, string>): Promise<readonly Judgement[]>
}

export interface Judgement {
  /** Null where the judge could not decide. */
  readonly relevant: boolean | null
  /** Who said so. */
  readonly judge: string
}
