// Messages of chats: the turns of OpenAI's and Anthropic's protocols, mixed as logs mix them, into a session's events.
import { isObject, type Json } from '../../../core/json.ts'
import { sessionBuilder, type SessionBuilder } from './build.ts'
import { contentText, decoded, idOf, plainText, splitThought, textIn } from './values.ts'

const callOf = (builder: SessionBuilder, id: unknown, name: unknown, args: unknown): void =>
  builder.call(idOf(id), { name: plainText(name), arguments: args })

/** A tool's call in a message of OpenAI's: `{id, function: {name, arguments}}`, or flat. */
const openaiCall = (builder: SessionBuilder, call: unknown): void => {
  if (!isObject(call)) return builder.odd('call-not-an-object')
  const inner = isObject(call['function']) ? call['function'] : call
  callOf(
    builder,
    call['id'] ?? call['tool_call_id'] ?? call['call_id'],
    inner['name'],
    inner['arguments'] ?? inner['input'] ?? inner['args'],
  )
}

const thoughtOf = (message: Json): string => {
  for (const name of ['reasoning_content', 'reasoning', 'thinking', 'thought']) {
    const value = message[name]
    const text = contentText(isObject(value) ? (value['content'] ?? value['summary'] ?? value['text']) : value)
    if (text !== '') return text
  }
  return ''
}

const say = (builder: SessionBuilder, text: string): void => {
  const { thought, rest } = splitThought(text)
  builder.thought(thought)
  builder.said(rest)
}

/** A block of a content list: Anthropic's, OpenTelemetry's parts, OpenAI's. */
const block = (builder: SessionBuilder, value: unknown, role: string): void => {
  if (typeof value === 'string') return role === 'assistant' ? say(builder, value) : undefined
  if (!isObject(value)) return builder.odd('block-not-an-object')
  const type = plainText(value['type'])
  switch (type) {
    case 'thinking':
    case 'reasoning':
      return builder.thought(contentText(value['thinking'] ?? value['text'] ?? value['content'] ?? value['summary']))
    case 'redacted_thinking':
      return builder.odd('thought-redacted')
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use':
      return callOf(builder, value['id'], value['name'], value['input'])
    case 'tool_call':
    case 'tool-call':
      return callOf(
        builder,
        value['id'] ?? value['toolCallId'],
        value['name'] ?? value['toolName'],
        value['arguments'] ?? value['args'] ?? value['input'],
      )
    case 'tool_result':
    case 'web_search_tool_result':
    case 'mcp_tool_result':
      return builder.result(idOf(value['tool_use_id']), value['content'] ?? '')
    case 'tool_call_response':
    case 'tool-result':
      return builder.result(
        idOf(value['id'] ?? value['toolCallId']),
        value['response'] ?? value['result'] ?? value['output'] ?? '',
      )
    default:
      if (role === 'assistant') {
        const text = contentText(value['text'] ?? value['content'])
        if (text === '') builder.odd('block-without-text')
        say(builder, text)
      }
  }
}

/** One message into the builder. User messages give nothing but tool results. */
export const addMessage = (builder: SessionBuilder, value: unknown): void => {
  if (!isObject(value)) return builder.odd('message-not-an-object')
  // Some loggers wrap each message.
  const message = isObject(value['message']) && value['role'] === undefined ? value['message'] : value
  const role = plainText(message['role'])
  const content = message['content'] ?? message['parts']
  if (role === 'tool' || role === 'function') {
    const parts = Array.isArray(content) ? (content as readonly unknown[]) : []
    const results = parts.filter(
      (part) => isObject(part) && ['tool_call_response', 'tool-result'].includes(plainText(part['type'])),
    )
    if (results.length > 0) for (const part of results) block(builder, part, role)
    else builder.result(idOf(message['tool_call_id'] ?? message['id']), content ?? '')
    return
  }
  if (role !== 'assistant' && role !== 'model' && role !== 'ai') {
    if (Array.isArray(content))
      for (const part of content as readonly unknown[]) if (isObject(part)) block(builder, part, 'user')
    return
  }
  // A `message` item goes on with the turn that its reasoning item began.
  if (message['type'] !== 'message') builder.turn()
  builder.thought(thoughtOf(message))
  if (Array.isArray(content)) for (const part of content as readonly unknown[]) block(builder, part, 'assistant')
  else say(builder, contentText(content))
  const calls = decoded(message['tool_calls'])
  for (const call of Array.isArray(calls) ? (calls as readonly unknown[]) : []) openaiCall(builder, call)
  if (isObject(message['function_call'])) openaiCall(builder, message['function_call'])
}

