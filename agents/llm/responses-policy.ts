// Agents over the Responses API, for models whose reasoning only it carries (gpt-oss).
import type { FunctionTool, Response, ResponseInputItem } from 'openai/resources/responses/responses'
import type { Llm } from '../../pipeline/llm/client.ts'
import { withExtra } from '../../pipeline/llm/extra.ts'
import type { Action, Message, Policy, Task, ToolCall } from '../agent.ts'
import { parseObject } from '../arguments.ts'
import { CUT_REPLY, EMPTY_REPLY, TOOLS_SYSTEM } from '../prompts.ts'
import { toolDeclarations } from '../tools.ts'
import { isRecord, orStop, questionOf, textOf } from './common.ts'
import type { LlmAgentSettings } from './settings.ts'

const tools: FunctionTool[] = toolDeclarations.map(({ name, description, parameters }) => ({
  type: 'function',
  name,
  description,
  parameters: { ...parameters },
  strict: false,
}))

const textsIn = (parts: unknown): string =>
  (Array.isArray(parts) ? (parts as unknown[]) : [])
    .filter(isRecord)
    .map((part) => textOf(part['text']))
    .filter((text) => text !== '')
    .join('\n\n')

const joined = (items: readonly Record<string, unknown>[], type: string, fields: readonly string[]): string =>
  items
    .filter((item) => item['type'] === type)
    .flatMap((item) => fields.map((field) => textsIn(item[field])).find((text) => text !== '') ?? [])
    .join('\n\n')
    .trim()

/** One reply as an action. `raw` are its output items, to be given back. */
export const actionOf = (reply: Response, turn: number, echoReasoning: boolean): Action => {
  const items = (reply.output as readonly unknown[]).filter(isRecord)
  const calls: ToolCall[] = items
    .filter((item) => item['type'] === 'function_call')
    .map((item, index) => ({
      id: textOf(item['call_id']) || `call-${turn}-${index}`,
      name: textOf(item['name']),
      arguments: textOf(item['arguments']),
    }))
  // The full reasoning where the server shows it, else its summary.
  const thought = joined(items, 'reasoning', ['content', 'summary'])
  const text = joined(items, 'message', ['content'])
  const isCut = reply.status === 'incomplete' && calls.length === 0
  return {
    reasoning: calls.length === 0 ? thought : [thought, text].filter((part) => part !== '').join('\n\n'),
    content: calls.length === 0 ? text : '',
    calls,
    raw: items
      .filter((item) => echoReasoning || item['type'] !== 'reasoning')
      .map((item) =>
        item['type'] === 'function_call'
          ? { ...item, arguments: JSON.stringify(parseObject(textOf(item['arguments'])) ?? {}) }
          : item,
      ),
    usage: { promptTokens: reply.usage?.input_tokens ?? 0, completionTokens: reply.usage?.output_tokens ?? 0 },
    ...(isCut ? { problem: CUT_REPLY } : calls.length === 0 && text === '' ? { problem: EMPTY_REPLY } : {}),
  }
}

const toItems = (message: Message): ResponseInputItem[] => {
  switch (message.role) {
    case 'system':
    case 'user':
      return [{ role: message.role, content: message.content }]
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.callId, output: message.content }]
    case 'assistant':
      return message.raw as ResponseInputItem[]
  }
}

export const responsesPolicy = (llm: Llm, { sampling, echo_reasoning }: LlmAgentSettings, task: Task): Policy => ({
  next: async (messages, signal, turn) => {
    const reply = await orStop(
      llm.responses(
        {
          ...withExtra(
            {
              temperature: sampling.temperature,
              top_p: sampling.top_p,
              max_output_tokens: sampling.max_tokens,
              store: false,
            },
            sampling.extra,
          ),
          instructions: TOOLS_SYSTEM,
          input: [{ role: 'user', content: questionOf(task) }, ...messages.slice(1).flatMap(toItems)],
          tools,
          tool_choice: turn.final ? 'none' : 'auto',
        },
        signal,
      ),
    )
    return actionOf(reply, turn.index, echo_reasoning)
  },
})
