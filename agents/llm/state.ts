// What a recursive agent keeps of an attempt: a structured state, written by the model, read strictly.
import { z } from 'zod'
import type { Message } from '../agent.ts'
import { parseObject } from '../arguments.ts'

const texts = z.array(z.string()).catch([])

const evidence = z.object({
  claim: z.string(),
  source: z.coerce.string().catch(''),
  verified: z.boolean().catch(false),
})

export const stateSchema = z.object({
  answer: z.string(),
  evidence: z.array(z.unknown()).transform((items) => items.flatMap((item) => evidence.safeParse(item).data ?? [])),
  conclusions: texts,
  uncertainties: texts,
  failures: texts,
  plans: texts,
})
export type AttemptState = z.output<typeof stateSchema>

/** The state in a model's reply; undefined if it is not one JSON object with an answer and a list of evidence. */
export const parseState = (text: string): AttemptState | undefined => stateSchema.safeParse(parseObject(text)).data

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `${title}:\n${lines.map((line) => `- ${line}`).join('\n')}`

/** The state as the next attempt reads it. */
export const formatState = (state: AttemptState): string =>
  [
    `Candidate answer: ${state.answer === '' ? '(none)' : state.answer}`,
    section(
      'Evidence',
      state.evidence.map(
        ({ claim, source, verified }) =>
          `${claim} (${source === '' ? 'no source' : `DocID ${source}`}, ${verified ? 'read there' : 'not verified'})`,
      ),
    ),
    section('Conclusions', state.conclusions),
    section('Uncertainties', state.uncertainties),
    section('Failures', state.failures),
    section('Plans', state.plans),
  ]
    .filter((part) => part !== '')
    .join('\n\n')

/** An attempt as plain text for the model that compresses it, its middle left out beyond `maxLength` characters. */
export const transcriptOf = (messages: readonly Message[], maxLength: number): string => {
  const text = messages
    .slice(1)
    .map((message) => {
      if (message.role === 'tool') return `RESULT\n${message.content}`
      if (message.role !== 'assistant') return `USER\n${message.content}`
      const calls = message.calls.map((call) => `CALL ${call.name} ${call.arguments}`)
      return [
        message.reasoning && `THOUGHT\n${message.reasoning}`,
        ...calls,
        message.content && `ANSWER\n${message.content}`,
      ]
        .filter((part) => part !== '')
        .join('\n')
    })
    .join('\n\n')
  if (text.length <= maxLength) return text
  const half = Math.floor(maxLength / 2)
  return `${text.slice(0, half)}\n\n[… ${text.length - 2 * half} characters left out …]\n\n${text.slice(-half)}`
}