/** An item of the Responses API into the builder. */
export const addItem = (builder: SessionBuilder, item: Json): void => {
  switch (item['type']) {
    case 'reasoning':
      builder.turn()
      return builder.thought(
        [contentText(item['summary']), contentText(item['content'])].filter((text) => text !== '').join('\n'),
      )
    case 'function_call':
    case 'custom_tool_call':
    case 'mcp_call':
      callOf(builder, item['call_id'] ?? item['id'], item['name'], item['arguments'] ?? item['input'])
      if (item['output'] !== undefined && item['output'] !== null)
        builder.result(idOf(item['call_id'] ?? item['id']), item['output'])
      return
    case 'function_call_output':
    case 'custom_tool_call_output':
      return builder.result(idOf(item['call_id']), item['output'] ?? '')
    case 'file_search_call':
      return builder.call(idOf(item['id']), {
        name: 'file_search',
        arguments: { query: item['queries'] },
        result: item['results'] ?? undefined,
      })
    case 'web_search_call': {
      const action = isObject(item['action']) ? item['action'] : {}
      const opens = action['type'] === 'open_page'
      return builder.call(idOf(item['id']), {
        name: opens ? 'open_page' : 'web_search',
        arguments: action,
        result: action['sources'],
      })
    }
    default:
      return addMessage(builder, item)
  }
}

const isItem = (value: unknown): value is Json =>
  isObject(value) && typeof value['type'] === 'string' && value['role'] === undefined

export const addTurns = (builder: SessionBuilder, turns: readonly unknown[]): void => {
  for (const turn of turns)
    if (isItem(turn) && !isObject(turn['message'])) addItem(builder, turn)
    else addMessage(builder, turn)
}

/** The text of the first user message, "" if there is none. */
export const firstQuestion = (turns: readonly unknown[]): string => {
  for (const turn of turns) {
    const message = isObject(turn) && isObject(turn['message']) && turn['role'] === undefined ? turn['message'] : turn
    if (!isObject(message) || (message['role'] !== 'user' && message['role'] !== 'human')) continue
    const content = message['content'] ?? message['parts']
    const parts = Array.isArray(content)
      ? (content as readonly unknown[]).filter(
          (part) => !isObject(part) || !/result|response/.test(plainText(part['type'])),
        )
      : content
    const text = contentText(parts).trim()
    if (text !== '') return text
  }
  return ''
}

export const eventsOfTurns = (turns: readonly unknown[]): ReturnType<SessionBuilder['finish']> => {
  const builder = sessionBuilder()
  addTurns(builder, turns)
  return builder.finish()
}

/** The model that a record or its messages name. */
export const modelOf = (record: Json, turns: readonly unknown[]): string =>
  textIn(record, 'model', 'model_name') ??
  turns
    .map((turn) =>
      isObject(turn)
        ? (textIn(turn, 'model') ?? (isObject(turn['message']) ? textIn(turn['message'], 'model') : undefined))
        : undefined,
    )
    .find((name) => name !== undefined) ??
  ''

/** The results that turns hold, by the id of their call. */
export const resultsOf = (turns: readonly unknown[]): { readonly id: string; readonly result: unknown }[] => {
  const found: { id: string; result: unknown }[] = []
  const collector: SessionBuilder = {
    ...sessionBuilder(),
    result: (id, result) => {
      if (id !== undefined) found.push({ id, result })
    },
  }
  addTurns(collector, turns)
  return found
}
