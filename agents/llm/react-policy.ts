// Agents of the text protocol: <think>, <tool_call>{json}</tool_call>, <tool_response>, <answer>.
import type { ChatCompletion, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { Llm } from '../../pipeline/llm/client.ts'
import { withExtra } from '../../pipeline/llm/extra.ts'
import type { Action, Message, Policy, Task } from '../agent.ts'
import { parseObject } from '../arguments.ts'
import { CUT_REPLY, REACT_CALL, REACT_FORM, REACT_SYSTEM } from '../prompts.ts'
import { isRecord, orStop, questionOf, samplingFields, splitThinking, textOf } from './common.ts'
import type { LlmAgentSettings } from './settings.ts'

// The model must not make up the tool's reply.
const STOP = ['<tool_response>']
const CALL_END = '</tool_call>'

type Parsed = Omit<Action, 'usage' | 'raw'>

/** What stands between the tags, to the end where the closing one is missing (a stop sequence may have eaten it). */
const inside = (text: string, tag: string): string | undefined => {
  const start = text.indexOf(`<${tag}>`)
  if (start === -1) return undefined
  const from = start + tag.length + 2
  const end = text.indexOf(`</${tag}>`, from)
  return (end === -1 ? text.slice(from) : text.slice(from, end)).trim()
}

/** A reply up to its first call: what follows was written without seeing that call's result. */
const firstCallOf = (text: string): string => {
  const [said] = text.split('<tool_response>')
  const end = said.indexOf(CALL_END)
  return end === -1 ? said : said.slice(0, end + CALL_END.length)
}

/** Reads one reply's text. `reasoning` is what the server already split off; `cut` says that it ended at its token limit. */
export const parseReact = (text: string, given: string, cut: boolean, turn: number): Parsed => {
  const { reasoning: thought, rest } = splitThinking(firstCallOf(text))
  const call = inside(rest, 'tool_call')
  const answer = inside(rest, 'answer')
  const isCut = cut && !/<\/(tool_call|answer)>/.test(rest)
  const tags = ['<tool_call>', '<answer>'].map((tag) => rest.indexOf(tag)).filter((at) => at !== -1)
  const before = tags.length === 0 ? '' : rest.slice(0, Math.min(...tags)).trim()
  const reasoning = [given, thought, before].filter((part) => part !== '').join('\n\n')
  const problem = (what: string): Parsed => ({
    reasoning: reasoning === '' ? rest : reasoning,
    content: '',
    calls: [],
    problem: isCut ? CUT_REPLY : what,
  })
  if (call !== undefined) {
    const parsed = parseObject(call)
    const name = textOf(parsed?.['name'])
    if (!parsed || name === '' || isCut) return problem(REACT_CALL)
    const args = parsed['arguments'] ?? parsed['parameters'] ?? {}
    return {
      reasoning,
      content: '',
      calls: [{ id: `call-${turn}`, name, arguments: typeof args === 'string' ? args : JSON.stringify(args) }],
    }
  }
  if (answer !== undefined && answer !== '' && !isCut) return { reasoning, content: answer, calls: [] }
  return problem(REACT_FORM)
}

const actionOf = (reply: ChatCompletion, turn: number, final: boolean): Action => {
  const [choice] = reply.choices
  const message: unknown = choice.message
  const text = isRecord(message) ? textOf(message['content']) : ''
  const given = isRecord(message) ? textOf(message['reasoning_content'] ?? message['reasoning']).trim() : ''
  const parsed = parseReact(text, given, choice.finish_reason === 'length', turn)
  const { rest } = splitThinking(text)
  // Asked for the answer alone, many models leave the tags away.
  const isBareAnswer = final && parsed.problem === REACT_FORM && rest !== ''
  return {
    ...(isBareAnswer ? { reasoning: given, content: rest, calls: [] } : parsed),
    raw: { role: 'assistant', content: firstCallOf(text) },
    usage: { promptTokens: reply.usage?.prompt_tokens ?? 0, completionTokens: reply.usage?.completion_tokens ?? 0 },
  }
}

const toChat = (message: Message): ChatCompletionMessageParam => {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content }
    case 'tool':
      return { role: 'user', content: `<tool_response>\n${message.content}\n</tool_response>` }
    case 'assistant':
      return message.raw as ChatCompletionMessageParam
  }
}

export const reactPolicy = (llm: Llm, { sampling }: LlmAgentSettings, task: Task): Policy => ({
  next: async (messages, signal, turn) => {
    const reply = await orStop(
      llm.chat(
        {
          ...withExtra(
            {
              ...samplingFields(sampling, task.seed, turn.index),
              max_tokens: sampling.max_tokens,
              stop: STOP,
            },
            sampling.extra,
          ),
          messages: [
            { role: 'system', content: REACT_SYSTEM },
            { role: 'user', content: questionOf(task) },
            ...messages.slice(1).map(toChat),
          ],
        },
        signal,
      ),
    )
    return actionOf(reply, turn.index, turn.final)
  },
})
