// Agents of the text protocol: thoughts, then a call or an answer between tags, in any model's text.
import type { ChatCompletion, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { withExtra } from '../../pipeline/llm/extra.ts'
import { splitThinking } from '../../pipeline/llm/reply-text.ts'
import type { Action, Message } from '../agent.ts'
import { systemOf, type AgentSpec } from '../spec.ts'
import { createCleaner } from '../well-formed.ts'
import {
  createIds,
  extraFields,
  maxTokensOf,
  orStop,
  problemOf,
  questionOf,
  samplingFields,
  toolNames,
  withIds,
  type StartPolicy,
} from './common.ts'
import { chatHistory, systemMessage } from './history.ts'
import { joined, readChat } from './reply.ts'
import { callsInText } from './text-calls.ts'

type Tags = AgentSpec['answer']

/** What stands between the tags, to the end where the closing one is missing (a stop sequence may have eaten it). */
const inside = (text: string, { open, close }: Tags): string | undefined => {
  const start = text.indexOf(open)
  if (start === -1) return undefined
  const from = start + open.length
  const end = text.indexOf(close, from)
  return (end === -1 ? text.slice(from) : text.slice(from, end)).trim()
}

/** A reply up to where it makes up a result, and up to its first call if only that is run: the rest was written unseeing. */
const seen = (text: string, { call, response, calls_per_turn }: AgentSpec): string => {
  const made = text.indexOf(response.open)
  const said = made === -1 ? text : text.slice(0, made)
  const end = calls_per_turn === 'first' ? said.indexOf(call.close) : -1
  return end === -1 ? said : said.slice(0, end + call.close.length)
}

export interface TextReply extends Pick<Action, 'reasoning' | 'content' | 'problem' | 'why'> {
  readonly calls: readonly { readonly name: string; readonly arguments: string }[]
  /** What of the reply goes back into the conversation. */
  readonly echoed: string
}

interface ReadOptions {
  readonly spec: AgentSpec
  /** Reasoning that the server already split off. */
  readonly thought?: string
  /** It ended at its token limit. */
  readonly cut?: boolean
  /** The answer was asked for. */
  readonly final?: boolean
}

/** Reads one reply's text. */
export const readText = (text: string, { spec, thought = '', cut = false, final = false }: ReadOptions): TextReply => {
  const { call, answer: tags } = spec
  const thinking = splitThinking(text, [
    [call.open, call.close],
    [tags.open, tags.close],
  ])
  // Tags inside a thought are only mentioned there: what counts is what follows it.
  const rest = seen(thinking.rest, spec).trim()
  const echoed = text.slice(0, text.length - thinking.rest.length) + rest
  const found = callsInText(rest, toolNames(spec))
  const answer = inside(rest, tags)
  const isOpen = cut && !rest.includes(call.close) && !rest.includes(tags.close)
  const firstTag = [call.open, tags.open].map((tag) => rest.indexOf(tag)).filter((at) => at !== -1)
  const before = firstTag.length === 0 ? found.before : rest.slice(0, Math.min(...firstTag)).trim()
  const reasoning = joined(thought, thinking.reasoning, before)
  const none = { content: '', calls: [], echoed }
  if (found.calls.length > 0 && !isOpen)
    return {
      ...none,
      reasoning,
      calls: spec.calls_per_turn === 'first' ? found.calls.slice(0, 1) : found.calls,
    }
  const problem = (broken: boolean): TextReply => ({
    ...none,
    reasoning: reasoning === '' ? rest : reasoning,
    ...problemOf(spec, { broken, cut: isOpen, empty: true }),
    ...(isOpen || broken ? {} : { problem: rest === '' ? spec.nudges.empty : spec.nudges.form }),
  })
  if (found.broken || isOpen) return problem(!isOpen)
  if (answer !== undefined && answer !== '') return { ...none, reasoning, content: answer }
  // Asked for the answer alone, many models leave the tags away.
  const isPlain = rest !== '' && answer === undefined && (spec.plain_answers === 'accept' || final)
  return isPlain ? { ...none, reasoning: joined(thought, thinking.reasoning), content: rest } : problem(false)
}

const actionOf = (
  given: ChatCompletion,
  { spec, turn, final, idOf }: { spec: AgentSpec; turn: number; final: boolean; idOf: ReturnType<typeof createIds> },
): Action & { readonly cut: boolean } => {
  const cleaner = createCleaner()
  const { text, thought, field, calls: native, cut, usage } = readChat(cleaner.cleanAll(given))
  // A server that parses calls takes them out of the text: they are put back, so that the conversation holds them.
  const calls = native.map(({ name, arguments: args }) => ({ name, arguments: args }))
  const tagged = calls
    .map(
      ({ name, arguments: args }) =>
        `${spec.call.open}\n{"name": ${JSON.stringify(name)}, "arguments": ${args === '' ? '{}' : args}}\n${spec.call.close}`,
    )
    .join('\n')
  const { echoed, ...read } = readText(joined(text, tagged), { spec, thought, cut, final })
  return {
    ...read,
    calls: withIds(read.calls, turn, idOf),
    raw: {
      role: 'assistant',
      content: echoed,
      ...(field !== undefined && spec.echo_reasoning ? { [field]: thought } : {}),
    },
    usage,
    cut,
    replaced: cleaner.replaced(),
  }
}

const toChat =
  ({ response }: AgentSpec) =>
  (message: Message): ChatCompletionMessageParam => {
    const wrapped = (text: string): string => `${response.open}\n${text}\n${response.close}`
    switch (message.role) {
      case 'user':
        // Chat templates drop the thoughts before a user message, but not before a tool's response.
        return { role: 'user', content: message.kind === 'nudge' ? wrapped(message.content) : message.content }
      case 'tool':
        return { role: 'user', content: wrapped(message.content) }
      case 'assistant':
        return message.raw as ChatCompletionMessageParam
    }
  }

export const textPolicy: StartPolicy = ({ llm, spec, task }) => {
  const { sampling, stop } = spec
  const idOf = createIds()
  const toMessage = toChat(spec)
  const beginning = systemMessage(systemOf(spec))
  const question = { role: 'user', content: questionOf(spec, task) } as const
  let wasCut = false
  return {
    next: async (messages, signal, { index: turn, final }) => {
      const reply = await orStop(
        llm.chat(
          {
            ...withExtra(
              {
                ...samplingFields(sampling, task.seed, turn),
                max_tokens: maxTokensOf(sampling, turn),
                ...(stop.length > 0 ? { stop } : {}),
              },
              extraFields(sampling, wasCut),
            ),
            messages: [...beginning, ...chatHistory([question, ...messages.slice(1).map(toMessage)], '\n')],
          },
          signal,
        ),
      )
      const { cut, ...action } = actionOf(reply, { spec, turn, final, idOf })
      wasCut = cut
      return action
    },
  }
}
