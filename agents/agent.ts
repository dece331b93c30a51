// What an agent is: a policy that reads the conversation so far and returns the next action.
// The loop around it (rollout.ts) runs the tools and records the steps.

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON text, as the model wrote it. */
  readonly arguments: string
}

export type Message =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | {
      readonly role: 'assistant'
      readonly reasoning: string
      readonly content: string
      readonly calls: readonly ToolCall[]
      /** What the policy put into its action's `raw`. */
      readonly raw?: unknown
    }
  | { readonly role: 'tool'; readonly callId: string; readonly content: string }

export interface Usage {
  readonly promptTokens: number
  readonly completionTokens: number
}

/** One turn of the agent. Without calls, `content` is the final answer. */
export interface Action {
  readonly reasoning: string
  readonly content: string
  readonly calls: readonly ToolCall[]
  readonly usage?: Usage
  /** The reply was neither call nor answer: what to tell the agent about it, so that it tries again. */
  readonly problem?: string
  /** The turn in the policy's own protocol: it finds it again in the conversation's message. */
  readonly raw?: unknown
}

export interface Turn {
  /** Counts from 0. */
  readonly index: number
  /** No more tools: the last message asks for the answer. */
  readonly final: boolean
}

/** The agent's mind for one question. `next` may throw PolicyStop to end the trajectory with a status. */
export interface Policy {
  next(messages: readonly Message[], signal: AbortSignal, turn: Turn): Promise<Action>
}

export interface Task {
  readonly query_id: string
  readonly question: string
  /** Derived from the run's seed and the query's id: two runs of the same config behave alike. */
  readonly seed: number
  /** What earlier attempts at the question left (recursive agents): text for the prompt. */
  readonly state?: string
}

/** An agent makes a fresh policy for each question. */
export interface Agent {
  readonly name: string
  start(task: Task): Policy
  /**
   * Agents that attempt a question several times: asked after each attempt for the task of the next one, or undefined when
   * this was the last. Without it there is one attempt.
   */
  again?(task: Task, attempt: Attempt, signal: AbortSignal): Promise<Continuation>
}

/** One finished attempt at a question. */
export interface Attempt {
  /** Counts from 1. */
  readonly cycle: number
  readonly status: string
  readonly answer: string
  readonly messages: readonly Message[]
}

export interface Continuation {
  readonly task?: Task
  readonly usage?: Usage
}

/** Ends a trajectory early with a status other than "completed". */
export class PolicyStop extends Error {
  override readonly name = 'PolicyStop'
  readonly status: string
  constructor(status: string, message: string) {
    super(message)
    this.status = status
  }
}
