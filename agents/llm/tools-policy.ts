// Agents with native function calls, over chat completions.
import type { ChatCompletion, ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions'
import type { Llm } from '../../pipeline/llm/client.ts'
import { withExtra } from '../../pipeline/llm/extra.ts'
import type { Action, Message, Policy, Task, ToolCall } from '../agent.ts'
import { parseObject } from '../arguments.ts'
import { CUT_REPLY, EMPTY_REPLY, TOOLS_SYSTEM } from '../prompts.ts'
import { toolDeclarations } from '../tools.ts'
import { isRecord, orStop, questionOf, samplingFields, splitThinking, textOf } from './common.ts'
import type { LlmAgentSettings } from './settings.ts'

const tools: ChatCompletionTool[] = toolDeclarations.map(({ name, description, parameters }) => ({
  type: 'function',
  function: { name, description, parameters: { ...parameters } },
}))

/** The fields that servers put reasoning into. */
const REASONING_FIELDS = ['reasoning_content', 'reasoning'] as const

const callsOf = (message: Record<string, unknown>, turn: number): ToolCall[] => {
  const calls = Array.isArray(message['tool_calls']) ? (message['tool_calls'] as unknown[]) : []
  return calls.filter(isRecord).flatMap((call, index) => {
    const target = call['function']
    if (!isRecord(target)) return []
    const args = target['arguments']
    return {
      id: textOf(call['id']) || `call-${turn}-${index}`,
      name: textOf(target['name']),
      arguments: typeof args === 'string' ? args : JSON.stringify(args ?? {}),
    }
  })
}

/** Chat templates read the arguments of earlier calls as JSON: what is none would make every later turn fail. */
const wellFormed = (text: string): string => JSON.stringify(parseObject(text) ?? {})

/** One reply as an action. */
export const actionOf = (reply: ChatCompletion, turn: number, echoReasoning: boolean): Action => {
  const [choice] = reply.choices
  const message = choice.message as unknown as Record<string, unknown>
  const field = REASONING_FIELDS.find((name) => textOf(message[name]) !== '')
  const calls = callsOf(message, turn)
  const { reasoning: thought, rest } = splitThinking(textOf(message['content']))
  const given = field === undefined ? thought : textOf(message[field]).trim()
  // Text beside a call is no answer: it is the agent thinking aloud.
  const reasoning = calls.length === 0 ? given : [given, rest].filter((text) => text !== '').join('\n\n')
  const content = calls.length === 0 ? rest : ''
  const raw = {
    role: 'assistant',
    content: textOf(message['content']) === '' && calls.length > 0 ? null : textOf(message['content']),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: wellFormed(call.arguments) },
          })),
        }),
    ...(field !== undefined && echoReasoning ? { [field]: message[field] } : {}),
  }
  const isEmpty = calls.length === 0 && content === ''
  const isCut = choice.finish_reason === 'length' && calls.length === 0
  return {
    reasoning,
    content,
    calls,
    raw,
    usage: { promptTokens: reply.usage?.prompt_tokens ?? 0, completionTokens: reply.usage?.completion_tokens ?? 0 },
    ...(isCut ? { problem: CUT_REPLY } : isEmpty ? { problem: EMPTY_REPLY } : {}),
  }
}

const toChat = (message: Message): ChatCompletionMessageParam => {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content }
    case 'tool':
      return { role: 'tool', tool_call_id: message.callId, content: message.content }
    case 'assistant':
      return message.raw as ChatCompletionMessageParam
  }
}

export const toolsPolicy = (llm: Llm, { sampling, echo_reasoning }: LlmAgentSettings, task: Task): Policy => ({
  next: async (messages, signal, turn) => {
    const reply = await orStop(
      llm.chat(
        {
          ...withExtra(
            {
              ...samplingFields(sampling, task.seed, turn.index),
              max_tokens: sampling.max_tokens,
            },
            sampling.extra,
          ),
          messages: [
            { role: 'system', content: TOOLS_SYSTEM },
            { role: 'user', content: questionOf(task) },
            ...messages.slice(1).map(toChat),
          ],
          // The declarations stay, so that the server's cached prefix of the conversation still fits.
          tools,
          tool_choice: turn.final ? 'none' : 'auto',
        },
        signal,
      ),
    )
    return actionOf(reply, turn.index, echo_reasoning)
  },
})
