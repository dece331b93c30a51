// Recursive agents (Re-TRAC, arXiv 2602.02486): several attempts at a question, each starting from notes on the earlier ones.
import type { Llm } from '../../pipeline/llm/client.ts'
import { normaliseText } from '../../data/overlap.ts'
import type { Agent, Attempt, Continuation, Task } from '../agent.ts'
import { withExtra } from '../../pipeline/llm/extra.ts'
import { LlmError } from '../../pipeline/llm/errors.ts'
import { replyText } from '../../pipeline/llm/reply-text.ts'
import type { AgentSpec } from '../spec.ts'
import { chatHistory } from './history.ts'
import { maxTokensOf, samplingFields } from './common.ts'
import { formatState, parseState, transcriptOf, type AttemptState } from './state.ts'

interface RecursiveTask extends Task {
  readonly notes?: AttemptState
}

const settled = (before: AttemptState | undefined, now: AttemptState): boolean =>
  before !== undefined &&
  now.answer !== '' &&
  now.uncertainties.length === 0 &&
  normaliseText(before.answer) === normaliseText(now.answer)

/** Makes `inner` recursive: up to `max_cycles` attempts a question. */
export const recursiveAgent = (inner: Agent, llm: Llm, { sampling, cycles, limits }: AgentSpec): Agent => {
  const { max_cycles, stop_when_settled, compress: instructions, compress_again } = cycles
  const { context_tokens } = limits
  const maxTokens = maxTokensOf(sampling, 0)

  const compress = async (task: RecursiveTask, attempt: Attempt, signal: AbortSignal) => {
    // Three characters a token, less the reply and the prompt around it.
    const room = Math.max(4000, (context_tokens - maxTokens - 2000) * 3 - (task.state?.length ?? 0))
    const old = task.state === undefined ? '' : `\n\nNotes it started from:\n${task.state}`
    const request = `${instructions}\n\nQuestion: ${task.question}${old}\n\nThe attempt:\n${transcriptOf(attempt.messages, room)}`
    let usage = { promptTokens: 0, completionTokens: 0 }
    const ask = async (more: readonly { role: 'assistant' | 'user'; content: string }[]): Promise<string> => {
      const reply = await llm.chat(
        {
          ...withExtra(
            {
              ...samplingFields(sampling, task.seed, 1_000_000 + attempt.cycle * 2 + more.length),
              max_tokens: maxTokens,
            },
            sampling.extra,
          ),
          messages: chatHistory([{ role: 'user', content: request }, ...more], '\n\n'),
        },
        signal,
      )
      usage = {
        promptTokens: usage.promptTokens + (reply.usage?.prompt_tokens ?? 0),
        completionTokens: usage.completionTokens + (reply.usage?.completion_tokens ?? 0),
      }
      return replyText(reply)
    }
    const text = await ask([])
    const state =
      parseState(text) ??
      parseState(
        await ask(
          text === ''
            ? [{ role: 'user', content: compress_again }]
            : [
                { role: 'assistant', content: text },
                { role: 'user', content: compress_again },
              ],
        ),
      )
    return { state, usage }
  }

  const again = async (task: RecursiveTask, attempt: Attempt, signal: AbortSignal): Promise<Continuation> => {
    if (attempt.cycle >= max_cycles || attempt.status === 'api-error') return {}
    try {
      const { state, usage } = await compress(task, attempt, signal)
      if (state && stop_when_settled && settled(task.notes, state)) return { usage }
      // Without readable notes the next attempt starts from the ones before.
      const notes = state ?? task.notes
      const next: RecursiveTask = {
        ...task,
        seed: (task.seed + 0x9e3779b1 * attempt.cycle) >>> 0,
        ...(notes ? { notes, state: formatState(notes) } : {}),
      }
      return { task: next, usage }
    } catch (error) {
      if (error instanceof LlmError) return {}
      throw error
    }
  }
  return { name: `recursive ${inner.name}`, start: (task) => inner.start(task), again }
}
