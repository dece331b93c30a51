// What an agent is: a policy that reads the conversation so far and returns the next action.
// The loop around it (rollout.ts) runs the tools and records the steps.

import type { Toolset } from './spec.ts'

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON text, as the model wrote it. */
  readonly arguments: string
}

export type Message =
  | {
      readonly role: 'user'
      readonly content: string
      /** What is said to the agent beside its question: after a malformed turn, or to ask for its answer. */
      readonly kind?: 'nudge' | 'forced'
    }
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
  /** In a few words what was wrong with it, for people. */
  readonly why?: string
  /** Calls that stood in the text of the reply instead of where the protocol has them. */
  readonly textCalls?: number
  /** Lone surrogates replaced in the reply. */
  readonly replaced?: number
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
  /** Its tools as it sees them; default: `search` and `get_document`. */
  readonly toolset?: Toolset
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
  /** Of the server's last reply, where there was one. */
  readonly httpStatus: number | null
  constructor(status: string, message: string, httpStatus: number | null = null) {
    super(message)
    this.status = status
    this.httpStatus = httpStatus
  }
}
