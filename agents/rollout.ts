// Runs one agent on one question: asks its policy for actions, executes the tools, records the steps.
import type { Step } from '../data/schemas.ts'
import { PolicyStop, type Action, type Agent, type Message, type Task } from './agent.ts'
import { execute, type CallContext } from './execute.ts'
import { FORCED_ANSWER } from './prompts.ts'
import type { Tools } from './tools.ts'

export interface Rollout {
  readonly status: string
  readonly answer: string
  readonly steps: readonly Step[]
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  /** Why it ended, where the status does not say it all. */
  readonly note: string
  readonly messages: readonly Message[]
}

export interface RolloutLimits {
  /** Tool calls an agent may make before it is stopped with status "step-limit". */
  readonly maxSteps: number
  /** Tokens of the model's context; default is no limit. */
  readonly contextTokens?: number
  /** Tokens of the context that are kept free for a turn. */
  readonly reserveTokens?: number
  /** At a limit, ask once for an answer without tools; the status stays that of the limit. */
  readonly forceAnswer?: boolean
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
    if (message.role !== 'tool') return
    messages[at] = { ...message, content: OMITTED }
  }
}

const run = async (
  agent: Agent,
  task: Task,
  tools: Tools,
  limits: RolloutLimits,
  signal: AbortSignal,
): Promise<Rollout> => {
  const { maxSteps, contextTokens = Infinity, reserveTokens = 0, forceAnswer = false, maxProblems = 3 } = limits
  const steps: Step[] = []
  const messages: Message[] = [{ role: 'user', content: task.question }]
  const context: CallContext = { question: task.question, history: [] }
  let promptTokens: number | null = null
  let completionTokens: number | null = null
  const end = (status: string, answer = '', note = ''): Rollout => ({
    status,
    answer,
    steps,
    promptTokens,
    completionTokens,
    note,
    messages,
  })

  const policy = agent.start(task)
  let made = 0
  let problems = 0
  let size = 0
  let limit: string | undefined
  for (let index = 0; ; index += 1) {
    if (limit === undefined && size + reserveTokens > contextTokens) {
      limit = 'context-limit'
      withoutLatestOutputs(messages)
    }
    if (limit !== undefined) {
      if (!forceAnswer) return end(limit)
      messages.push({ role: 'user', content: FORCED_ANSWER })
    }
    let action: Action
    try {
      signal.throwIfAborted()
      action = await policy.next(messages, signal, { index, final: limit !== undefined })
    } catch (error) {
      if (!(error instanceof PolicyStop)) throw error
      if (error.status !== 'context-limit' || limit !== undefined || !forceAnswer)
        return end(limit ?? error.status, '', error.message)
      limit = error.status
      withoutLatestOutputs(messages)
      continue
    }
    const { reasoning, content, calls, usage, problem, raw } = action
    if (usage) {
      promptTokens = (promptTokens ?? 0) + usage.promptTokens
      completionTokens = (completionTokens ?? 0) + usage.completionTokens
      size = usage.promptTokens + usage.completionTokens
    }
    if (reasoning !== '') steps.push({ type: 'reasoning', tool: null, arguments: '', output: reasoning, docids: [] })
    messages.push({ role: 'assistant', reasoning, content, calls, ...(raw === undefined ? {} : { raw }) })
    if (problem !== undefined || (limit !== undefined && calls.length > 0)) {
      problems += 1
      if (limit !== undefined) return end(limit, '', 'no answer when asked for one')
      if (problems >= maxProblems) return end('format-error', '', problem)
      messages.push({ role: 'user', content: problem ?? '' })
      continue
    }
    problems = 0
    if (calls.length === 0) {
      steps.push({ type: 'answer', tool: null, arguments: '', output: content, docids: [] })
      return end(limit ?? 'completed', content)
    }
    for (const call of calls) {
      if (made === maxSteps) {
        limit = 'step-limit'
        // Every call of a turn must be answered, or the protocol forbids the next turn.
        messages.push({ role: 'tool', callId: call.id, content: OMITTED })
        continue
      }
      const result = await execute(call, tools, context, reasoning)
      steps.push({ type: 'tool_call', tool: call.name, ...result })
      messages.push({ role: 'tool', callId: call.id, content: result.output })
      size += estimateTokens(result.output)
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
