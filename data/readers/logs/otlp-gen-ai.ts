// The GenAI semantic conventions of OpenTelemetry.
import { isObject, type Json } from '../../../core/json.ts'
import { firstQuestion } from './chat.ts'
import type { SpanContent } from './spans.ts'
import { contentText, decoded, idOf, plainText } from './values.ts'

const messages = (value: unknown): readonly unknown[] => {
  const list = decoded(value)
  return Array.isArray(list) ? list : []
}

/** The text of replies, thoughts and calls left out. */
const replyText = (turns: readonly unknown[]): string =>
  turns
    .flatMap((turn) => (isObject(turn) ? messages(turn['parts'] ?? turn['content']) : []))
    .filter((part) => isObject(part) && part['type'] === 'text')
    .map(contentText)
    .join('\n')

/** Messages that older instrumentations record as events of the span. */
const fromEvents = (events: readonly Json[], wanted: RegExp): unknown[] =>
  events.flatMap((event) => {
    const name = plainText(event['name'])
    if (!wanted.test(name)) return []
    const role = name === 'gen_ai.choice' ? 'assistant' : (/^gen_ai\.(\w+)\.message$/.exec(name)?.[1] ?? 'user')
    const inner = decoded(event['message'] ?? event['gen_ai.event.content'])
    const body = isObject(inner) ? inner : event
    return [
      {
        ...body,
        role: plainText(body['role']) || role,
        content: decoded(body['content']),
        tool_calls: decoded(body['tool_calls']),
        tool_call_id: body['id'] ?? body['tool_call_id'],
      },
    ]
  })

export const genAi = (attributes: Json, name: string, events: readonly Json[]): SpanContent | undefined => {
  const operation = attributes['gen_ai.operation.name']
  const before = messages(attributes['gen_ai.input.messages'] ?? attributes['gen_ai.prompt'])
  const after = messages(attributes['gen_ai.output.messages'] ?? attributes['gen_ai.completion'])
  switch (operation) {
    case 'execute_tool':
      return {
        kind: 'tool',
        name: plainText(attributes['gen_ai.tool.name']) || name.replace(/^execute_tool /, ''),
        callId: idOf(attributes['gen_ai.tool.call.id']),
        arguments: attributes['gen_ai.tool.call.arguments'] ?? {},
        result: attributes['gen_ai.tool.call.result'],
      }
    case 'retrieval':
      return {
        kind: 'retrieval',
        name: 'retrieval',
        query: contentText(attributes['gen_ai.retrieval.query.text']),
        documents: decoded(attributes['gen_ai.retrieval.documents']),
      }
    case 'invoke_agent':
    case 'create_agent':
      return { kind: 'agent', question: firstQuestion(before), answer: replyText(after) }
    case 'chat':
    case 'generate_content':
    case 'text_completion':
      return {
        kind: 'model',
        model: plainText(attributes['gen_ai.response.model'] ?? attributes['gen_ai.request.model']),
        before: before.length > 0 ? before : fromEvents(events, /^gen_ai\.(?:user|assistant|tool)\.message$/),
        after: after.length > 0 ? after : fromEvents(events, /^gen_ai\.choice$/),
      }
    default:
      return undefined
  }
}
