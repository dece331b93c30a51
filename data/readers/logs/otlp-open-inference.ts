// OpenInference's attributes (Phoenix, Arize): lists flattened into names like `llm.output_messages.0.message.content`.
import { isObject, type Json } from '../../../core/json.ts'
import type { SpanContent } from './spans.ts'
import { contentText, decoded, idOf, plainText, textIn } from './values.ts'

const at = (record: Json, name: string): Json => {
  const value = record[name]
  return isObject(value) ? value : {}
}

/** The values below a prefix, nested again: numbers among the names make lists. */
const nested = (attributes: Json, prefix: string): unknown => {
  const direct = decoded(attributes[prefix])
  if (direct !== undefined) return direct
  const root = new Map<string, unknown>()
  let found = false
  for (const [name, value] of Object.entries(attributes)) {
    if (!name.startsWith(`${prefix}.`)) continue
    found = true
    const path = name.slice(prefix.length + 1).split('.')
    let place = root
    for (const key of path.slice(0, -1)) {
      const next = place.get(key)
      const inner = next instanceof Map ? (next as Map<string, unknown>) : new Map<string, unknown>()
      place.set(key, inner)
      place = inner
    }
    place.set(path.at(-1) ?? '', value)
  }
  return found ? plain(root) : undefined
}

const plain = (value: unknown): unknown => {
  if (!(value instanceof Map)) return value
  const entries = [...(value as Map<string, unknown>)]
  if (entries.every(([key]) => /^\d+$/.test(key)))
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => plain(item))
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]))
}

const listAt = (attributes: Json, prefix: string): readonly unknown[] => {
  const value = nested(attributes, prefix)
  return Array.isArray(value) ? value : []
}

const messageOf = (item: unknown): unknown => {
  const message = isObject(item) ? at(item, 'message') : {}
  const calls = Array.isArray(message['tool_calls']) ? (message['tool_calls'] as readonly unknown[]) : []
  const contents = Array.isArray(message['contents'])
    ? (message['contents'] as readonly unknown[]).map((part) => (isObject(part) ? at(part, 'message_content') : part))
    : undefined
  return {
    role: message['role'],
    content: message['content'] ?? contents ?? '',
    reasoning_content: message['reasoning_content'] ?? message['reasoning'],
    tool_call_id: message['tool_call_id'],
    tool_calls: calls.map((call) =>
      isObject(call) ? { id: at(call, 'tool_call')['id'], function: at(call, 'tool_call')['function'] } : call,
    ),
  }
}

const documentOf = (item: unknown): unknown => {
  if (!isObject(item)) return item
  const document = at(item, 'document')
  const metadata = decoded(document['metadata'])
  return { ...document, ...(isObject(metadata) && { metadata }) }
}

/** The text of an input or output value: text, or JSON in which it stands under a usual name. */
const textOf = (value: unknown): string => {
  const inner = decoded(value)
  if (typeof inner === 'string') return inner
  if (!isObject(inner)) return contentText(inner)
  return (
    textIn(inner, 'question', 'query', 'input', 'output', 'answer', 'content', 'text', 'result') ?? contentText(inner)
  )
}

export const openInference = (attributes: Json, name: string): SpanContent | undefined => {
  switch (plainText(attributes['openinference.span.kind']).toUpperCase()) {
    case 'LLM':
      return {
        kind: 'model',
        model: plainText(attributes['llm.model_name']),
        before: listAt(attributes, 'llm.input_messages').map(messageOf),
        after: listAt(attributes, 'llm.output_messages').map(messageOf),
      }
    case 'TOOL':
      return {
        kind: 'tool',
        name: plainText(attributes['tool.name']) || name,
        callId: idOf(attributes['tool_call.id'] ?? attributes['tool.id']),
        arguments:
          attributes['tool.parameters'] !== undefined && attributes['input.value'] === undefined
            ? attributes['tool.parameters']
            : (attributes['input.value'] ?? {}),
        result: attributes['output.value'],
      }
    case 'RETRIEVER':
      return {
        kind: 'retrieval',
        name: 'retrieval',
        query: textOf(attributes['input.value']),
        documents: listAt(attributes, 'retrieval.documents').map(documentOf),
      }
    case 'AGENT':
    case 'CHAIN':
      return { kind: 'agent', question: textOf(attributes['input.value']), answer: textOf(attributes['output.value']) }
    case '':
      return undefined
    default:
      return { kind: 'other' }
  }
}
