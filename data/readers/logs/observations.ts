// What exports of tracing services share: rows of observations, inputs and outputs as text or JSON.
import { isObject, type Json } from '../../../core/json.ts'
import { firstQuestion } from './chat.ts'
import { isTurn } from './openai.ts'
import { contentText, decoded, plainText, textIn, unquoted } from './values.ts'

/** The messages in a model call's input or output, whichever way they are wrapped. */
export const turnsIn = (value: unknown, role: 'user' | 'assistant'): readonly unknown[] => {
  const inner = decoded(value)
  if (typeof inner === 'string') return inner === '' ? [] : [{ role, content: inner }]
  if (Array.isArray(inner)) {
    const items: readonly unknown[] = inner
    // LangChain batches: a list of lists of messages.
    const [first] = items
    if (items.length === 1 && Array.isArray(first)) return turnsIn(first, role)
    return items.map((item) => langchainMessage(item) ?? item).filter(isTurn)
  }
  if (!isObject(inner)) return []
  for (const name of [
    'messages',
    'input',
    'prompt',
    'output',
    'generations',
    'choices',
    'message',
    'response',
    'content',
  ])
    if (inner[name] !== undefined && !(name === 'content' && typeof inner['role'] === 'string')) {
      const found = turnsIn(name === 'generations' || name === 'choices' ? repliesIn(inner[name]) : inner[name], role)
      if (found.length > 0) return found
    }
  const message = langchainMessage(inner) ?? inner
  return isTurn(message) ? [message] : []
}

const repliesIn = (value: unknown): unknown => {
  const list: unknown = Array.isArray(value) ? (value as readonly unknown[])[0] : value
  if (Array.isArray(list)) return repliesIn(list)
  return isObject(list) ? [list['message'] ?? { role: 'assistant', content: list['text'] }] : []
}

const ROLES: Readonly<Record<string, string>> = {
  human: 'user',
  ai: 'assistant',
  system: 'system',
  tool: 'tool',
  HumanMessage: 'user',
  AIMessage: 'assistant',
  AIMessageChunk: 'assistant',
  SystemMessage: 'system',
  ToolMessage: 'tool',
}

/** A message as LangChain serialises it: `{id: [… "AIMessage"], kwargs: {content, tool_calls}}` or `{type: "ai", …}`. */
const langchainMessage = (value: unknown): Json | undefined => {
  if (!isObject(value)) return undefined
  const kwargs = isObject(value['kwargs']) ? value['kwargs'] : isObject(value['data']) ? value['data'] : value
  const path: readonly unknown[] = Array.isArray(value['id']) ? value['id'] : []
  const named = plainText(path.at(-1) ?? value['type'] ?? kwargs['type'])
  const role = Object.hasOwn(ROLES, named) ? ROLES[named] : undefined
  if (role === undefined) return undefined
  const extra = isObject(kwargs['additional_kwargs']) ? kwargs['additional_kwargs'] : {}
  const calls =
    Array.isArray(kwargs['tool_calls']) && kwargs['tool_calls'].length > 0 ? kwargs['tool_calls'] : extra['tool_calls']
  return {
    role,
    content: kwargs['content'] ?? '',
    tool_calls: calls,
    tool_call_id: kwargs['tool_call_id'],
    reasoning_content: extra['reasoning_content'],
  }
}

const QUESTIONS = ['question', 'query', 'input', 'prompt', 'task', 'user_input', 'message', 'text'] as const
const ANSWERS = ['answer', 'final_answer', 'output', 'result', 'response', 'content', 'text'] as const

/** The question in an agent's or chain's input. */
export const questionIn = (input: unknown): string => {
  const value = decoded(input)
  if (typeof value === 'string') return value
  const asked = firstQuestion(turnsIn(value, 'user'))
  if (asked !== '') return asked
  return isObject(value) ? (textIn(value, ...QUESTIONS) ?? '') : ''
}

/** The answer in an agent's or chain's output. */
export const answerIn = (output: unknown): string => {
  const value = decoded(output)
  if (typeof value === 'string') return value
  if (isObject(value)) {
    const text = textIn(value, ...ANSWERS)
    if (text !== undefined) return text
  }
  const last = turnsIn(value, 'assistant').at(-1)
  return isObject(last) && last['role'] === 'assistant' ? contentText(last['content']) : ''
}

/** The query in a retriever's input. */
export const searchedIn = (input: unknown): string => {
  const value = decoded(input)
  return typeof value === 'string'
    ? value
    : isObject(value)
      ? (textIn(value, 'query', 'question', 'input', 'text', 'search_query') ?? contentText(value))
      : contentText(value)
}

/** The call's id and result in a tool's output, where it is a tool message of LangChain's. */
export const toolOutput = (output: unknown): { readonly callId: string | undefined; readonly result: unknown } => {
  const value = decoded(output)
  const inner =
    isObject(value) && value['output'] !== undefined && Object.keys(value).length === 1
      ? decoded(value['output'])
      : value
  const message = langchainMessage(inner)
  if (message?.['role'] === 'tool') return { callId: textIn(message, 'tool_call_id'), result: message['content'] }
  return { callId: undefined, result: typeof inner === 'string' ? inner : unquoted(output) }
}
