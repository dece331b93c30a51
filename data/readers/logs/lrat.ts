// LRAT's run JSON and BrowseComp-Plus's, of which it is a variant: one run a file or line, every entry of `result` a step.
import { isObject, type Json } from '../../../core/json.ts'
import { isTexts } from '../record.ts'
import type { LogFormat, Reading } from './format.ts'
import type { LogRecord, SessionEvent } from './session.ts'
import { idOf, objectIn, plainText, scoresOf } from './values.ts'

const isRun = (record: unknown): record is Json =>
  isObject(record) && idOf(record['query_id']) !== undefined && Array.isArray(record['result'])

const eventOf = (value: unknown, odd: (reason: string) => void): SessionEvent => {
  if (!isObject(value)) {
    odd('step-not-an-object')
    return { kind: 'other', type: 'unknown', text: plainText(value) }
  }
  const type = plainText(value['type'])
  const text = plainText(value['output'])
  switch (type) {
    case 'reasoning':
      return { kind: 'thought', text }
    case 'output_text':
    case 'answer':
      return { kind: 'answer', text }
    case 'tool_call': {
      const { docids } = value
      return {
        kind: 'call',
        call: {
          name: plainText(value['tool_name']),
          arguments: value['arguments'] ?? '',
          result: text,
          ...(isTexts(docids) && { docids }),
        },
      }
    }
    default:
      odd('unknown-step-type')
      return { kind: 'other', type, text }
  }
}

const countOf = (value: unknown): number | null => (Number.isInteger(value) ? Number(value) : null)

/** A run as a session, its events the entries of `result` one by one; our own export's keys win over what would be derived. */
export const lratSession = (record: unknown, where: string): LogRecord => {
  if (!isObject(record))
    return {
      where,
      skip: 'not-an-object',
      detail: `found ${Array.isArray(record) ? 'a list' : plainText(record).slice(0, 80)}`,
    }
  const queryId = idOf(record['query_id'])
  if (queryId === undefined) return { where, skip: 'no-query-id', detail: 'no `query_id`' }
  if (!Array.isArray(record['result'])) return { where, skip: 'no-result', detail: 'no list `result`' }
  const odd = new Map<string, number>()
  const count = (reason: string): void => void odd.set(reason, (odd.get(reason) ?? 0) + 1)
  const entries: readonly unknown[] = record['result']
  const events = entries.map((value) => eventOf(value, count))
  if (typeof record['status'] !== 'string') count('no-status')
  if (typeof record['query'] !== 'string') count('no-question')
  const metadata = objectIn(record, 'metadata')
  const usage = objectIn(record, 'usage')
  const { status, answer, agent_answer: given } = record
  return {
    where,
    odd,
    session: {
      id: idOf(record['trajectory_id']) ?? queryId,
      queryId,
      question: plainText(record['query']),
      // In the reference systems' logs the layout's `answer` is the gold answer: taken as the agent's it would make every run right.
      golds: typeof answer === 'string' && answer !== '' ? [answer] : [],
      events,
      status: typeof status === 'string' ? status : undefined,
      answer: typeof given === 'string' ? given : undefined,
      model: plainText(metadata['model']),
      retriever: plainText(metadata['searcher_type']),
      scores: scoresOf(metadata),
      promptTokens: countOf(usage['prompt_tokens']),
      completionTokens: countOf(usage['completion_tokens']),
    },
  }
}

const reading: Reading = { kind: 'sessions', session: lratSession }

export const lrat: LogFormat = { summary: "LRAT's run JSON, one run a file or line", refines: [], fits: isRun, reading }

export const browsecompPlus: LogFormat = {
  summary: "BrowseComp-Plus's run JSON",
  refines: ['lrat'],
  fits: (record) => isRun(record) && Array.isArray(record['retrieved_docids']) && record['query'] === undefined,
  reading,
}
