// A model as a judge: asked at temperature 0, read strictly, asked once more, and then not believed.
import type { ChatCompletion, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { z } from 'zod'
import type { Llm } from '../../pipeline/llm/client.ts'
import { withExtra } from '../../pipeline/llm/extra.ts'
import { LlmError } from '../../pipeline/llm/errors.ts'
import { replyText } from '../../pipeline/llm/reply-text.ts'

export const judgeSchema = z.strictObject({
  max_tokens: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Most tokens of a verdict, reasoning included; a reply that is cut is asked for again with four times as many, twice at most. Default: 8192.',
    ),
  extra: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'Further fields of every request, as they are: `chat_template_kwargs`, `reasoning_effort` …; null leaves a field of ours out.',
    ),
})
export type JudgeSettings = z.output<typeof judgeSchema>

/** Room for a reasoning judge. */
const MAX_TOKENS = 8192
/** What is asked for where the server has no room for that much. */
const FEW_TOKENS = 2048
const MORE = 4
const LARGER_ATTEMPTS = 2

export const maxTokensOf = ({ max_tokens }: JudgeSettings): number => max_tokens ?? MAX_TOKENS

/** What of the settings a verdict depends on. The default has its first value here: it only decides when a reply is cut. */
export const judgeIdentity = ({ max_tokens = FEW_TOKENS, extra }: JudgeSettings) => ({ max_tokens, extra })

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

const LENGTH_FIELDS = ['max_tokens', 'max_completion_tokens'] as const

/** The request's fields, with `factor` times the tokens that the settings give a reply. */
const fieldsOf = (settings: JudgeSettings, factor: number): Record<string, unknown> => {
  const fields: Record<string, unknown> = withExtra(
    { temperature: 0, max_tokens: maxTokensOf(settings) },
    settings.extra,
  )
  for (const name of LENGTH_FIELDS) {
    const value = fields[name]
    if (typeof value === 'number') fields[name] = Math.max(1, Math.round(value * factor))
  }
  return fields
}

const isCut = (reply: ChatCompletion): boolean => reply.choices[0]?.finish_reason === 'length'

/** One reply that is not cut, if the judge can be brought to it: a cut one is asked for again with more tokens. */
const wholeReply = async (
  llm: Llm,
  settings: JudgeSettings,
  messages: ChatCompletionMessageParam[],
  isVerdict: (text: string) => boolean,
  signal: AbortSignal,
): Promise<string> => {
  let text = ''
  for (let attempt = 0; attempt <= LARGER_ATTEMPTS; attempt += 1) {
    let reply: ChatCompletion
    try {
      reply = await llm.chat({ ...fieldsOf(settings, MORE ** attempt), messages }, signal)
    } catch (error) {
      if (!(error instanceof LlmError) || error.kind !== 'overflow') throw error
      // The server's context has no room for so long a reply: what came before the larger attempt is what there is.
      if (attempt > 0) return text
      const few = FEW_TOKENS / maxTokensOf(settings)
      if (few >= 1) throw error
      return replyText(await llm.chat({ ...fieldsOf(settings, few), messages }, signal))
    }
    text = replyText(reply)
    if (!isCut(reply) || isVerdict(text)) return text
  }
  return text
}

/** Asks a judge, twice at most, cut replies apart. Errors: BudgetSpent, UserError, the signal's reason. */
export const askJudge = async <T>(
  llm: Llm,
  settings: JudgeSettings,
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
      text = await wholeReply(llm, settings, messages, (reply) => parse(reply) !== undefined, signal)
      const verdict = parse(text)
      if (verdict !== undefined) return { verdict, reply: text }
      // A history with an empty assistant message is refused by some servers.
      if (text !== '') messages.push({ role: 'assistant', content: text }, { role: 'user', content: again })
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
