// Agents with native function calls, over chat completions.
import type { ChatCompletion, ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions'
import { withExtra } from '../../pipeline/llm/extra.ts'
import { splitThinking } from '../../pipeline/llm/reply-text.ts'
import type { Action, Message, ToolCall } from '../agent.ts'
import { systemOf, type AgentSpec, type Toolset } from '../spec.ts'
import { createCleaner } from '../well-formed.ts'
import {
  createIds,
  extraFields,
  maxTokensOf,
  orStop,
  problemOf,
  questionOf,
  samplingFields,
  toolNames,
  wellFormedArguments,
  withIds,
  withoutTools,
  type StartPolicy,
} from './common.ts'
import { chatHistory, systemMessage } from './history.ts'
import { joined, readChat } from './reply.ts'
import { callsInText } from './text-calls.ts'

const declarations = ({ tools }: Toolset): ChatCompletionTool[] =>
  tools.map(({ name, description, parameters, strict }) => ({
    type: 'function',
    function: { name, description, parameters: { ...parameters }, ...(strict ? { strict } : {}) },
  }))

interface TurnContext {
  readonly spec: AgentSpec
  readonly turn: number
  readonly idOf: ReturnType<typeof createIds>
}

const toolCallOf = ({ id, name, arguments: text }: ToolCall) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: wellFormedArguments(text) },
})

/** One reply as an action. */
export const actionOf = (
  given: ChatCompletion,
  { spec, turn, idOf }: TurnContext,
): Action & { readonly cut: boolean } => {
  const cleaner = createCleaner()
  const { text, thought: split, field, calls: native, cut, usage } = readChat(cleaner.cleanAll(given))
  const { reasoning: inText, rest } = splitThinking(text, [['<tool_call>', '</tool_call>']])
  const thought = joined(split, inText)
  // A server without a parser for the model, or one whose parser failed, leaves its calls in the text.
  const found = native.length > 0 ? undefined : callsInText(rest, toolNames(spec))
  const calls: readonly ToolCall[] = found
    ? withIds(found.calls, turn, idOf)
    : native.map((call, index) => ({ ...call, id: idOf(call.id, turn, index) }))
  const beside = found ? found.before : rest
  const isCut = cut && calls.length === 0
  const raw = {
    role: 'assistant',
    content: calls.length > 0 ? (found ? beside : text) || null : text,
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(toolCallOf) }),
    ...(field !== undefined && spec.echo_reasoning ? { [field]: split } : {}),
  }
  return {
    // Text beside a call is no answer: it is the agent thinking aloud.
    reasoning: calls.length === 0 ? thought : joined(thought, beside),
    content: calls.length === 0 ? rest : '',
    calls,
    raw,
    usage,
    cut,
    textCalls: found?.calls.length ?? 0,
    replaced: cleaner.replaced(),
    ...(calls.length > 0 ? {} : problemOf(spec, { broken: found?.broken ?? false, cut: isCut, empty: rest === '' })),
  }
}

const toChat = (message: Message): ChatCompletionMessageParam => {
  switch (message.role) {
    case 'user':
      return { role: message.role, content: message.content }
    case 'tool':
      return { role: 'tool', tool_call_id: message.callId, content: message.content }
    case 'assistant':
      return message.raw as ChatCompletionMessageParam
  }
}

export const chatPolicy: StartPolicy = ({ llm, spec, task, quirks }) => {
  const { sampling } = spec
  const idOf = createIds()
  const tools = declarations(spec.toolset)
  const beginning = systemMessage(systemOf(spec))
  const question = { role: 'user', content: questionOf(spec, task) } as const
  let wasCut = false
  return {
    next: async (messages, signal, { index: turn, final }) => {
      const body = {
        ...withExtra(
          { ...samplingFields(sampling, task.seed, turn), max_tokens: maxTokensOf(sampling, turn) },
          extraFields(sampling, wasCut),
        ),
        messages: [...beginning, ...chatHistory([question, ...messages.slice(1).map(toChat)], '\n\n')],
        // The declarations stay, so that the server's cached prefix of the conversation still fits.
        tools,
      }
      const reply = await orStop(
        withoutTools(quirks, final, (tool_choice) => llm.chat({ ...body, tool_choice }, signal)),
      )
      const { cut, ...action } = actionOf(reply, { spec, turn, idOf })
      wasCut = cut
      return action
    },
  }
}
