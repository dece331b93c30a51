// The Vercel AI SDK's own attributes, before its version 7 took the GenAI conventions.
import { isObject, type Json } from '../../../core/json.ts'
import { firstQuestion } from './chat.ts'
import type { SpanContent } from './spans.ts'
import { contentText, decoded, idOf, plainText, unquoted } from './values.ts'

const listOf = (value: unknown): readonly unknown[] => {
  const list = decoded(value)
  return Array.isArray(list) ? list : []
}

const reply = (attributes: Json): unknown[] => {
  const calls = listOf(attributes['ai.response.toolCalls'] ?? attributes['ai.result.toolCalls'])
  return [
    {
      role: 'assistant',
      reasoning_content: contentText(decoded(attributes['ai.response.reasoning'])),
      content: plainText(attributes['ai.response.text'] ?? attributes['ai.result.text']),
      tool_calls: calls
        .filter(isObject)
        .map((call) => ({ id: call['toolCallId'], name: call['toolName'], arguments: call['args'] ?? call['input'] })),
    },
  ]
}

const prompt = (attributes: Json): readonly unknown[] => {
  const turns = listOf(attributes['ai.prompt.messages'])
  if (turns.length > 0) return turns
  const whole = decoded(attributes['ai.prompt'])
  if (!isObject(whole)) return []
  const inner = listOf(whole['messages'])
  return inner.length > 0
    ? inner
    : typeof whole['prompt'] === 'string'
      ? [{ role: 'user', content: whole['prompt'] }]
      : []
}

export const aiSdk = (attributes: Json): SpanContent | undefined => {
  const operation = plainText(attributes['ai.operationId'])
  if (operation === 'ai.toolCall' || attributes['ai.toolCall.name'] !== undefined)
    return {
      kind: 'tool',
      name: plainText(attributes['ai.toolCall.name']),
      callId: idOf(attributes['ai.toolCall.id']),
      arguments: attributes['ai.toolCall.args'] ?? {},
      result: unquoted(attributes['ai.toolCall.result']),
    }
  // The outer span repeats what its inner calls of the model say.
  if (/\.do(?:Generate|Stream)$/.test(operation))
    return {
      kind: 'model',
      model: plainText(attributes['ai.response.model'] ?? attributes['ai.model.id']),
      before: prompt(attributes),
      after: reply(attributes),
    }
  if (operation.startsWith('ai.'))
    return {
      kind: 'agent',
      question: firstQuestion(prompt(attributes)),
      answer: plainText(attributes['ai.response.text']),
    }
  return undefined
}
