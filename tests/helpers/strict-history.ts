// A server that refuses every conversation that some server refuses: what an agent sends has to pass it.
import { isObject, type Json } from '../../core/json.ts'
import type { FakeReply, FakeRequest } from '../../scripts/fake-openai/protocol.ts'

type Script = (request: FakeRequest) => FakeReply | Promise<FakeReply>

const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** Why the request is refused; undefined if it is not. */
type Rule = (items: readonly Json[]) => string | undefined

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '')

const isTexts = (value: unknown): boolean =>
  objects(value).some((part) => typeof part['text'] === 'string' && part['text'].trim() !== '')

const noTwoUsers: Rule = (items) => {
  for (let at = 1; at < items.length; at += 1)
    if (items[at - 1]?.['role'] === 'user' && items[at]?.['role'] === 'user') return 'two user messages in a row'
  return undefined
}

const idsOf = (ids: readonly unknown[]): string | undefined => {
  if (ids.some((id) => typeof id !== 'string' || id === '')) return 'an empty call id'
  return new Set(ids).size === ids.length ? undefined : 'a call id that occurs twice'
}

const isArguments = (text: unknown): boolean => {
  try {
    return typeof text === 'string' && isObject(JSON.parse(text))
  } catch {
    return false
  }
}

const chatRules: readonly Rule[] = [
  noTwoUsers,
  (items) =>
    items.some(
      ({ role, content, tool_calls: calls }) => role === 'assistant' && isEmpty(content) && objects(calls).length === 0,
    )
      ? 'an assistant message without content and calls'
      : undefined,
  (items) =>
    items.some(({ role, content }) => role === 'user' && isEmpty(content)) ? 'an empty user message' : undefined,
  (items) => idsOf(items.flatMap(({ tool_calls: calls }) => objects(calls).map((call) => call['id']))),
  (items) => {
    for (const [at, { tool_calls: calls }] of items.entries()) {
      const wanted = objects(calls).map((call) => call['id'])
      const given = items.slice(at + 1, at + 1 + wanted.length).map((item) => item['tool_call_id'])
      if (wanted.join() !== given.join()) return 'calls that the next messages do not answer'
      if (objects(calls).some((call) => !isArguments(isObject(call['function']) ? call['function']['arguments'] : '')))
        return 'arguments that are no JSON object'
    }
    return undefined
  },
  (items) =>
    items.some(({ role }, at) => role === 'tool' && !['assistant', 'tool'].includes(String(items[at - 1]?.['role'])))
      ? 'a tool message without its call'
      : undefined,
  (items) => {
    const body = items.filter(({ role }) => role !== 'system')
    return body[0]?.['role'] === 'user' && body.at(-1)?.['role'] !== 'assistant'
      ? undefined
      : 'a conversation that does not begin with the user, or ends with the assistant'
  },
]

const responsesRules: readonly Rule[] = [
  noTwoUsers,
  (items) =>
    items.some(({ type, content }) => type === 'message' && !isTexts(content)) ? 'a message without text' : undefined,
  (items) => {
    for (const [at, { type, content, encrypted_content }] of items.entries()) {
      if (type !== 'reasoning') continue
      const next = items[at + 1]?.['type']
      if (next !== 'message' && next !== 'function_call' && next !== 'reasoning')
        return 'a reasoning item without its following item'
      if (isEmpty(encrypted_content) && !isTexts(content)) return 'Item with id rs_1 not found, since store is false'
    }
    return undefined
  },
  (items) => idsOf(items.filter(({ type }) => type === 'function_call').map((item) => item['call_id'])),
  (items) => {
    const calls = items.filter(({ type }) => type === 'function_call').map((item) => item['call_id'])
    const outputs = items.filter(({ type }) => type === 'function_call_output').map((item) => item['call_id'])
    return calls.join() === outputs.join() ? undefined : 'calls and outputs that do not match'
  },
  (items) =>
    items.some((item) => item['type'] === 'function_call' && !isArguments(item['arguments']))
      ? 'arguments that are no JSON object'
      : undefined,
]

const hasLoneSurrogate = (value: unknown): boolean =>
  typeof value === 'string'
    ? !value.isWellFormed()
    : Array.isArray(value)
      ? value.some(hasLoneSurrogate)
      : isObject(value) && Object.values(value).some(hasLoneSurrogate)

/** Why a strict server refuses the request. */
export const violation = ({ protocol, body }: FakeRequest): string | undefined => {
  const items = objects(protocol === 'responses' ? body['input'] : body['messages'])
  if (hasLoneSurrogate(body)) return 'a lone surrogate'
  for (const rule of protocol === 'responses' ? responsesRules : chatRules) {
    const why = rule(items)
    if (why !== undefined) return why
  }
  return undefined
}

/** The script behind a strict server: a request that breaks a rule throws, and so is refused with what it broke. */
export const strict =
  (script: Script): Script =>
  (request) => {
    const why = violation(request)
    if (why !== undefined) throw new Error(`refused: ${why}`)
    return script(request)
  }
