// The text of a reply, and what the model thought before it.
import type { ChatCompletion } from 'openai/resources/chat/completions'

export interface SplitReply {
  readonly reasoning: string
  readonly rest: string
}

const END = '</think>'
const START = '<think>'

const without = (text: string): string => text.replaceAll(/<\/?think>/g, '').trim()

/**
 * Splits `<think>…</think>` (also when the template swallowed the opening tag) from the rest of a reply. A thought that never
 * ends reaches to the end, or to the first of the tags `until` that is closed again: calls and answers are often written so.
 */
export const splitThinking = (
  text: string,
  until: readonly (readonly [open: string, close: string])[] = [],
): SplitReply => {
  const end = text.lastIndexOf(END)
  if (end !== -1) return { reasoning: without(text.slice(0, end)), rest: text.slice(end + END.length).trim() }
  if (!text.trimStart().startsWith(START)) return { reasoning: '', rest: text.trim() }
  const stops = until.flatMap(([open, close]) => {
    const at = text.indexOf(open)
    return at !== -1 && text.indexOf(close, at) !== -1 ? [at] : []
  })
  const stop = stops.length === 0 ? text.length : Math.min(...stops)
  return { reasoning: without(text.slice(0, stop)), rest: text.slice(stop).trim() }
}

/** What a chat reply says after its thoughts, trimmed; "" for a thought that never ended. */
export const replyText = (reply: ChatCompletion): string => splitThinking(reply.choices[0]?.message.content ?? '').rest
