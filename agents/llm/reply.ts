// One reply of a chat server: its thoughts, its text, its calls, whichever fields they came in.
import type { ChatCompletion } from 'openai/resources/chat/completions'
import { isObject, type Json } from '../../core/json.ts'
import type { Usage } from '../agent.ts'
import { textOf } from './common.ts'

/** The fields that servers put reasoning into. */
const REASONING_FIELDS = ['reasoning_content', 'reasoning'] as const

export interface ChatReply {
  readonly text: string
  /** What the server split off as reasoning, and the field it came in. */
  readonly thought: string
  readonly field: string | undefined
  /** Calls as the server parsed them, ids as they came. */
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly cut: boolean
  readonly usage: Usage
}

const callsOf = (message: Json): ChatReply['calls'] => {
  const calls: readonly unknown[] = Array.isArray(message['tool_calls']) ? message['tool_calls'] : []
  return calls.flatMap((call) => {
    const target = isObject(call) ? call['function'] : undefined
    if (!isObject(call) || !isObject(target)) return []
    const args = target['arguments']
    return {
      id: textOf(call['id']),
      name: textOf(target['name']),
      arguments: typeof args === 'string' ? args : JSON.stringify(args ?? {}),
    }
  })
}

/** The text of a message whose content may be a list of parts. */
const contentOf = (content: unknown): string =>
  Array.isArray(content)
    ? content.map((part: unknown) => (isObject(part) ? textOf(part['text']) : '')).join('')
    : textOf(content)

export const readChat = ({ choices: [choice], usage }: ChatCompletion): ChatReply => {
  const given: unknown = choice?.message
  const message = isObject(given) ? given : {}
  const field = REASONING_FIELDS.find((name) => textOf(message[name]).trim() !== '')
  return {
    text: contentOf(message['content']),
    thought: field === undefined ? '' : textOf(message[field]).trim(),
    field,
    calls: callsOf(message),
    cut: choice?.finish_reason === 'length',
    usage: { promptTokens: usage?.prompt_tokens ?? 0, completionTokens: usage?.completion_tokens ?? 0 },
  }
}

/** Texts that are there, with blank lines between them. */
export const joined = (...texts: readonly string[]): string => texts.filter((text) => text !== '').join('\n\n')
