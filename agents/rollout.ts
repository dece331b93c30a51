// Runs one agent on one question: asks its policy for actions, executes the tools, records the steps.
import type { Step } from '../data/schemas.ts'
import { PolicyStop, type Action, type Agent, type Message, type Task } from './agent.ts'
import { execute } from './execute.ts'
import { STANDARD_TOOLS, type Tools } from './tools.ts'
import { createCleaner } from './well-formed.ts'

export interface Rollout {
  readonly status: string
  readonly answer: string
  readonly steps: readonly Step[]
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  /** Why it ended, where it was not by an answer; else "". */
  readonly reason: string
  /** Of the server's reply that ended it, if one did. */
  readonly httpStatus: number | null
  /** Calls read out of the text of replies. */
  readonly textCalls: number
  /** Turns that were neither call nor answer, or a call that could not be read. */
  readonly malformedTurns: number
  /** Lone surrogates replaced in replies and results. */
  readonly replacedCharacters: number
  readonly messages: readonly Message[]
}

/** What asks for an answer without tools: a further message, or one in the place of the last. */
export interface ForcedAnswer {
  readonly text: string
  readonly place: 'append' | 'replace'
  /** Said to an agent that calls a tool all the same. */
  readonly again: string
}

export interface RolloutLimits {
  /** Tool calls an agent may make before it is stopped with status "step-limit". */
  readonly maxSteps: number
  /** Turns it may take before the same; default is no limit. */
  readonly maxTurns?: number
  /** Tokens of a conversation from which on it ends with status "context-limit"; default is no limit. */
  readonly conversationTokens?: number
  /** Tokens of the model's context; default is no limit. */
  readonly contextTokens?: number
  /** Tokens of the context that are kept free for a turn. */
  readonly reserveTokens?: number
  /** At a limit, ask for an answer without tools; the status stays that of the limit. Default: nobody asks. */
  readonly forced?: ForcedAnswer
  /** Turns in a row that are neither call nor answer before the status is "format-error". */
  readonly maxProblems?: number
  /** Milliseconds for the whole trajectory, after which its status is "api-error"; default is no limit. */
  readonly timeoutMs?: number
}

/** Rather too many than too few: a turn that does not fit costs a failed request. */
const estimateTokens = (text: string): number => Math.ceil(text.length / 3)

const OMITTED = '(This output was left out: the conversation has reached its limit.)'

/** Replaces the outputs of the latest turn's calls, which made the conversation too long. */
const withoutLatestOutputs = (messages: Message[]): void => {
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at]
    if (message?.role !== 'tool') return
    messages[at] = { ...message, content: OMITTED }
  }
}

/** Asks for the answer; the question itself is never replaced. */
const ask = (messages: Message[], { text, place }: ForcedAnswer): void => {
  if (place === 'replace' && messages.length > 1 && messages.at(-1)?.role !== 'assistant') messages.pop()
  messages.push({ role: 'user', kind: 'forced', content: text })
}

interface Limit {
  readonly status: string
  readonly reason: string
}

