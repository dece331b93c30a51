// Agents over the Responses API, for models whose reasoning only it carries (gpt-oss).
import type { FunctionTool, Response, ResponseInputItem } from 'openai/resources/responses/responses'
import { isObject, type Json } from '../../core/json.ts'
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
  textOf,
  toolNames,
  wellFormedArguments,
  withIds,
  withoutTools,
  type StartPolicy,
} from './common.ts'
import { joined } from './reply.ts'
import { callsInText } from './text-calls.ts'

const declarations = ({ tools }: Toolset): FunctionTool[] =>
  tools.map(({ name, description, parameters, strict }) => ({
    type: 'function',
    name,
    description,
    parameters: { ...parameters },
    strict,
  }))

const textsIn = (parts: unknown): string =>
  joined(...(Array.isArray(parts) ? parts : []).map((part: unknown) => (isObject(part) ? textOf(part['text']) : '')))

const allOf = (items: readonly Json[], type: string, fields: readonly string[]): string =>
  joined(
    ...items
      .filter((item) => item['type'] === type)
      .flatMap((item) => fields.map((field) => textsIn(item[field])).find((text) => text !== '') ?? []),
  ).trim()

const isCall = (item: Json): boolean => item['type'] === 'function_call'

/** Whether a server that keeps nothing can make something of a reasoning item that comes back to it. */
const isComplete = (item: Json): boolean =>
  textOf(item['encrypted_content']) !== '' || (Array.isArray(item['content']) && item['content'].length > 0)

/** The items to give back: no reasoning that nothing follows, or that the server would have to remember; no empty message. */
const echoed = (items: readonly Json[], echoReasoning: boolean): Json[] =>
  items.filter((item, index) => {
    if (item['type'] === 'message') return textsIn(item['content']).trim() !== ''
    if (item['type'] !== 'reasoning') return true
    const next = items.slice(index + 1).find((other) => other['type'] !== 'reasoning')
    const isFollowed = next !== undefined && (isCall(next) || textsIn(next['content']).trim() !== '')
    return echoReasoning && isComplete(item) && isFollowed
  })

interface TurnContext {
  readonly spec: AgentSpec
  readonly turn: number
  readonly idOf: ReturnType<typeof createIds>
}

/** One reply as an action. `raw` are its output items, to be given back. */
export const actionOf = (given: Response, { spec, turn, idOf }: TurnContext): Action & { readonly cut: boolean } => {
  const cleaner = createCleaner()
  const output: readonly unknown[] = cleaner.cleanAll(given.output)
  const items = output.filter(isObject).map((item, index) =>
    isCall(item)
      ? {
          ...item,
          call_id: idOf(textOf(item['call_id']), turn, index),
          arguments: wellFormedArguments(textOf(item['arguments'])),
        }
      : item,
  )
  const native: ToolCall[] = items
    .filter(isCall)
    .map((item) => ({ id: textOf(item['call_id']), name: textOf(item['name']), arguments: '' }))
    .map((call, index) => ({
      ...call,
      // As the model wrote them: what cannot be read is for it to hear of.
      arguments: textOf(output.filter(isObject).filter(isCall)[index]?.['arguments']),
    }))
  const { reasoning: inText, rest } = splitThinking(allOf(items, 'message', ['content']))
  // The full reasoning where the server shows it, else its summary.
  const thought = joined(allOf(items, 'reasoning', ['content', 'summary']), inText)
  const found = native.length > 0 ? undefined : callsInText(rest, toolNames(spec))
  const fromText = withIds(found?.calls ?? [], turn, idOf)
  const calls = native.length > 0 ? native : fromText
  const cut = given.status === 'incomplete'
  const written = fromText.map(({ id, name, arguments: args }) => ({
    type: 'function_call',
    call_id: id,
    name,
    arguments: wellFormedArguments(args),
  }))
  // Where the calls stood in the text, they take the text's place.
  const kept = fromText.length > 0 ? items.filter((item) => item['type'] !== 'message') : items
  return {
    reasoning: calls.length === 0 ? thought : joined(thought, found ? found.before : rest),
    content: calls.length === 0 ? rest : '',
    calls,
    raw: echoed([...kept, ...written], spec.echo_reasoning),
    usage: { promptTokens: given.usage?.input_tokens ?? 0, completionTokens: given.usage?.output_tokens ?? 0 },
    cut,
    textCalls: fromText.length,
    replaced: cleaner.replaced(),
    ...(calls.length > 0 ? {} : problemOf(spec, { broken: found?.broken ?? false, cut, empty: rest === '' })),
  }
}

const toItems = (message: Message): ResponseInputItem[] => {
  switch (message.role) {
    case 'user':
      return [{ role: message.role, content: message.content }]
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.callId, output: message.content }]
    case 'assistant':
      return message.raw as ResponseInputItem[]
  }
}

const isUser = (item: ResponseInputItem | undefined): item is { role: 'user'; content: string } =>
  item !== undefined && 'role' in item && item.role === 'user' && typeof item.content === 'string'

const history = (items: readonly ResponseInputItem[]): ResponseInputItem[] => {
  const joinedItems: ResponseInputItem[] = []
  for (const item of items) {
    const last = joinedItems.at(-1)
    if (isUser(last) && isUser(item))
      joinedItems[joinedItems.length - 1] = { role: 'user', content: `${last.content}\n\n${item.content}` }
    else joinedItems.push(item)
  }
  return joinedItems
}

export const responsesPolicy: StartPolicy = ({ llm, spec, task, quirks }) => {
  const { sampling, echo_reasoning } = spec
  const idOf = createIds()
  const tools = declarations(spec.toolset)
  const system = systemOf(spec)
  const question = { role: 'user', content: questionOf(spec, task) } as const
  let wasCut = false
  return {
    next: async (messages, signal, { index: turn, final }) => {
      const body = {
        ...withExtra(
          {
            ...(sampling.temperature === null ? {} : { temperature: sampling.temperature }),
            ...(sampling.top_p === null ? {} : { top_p: sampling.top_p }),
            max_output_tokens: maxTokensOf(sampling, turn),
            store: false,
            // What is not stored must come along, or a hosted model does not know its own reasoning again.
            ...(echo_reasoning ? { include: ['reasoning.encrypted_content' as const] } : {}),
          },
          extraFields(sampling, wasCut),
        ),
        ...(system === '' ? {} : { instructions: system }),
        input: history([question, ...messages.slice(1).flatMap(toItems)]),
        tools,
      }
      const reply = await orStop(
        withoutTools(quirks, final, (tool_choice) => llm.responses({ ...body, tool_choice }, signal)),
      )
      const { cut, ...action } = actionOf(reply, { spec, turn, idOf })
      wasCut = cut
      return action
    },
  }
}
