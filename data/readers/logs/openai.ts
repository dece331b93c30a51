// OpenAI's protocols: chat messages, Responses items, or logged requests with their responses; one conversation a record.
import { isObject, type Json } from '../../../core/json.ts'
import { eventsOfTurns, firstQuestion, modelOf } from './chat.ts'
import type { LogFormat } from './format.ts'
import type { LogRecord, Session } from './session.ts'
import { decoded, goldsOf, idIn, objectIn, scoresOf, textIn } from './values.ts'

const listOf = (value: unknown): readonly unknown[] => {
  const inner = decoded(value)
  return Array.isArray(inner) ? inner : []
}

/** The last reply of a logged response: of chat completions its first choice, of Responses its output. */
const replyOf = (response: unknown): readonly unknown[] => {
  const value = decoded(response)
  if (!isObject(value)) return []
  const [choice] = listOf(value['choices'])
  if (isObject(choice)) return isObject(choice['message']) ? [choice['message']] : []
  return listOf(value['output'])
}

const TURN_TYPES = new Set([
  'message',
  'reasoning',
  'function_call',
  'function_call_output',
  'custom_tool_call',
  'file_search_call',
  'web_search_call',
  'mcp_call',
])
export const isTurn = (value: unknown): boolean =>
  isObject(value) &&
  (typeof value['role'] === 'string' ||
    TURN_TYPES.has(String(value['type'])) ||
    (isObject(value['message']) && typeof value['message']['role'] === 'string'))

/** The turns of a record, undefined where it has none: `messages`, `input` with `output`, `items`, or the bare list. */
export const turnsOf = (record: unknown): readonly unknown[] | undefined => {
  if (Array.isArray(record)) return record.length > 0 && record.every(isTurn) ? record : undefined
  if (!isObject(record)) return undefined
  const request = objectIn(record, 'request')
  for (const place of [record, request, objectIn(record, 'body')]) {
    for (const name of ['messages', 'conversation', 'trajectory', 'items', 'history']) {
      const turns = listOf(place[name])
      if (turns.length > 0 && turns.every(isTurn)) return [...turns, ...replyOf(record['response'])]
    }
    const output = listOf(record['output'])
    const input = decoded(place['input'])
    const asked = typeof input === 'string' ? [{ role: 'user', content: input }] : listOf(input)
    const said = output.length > 0 ? output : replyOf(record['response'])
    if (said.length > 0 && [...asked, ...said].every(isTurn)) return [...asked, ...said]
  }
  return undefined
}

/** A conversation's session; what the turns do not tell stands in `more`. */
export const chatSession = (
  record: Json,
  turns: readonly unknown[],
  where: string,
  more: Partial<Session> = {},
): LogRecord => {
  const metadata = objectIn(record, 'metadata')
  const id =
    idIn(record, 'session_id', 'conversation_id', 'trajectory_id', 'id', 'query_id', 'qid') ??
    idIn(metadata, 'session_id', 'conversation_id', 'id', 'query_id', 'qid')
  const question = textIn(record, 'question', 'query') ?? textIn(metadata, 'question', 'query') ?? firstQuestion(turns)
  const { events, odd } = eventsOfTurns(turns)
  if (events.length === 0) return { where, skip: 'no-turns', detail: 'no turn of an assistant' }
  const usage = objectIn(record, 'usage')
  const count = (...names: readonly string[]): number | null => {
    const value = names.map((name) => usage[name]).find((n) => typeof n === 'number')
    return Number.isSafeInteger(value) ? Number(value) : null
  }
  const session: Session = {
    id: id ?? where,
    queryId: idIn(record, 'query_id', 'qid', 'question_id') ?? idIn(metadata, 'query_id', 'qid', 'question_id'),
    question,
    golds: goldsOf(record),
    events,
    status: textIn(record, 'status', 'termination'),
    model: modelOf(record, turns),
    retriever: textIn(record, 'retriever') ?? textIn(metadata, 'retriever') ?? '',
    scores: scoresOf(record),
    promptTokens: count('prompt_tokens', 'input_tokens'),
    completionTokens: count('completion_tokens', 'output_tokens'),
    ...more,
  }
  return { where, session, odd }
}

export const openai: LogFormat = {
  summary: 'OpenAI chat messages or Responses items, one conversation a line',
  refines: [],
  fits: (record) => turnsOf(record) !== undefined,
  reading: {
    kind: 'sessions',
    session: (record, where) => {
      const turns = turnsOf(record)
      if (turns === undefined) return { where, skip: 'no-messages', detail: 'no list of messages or items' }
      return chatSession(isObject(record) ? record : {}, turns, where)
    },
  },
}