const run = async (
  agent: Agent,
  task: Task,
  tools: Tools,
  limits: RolloutLimits,
  signal: AbortSignal,
): Promise<Rollout> => {
  const { maxSteps, maxTurns = Infinity, conversationTokens = Infinity, contextTokens = Infinity } = limits
  const { reserveTokens = 0, forced, maxProblems = 3 } = limits
  const steps: Step[] = []
  const messages: Message[] = [{ role: 'user', content: task.question }]
  const context = { toolset: agent.toolset ?? STANDARD_TOOLS, tools, question: task.question, history: [] }
  const cleaner = createCleaner()
  let promptTokens: number | null = null
  let completionTokens: number | null = null
  let textCalls = 0
  let malformedTurns = 0
  let replaced = 0
  const end = (status: string, answer: string, reason: string, httpStatus: number | null = null): Rollout => ({
    status,
    answer,
    steps,
    promptTokens,
    completionTokens,
    reason,
    httpStatus,
    textCalls,
    malformedTurns,
    replacedCharacters: replaced + cleaner.replaced(),
    messages,
  })

  const policy = agent.start(task)
  let made = 0
  let problems = 0
  let size = 0
  let limit: Limit | undefined
  let asked = false

  const reached = (index: number): Limit | undefined => {
    if (index >= maxTurns) return { status: 'step-limit', reason: `${maxTurns} turns without an answer` }
    if (size >= conversationTokens)
      return { status: 'context-limit', reason: `a conversation of ${conversationTokens} tokens` }
    if (size + reserveTokens <= contextTokens) return undefined
    if (forced?.place !== 'replace') withoutLatestOutputs(messages)
    return { status: 'context-limit', reason: `no room for another turn in ${contextTokens} tokens` }
  }

  for (let index = 0; ; index += 1) {
    limit ??= reached(index)
    if (limit !== undefined && !asked) {
      if (!forced) return end(limit.status, '', limit.reason)
      ask(messages, forced)
      asked = true
      problems = 0
    }
    let action: Action
    try {
      signal.throwIfAborted()
      action = await policy.next(messages, signal, { index, final: limit !== undefined })
    } catch (error) {
      if (!(error instanceof PolicyStop)) throw error
      if (error.status !== 'context-limit' || limit !== undefined || !forced)
        return end(limit?.status ?? error.status, '', error.message, error.httpStatus)
      limit = { status: error.status, reason: error.message }
      if (forced.place !== 'replace') withoutLatestOutputs(messages)
      continue
    }
    const { reasoning, content, calls, usage, problem, raw } = action
    if (usage) {
      promptTokens = (promptTokens ?? 0) + usage.promptTokens
      completionTokens = (completionTokens ?? 0) + usage.completionTokens
      size = usage.promptTokens + usage.completionTokens
    }
    textCalls += action.textCalls ?? 0
    replaced += action.replaced ?? 0
    if (reasoning !== '') steps.push({ type: 'reasoning', tool: null, arguments: '', output: reasoning, docids: [] })
    messages.push({ role: 'assistant', reasoning, content, calls, ...(raw === undefined ? {} : { raw }) })
    if (problem !== undefined || (limit !== undefined && calls.length > 0)) {
      problems += 1
      malformedTurns += 1
      const why = action.why ?? problem ?? 'a tool call'
      if (problems >= maxProblems)
        return limit !== undefined
          ? end(limit.status, '', `${limit.reason}; no answer when asked for one: ${why}`)
          : end('format-error', '', `${why}, ${problems} turns in a row`)
      // Every call of a turn must be answered, or the protocol forbids the next turn.
      for (const call of calls) messages.push({ role: 'tool', callId: call.id, content: OMITTED })
      const again = limit === undefined ? problem : forced?.again
      messages.push({ role: 'user', kind: 'nudge', content: again ?? '' })
      continue
    }
    problems = 0
    if (calls.length === 0) {
      steps.push({ type: 'answer', tool: null, arguments: '', output: content, docids: [] })
      return end(limit?.status ?? 'completed', content, limit?.reason ?? '')
    }
    for (const call of calls) {
      if (made >= maxSteps) {
        limit = { status: 'step-limit', reason: `${maxSteps} tool calls without an answer` }
        messages.push({ role: 'tool', callId: call.id, content: OMITTED })
        continue
      }
      const done = cleaner.cleanAll(await execute(call, context, reasoning))
      steps.push(...done.steps)
      messages.push({ role: 'tool', callId: call.id, content: done.output })
      size += estimateTokens(done.output)
      made += 1
    }
  }
}

/** One trajectory. Never throws for what the agent does wrong; throws when the tools themselves fail. */
export const rollout = async (
  agent: Agent,
  task: Task,
  tools: Tools,
  limits: RolloutLimits,
  signal: AbortSignal,
): Promise<Rollout> => {
  const { timeoutMs } = limits
  if (timeoutMs === undefined) return run(agent, task, tools, limits, signal)
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  // As the reason of the abort it comes back out of the policy, and ends the trajectory with the steps made so far.
  const late = new PolicyStop('api-error', `not finished after ${timeoutMs / 1000} seconds`)
  const timer = setTimeout(() => controller.abort(late), timeoutMs)
  try {
    return await run(agent, task, tools, limits, controller.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
