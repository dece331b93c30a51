// What agents, stages and evaluation ask of a search engine over the corpus.
import type { Hit } from '../data/hit.ts'

/** A search as an agent makes it. The fields beside `text` are there for encoders that read more than the query. */
export interface SearchQuery {
  readonly text: string
  /** The main question that the agent works on. */
  readonly question?: string
  /** The agent's reasoning just before this search. */
  readonly reasoning?: string
  /** Texts of the searches that the agent already made, oldest first. */
  readonly history?: readonly string[]
  /** Docids that must not be returned. */
  readonly hidden?: ReadonlySet<string>
}

export type { Hit }

/** Ranks documents. Equal scores are ordered by docid, so results never depend on timing. */
export interface Searcher {
  readonly name: string
  /**
   * One ranked list (at most k hits, best first) a query, in the order of the queries. Errors: Interrupted soon after the
   * signal is aborted.
   */
  search(queries: readonly SearchQuery[], k: number, signal?: AbortSignal): Promise<Hit[][]>
  close(): Promise<void>
}
