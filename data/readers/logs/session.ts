// What all logs of agents have in common: a question, thoughts, tool calls with their results, an answer.

export interface ToolCall {
  readonly name: string
  /** As logged: an object, or text that may hold one. */
  readonly arguments: unknown
  /** As logged: text, or any JSON; undefined where the log has none. */
  readonly result: unknown
  /** The documents of a retrieval, where the log names them apart from the result. */
  readonly documents?: unknown
  /** The docids of the step, where the log has them under this very name. */
  readonly docids?: readonly string[]
}

export type SessionEvent =
  | { readonly kind: 'thought'; readonly text: string }
  | { readonly kind: 'call'; readonly call: ToolCall }
  | { readonly kind: 'answer'; readonly text: string }
  /** What is none of these: kept, so that a step's place in the log is its place in the trajectory. */
  | { readonly kind: 'other'; readonly type: string; readonly text: string }

/** One agent's work on one question. */
export interface Session {
  /** As the log names it. */
  readonly id: string
  /** The question's id, where the log has one apart from the session's. */
  readonly queryId?: string | undefined
  readonly question: string
  /** The gold answers that the log holds. */
  readonly golds: readonly string[]
  readonly events: readonly SessionEvent[]
  /** What the log says of how it ended; undefined where it says nothing. */
  readonly status?: string | undefined
  /** The final answer, where the log has it apart from the last answer event. */
  readonly answer?: string | undefined
  readonly model: string
  readonly retriever: string
  /** What somebody measured of the session, by name: rewards, user feedback, correctness. */
  readonly scores: ReadonlyMap<string, number>
  readonly promptTokens: number | null
  readonly completionTokens: number | null
}

/** What a session contains that its format does not promise, by reason; each is counted, nothing is dropped for it. */
export type Oddities = ReadonlyMap<string, number>

/** A session, or why a record is none. `where` names file and line. */
export type LogRecord = { readonly where: string } & (
  { readonly session: Session; readonly odd: Oddities } | { readonly skip: string; readonly detail: string }
)
