// What the steps of a trajectory are: searches and browses, whoever the agent was.
import type { Step } from './schemas.ts'

export const isSearch = (step: Step): boolean => step.type === 'tool_call' && step.tool === 'search'
export const isBrowse = (step: Step): boolean =>
  step.type === 'tool_call' && (step.tool === 'get_document' || step.tool === 'visit')

/** Begins the output of a call that could not be executed. */
export const CALL_ERROR = 'Error: '

/** Whether a step is a tool call that could not be executed: the tool answered with an error, and found nothing. */
export const isFailed = ({ type, output, docids }: Step): boolean =>
  type === 'tool_call' && docids.length === 0 && output.startsWith(CALL_ERROR)

const argumentsOf = (step: Step): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(step.arguments)
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The first query string of a search: the only one that search tools execute. */
export const queryOf = (step: Step): string => {
  const { query } = argumentsOf(step)
  const first: unknown = Array.isArray(query) ? query[0] : query
  return typeof first === 'string' ? first : ''
}

/** What follows an id's last colon, which is what the released builder takes every opened id for. */
export const afterLastColon = (docid: string): string => docid.slice(docid.lastIndexOf(':') + 1).trim()

/** The document that a browse opened: the id whole where it `isKnown`, else what follows its last colon. */
export const openedDocid = (docid: string, isKnown: (docid: string) => boolean): string =>
  isKnown(docid) ? docid : afterLastColon(docid)

/**
 * The id that a browse asked for, whole. Runs that were imported before ids were kept whole hold what follows the last
 * colon, and the whole in the step's arguments.
 */
export const askedDocid = (step: Step): string => {
  const [held = ''] = step.docids
  const { docid, url } = argumentsOf(step)
  const given: unknown = docid ?? url
  const first: unknown = Array.isArray(given) ? given[0] : given
  const whole = typeof first === 'string' ? first.trim() : held
  return afterLastColon(whole) === held ? whole : held
}
