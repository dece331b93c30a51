// A model as a judge: asked at temperature 0, read strictly, asked once more, and then not believed.
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { z } from 'zod'
import type { Llm } from '../../pipeline/llm/client.ts'
import { withExtra } from '../../pipeline/llm/extra.ts'
import { LlmError } from '../../pipeline/llm/errors.ts'
import { replyText } from '../../pipeline/llm/reply-text.ts'

export const judgeSchema = z.strictObject({
  max_tokens: z.number().int().min(1).default(2048).describe('Most tokens of a verdict, reasoning included.'),
  extra: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'Further fields of every request, as they are: `chat_template_kwargs`, `reasoning_effort` …; null leaves a field of ours out.',
    ),
})
export type JudgeSettings = z.output<typeof judgeSchema>

export interface JudgeRequest<T> {
  readonly instructions: string
  readonly material: string
  /** The sharper instruction of the second attempt. */
  readonly again: string
  /** Undefined when the reply is not a verdict. */
  readonly parse: (text: string) => T | undefined
}

/**
 * A verdict with the reply that gave it; or in `why` the reason for there being none: no readable `reply`, or none at all
 * (null) since the call failed.
 */
export type JudgeOutcome<T> =
  { readonly verdict: T; readonly reply: string } | { readonly why: string; readonly reply: string | null }

/** Asks a judge, twice at most. Errors: BudgetSpent, UserError, the signal's reason. */
export const askJudge = async <T>(
  llm: Llm,
  { max_tokens, extra }: JudgeSettings,
  { instructions, material, again, parse }: JudgeRequest<T>,
  signal: AbortSignal,
): Promise<JudgeOutcome<T>> => {
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: instructions },
    { role: 'user', content: material },
  ]
  try {
    let text = ''
    for (let attempt = 0; attempt < 2; attempt += 1) {
      text = replyText(await llm.chat({ ...withExtra({ temperature: 0, max_tokens }, extra), messages }, signal))
      const verdict = parse(text)
      if (verdict !== undefined) return { verdict, reply: text }
      messages.push({ role: 'assistant', content: text }, { role: 'user', content: again })
    }
    return { why: 'no readable verdict in two attempts', reply: text }
  } catch (error) {
    if (error instanceof LlmError) return { why: error.message, reply: null }
    throw error
  }
}

/** A text cut in its middle to at most `length` characters. */
export const cutMiddle = (text: string, length: number): string => {
  if (text.length <= length) return text
  const half = Math.floor(length / 2)
  return `${text.slice(0, half)}\n[…]\n${text.slice(-half)}`
}
