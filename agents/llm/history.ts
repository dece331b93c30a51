// A conversation as chat servers accept it: no empty turns, no two user messages in a row.
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'

const isEmpty = (message: ChatCompletionMessageParam): boolean =>
  message.role === 'assistant' &&
  (message.tool_calls === undefined || message.tool_calls.length === 0) &&
  (typeof message.content !== 'string' || message.content.trim() === '')

const isText = (message: ChatCompletionMessageParam | undefined): message is { role: 'user'; content: string } =>
  message?.role === 'user' && typeof message.content === 'string'

/** Leaves empty assistant turns out and joins user messages that follow each other. */
export const chatHistory = (
  messages: readonly ChatCompletionMessageParam[],
  between: string,
): ChatCompletionMessageParam[] => {
  const history: ChatCompletionMessageParam[] = []
  for (const message of messages) {
    if (isEmpty(message)) continue
    const last = history.at(-1)
    if (isText(last) && isText(message))
      history[history.length - 1] = { role: 'user', content: `${last.content}${between}${message.content}` }
    else history.push(message)
  }
  return history
}

/** The system message, if there is one. */
export const systemMessage = (system: string): ChatCompletionMessageParam[] =>
  system === '' ? [] : [{ role: 'system', content: system }]
