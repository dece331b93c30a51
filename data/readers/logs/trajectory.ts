// A session as a row of `trajectories`: thoughts, searches with their hits, opened documents, the answer.
import { NOT_OURS, type Step, type Trajectory } from '../../schemas.ts'
import { isObject } from '../../../core/json.ts'
import { hitsIn, type LoggedHit } from './hits.ts'
import type { Oddities, Session, SessionEvent, ToolCall } from './session.ts'
import { docidIn, queryIn, roleOf, type Role, type ToolRules } from './tools.ts'
import { contentText, decoded, plainText } from './values.ts'

/** A document as a log shows it: whole where it was opened, else a snippet of it. */
export interface SeenDocument {
  readonly docid: string
  readonly title: string
  readonly text: string
  readonly whole: boolean
}

/** What became of a tool call. */
export interface CallReading {
  readonly tool: string
  readonly role: Role
  /** Whether a search's query and hits, or an opened document's id, were found. */
  readonly understood: boolean
  readonly call: ToolCall
}

export interface ReadSession {
  readonly row: Trajectory
  readonly calls: readonly CallReading[]
  readonly odd: Oddities
}

/** Tool names that mining knows as they are; any other open is written as `get_document`. */
const OPENS = new Set(['get_document', 'visit'])

const argumentsText = ({ arguments: args }: ToolCall): string => plainText(args)

/** The arguments of a search with the query under `query`, where mining reads it; untouched if it stands there already. */
const searchArguments = (call: ToolCall, query: string | readonly string[]): string => {
  const value = decoded(call.arguments)
  const there = isObject(value) ? value['query'] : undefined
  if (there !== undefined && JSON.stringify(there) === JSON.stringify(query)) return argumentsText(call)
  return JSON.stringify({ query })
}

/** A result as text: of a message's parts their texts, of any other JSON the JSON. */
const resultText = ({ result, documents }: ToolCall): string => {
  const value = result ?? documents
  const parts =
    Array.isArray(value) && value.every((part: unknown) => isObject(part) && typeof part['type'] === 'string')
  return parts ? contentText(value) : plainText(value)
}

interface Read {
  readonly step: Step
  readonly reading: CallReading
}

const readSearch = (call: ToolCall, rules: ToolRules, odd: (reason: string) => void): Read => {
  const query = queryIn(call.arguments, rules.search)
  const hits = hitsIn(call.result, rules.search) ?? hitsIn(call.documents, rules.search)
  if (query === undefined) odd('search-without-query')
  if (hits === undefined || hits.length === 0) odd('no-hits')
  const docids = call.docids ?? (hits ?? []).map(({ docid }) => docid)
  const args = query === undefined ? argumentsText(call) : searchArguments(call, query)
  return {
    step: { type: 'tool_call', tool: 'search', arguments: args, output: resultText(call), docids },
    reading: { tool: call.name, role: 'search', understood: query !== undefined && hits !== undefined, call },
  }
}

const readOpen = (call: ToolCall, rules: ToolRules, odd: (reason: string) => void): Read => {
  const id = docidIn(call.arguments, rules.open)
  if (id === undefined) odd('no-docid')
  const docids = call.docids ?? (id === undefined ? [] : [id.trim()])
  const tool = OPENS.has(call.name) ? call.name : 'get_document'
  return {
    step: { type: 'tool_call', tool, arguments: argumentsText(call), output: resultText(call), docids },
    reading: { tool: call.name, role: 'open', understood: docids.length > 0, call },
  }
}

const readOther = (call: ToolCall): Read => ({
  step: {
    type: 'tool_call',
    tool: call.name,
    arguments: argumentsText(call),
    output: resultText(call),
    docids: call.docids ?? [],
  },
  reading: { tool: call.name, role: 'other', understood: true, call },
})

/** A session as a row, by these rules; `queryId` names its question. */
export const readSession = (session: Session, rules: ToolRules = {}): ReadSession => {
  const odd = new Map<string, number>()
  const count = (reason: string): void => void odd.set(reason, (odd.get(reason) ?? 0) + 1)
  const calls: CallReading[] = []

  const stepOf = (event: SessionEvent): Step => {
    const plain = { tool: null, arguments: '', docids: [] }
    if (event.kind === 'thought') return { ...plain, type: 'reasoning', output: event.text }
    if (event.kind === 'answer') return { ...plain, type: 'answer', output: event.text }
    if (event.kind === 'other') return { ...plain, type: event.type, output: event.text }
    const role = roleOf(event.call.name, rules)
    const { step, reading } =
      role === 'search'
        ? readSearch(event.call, rules, count)
        : role === 'open'
          ? readOpen(event.call, rules, count)
          : readOther(event.call)
    if (role === 'other') count('other-tool')
    calls.push(reading)
    return step
  }

  const steps = session.events.map(stepOf)
  const last = steps.findLast(({ type }) => type === 'answer')
  const answer = session.answer ?? last?.output ?? ''
  const row: Trajectory = {
    trajectory_id: session.id,
    query_id: session.queryId ?? session.id,
    question: session.question,
    retriever: session.retriever,
    agent: session.model,
    status: session.status ?? (answer === '' ? 'unknown' : 'completed'),
    answer,
    steps,
    prompt_tokens: session.promptTokens,
    completion_tokens: session.completionTokens,
    ...NOT_OURS,
  }
  return { row, calls, odd }
}

/** The text in a Python dictionary that a tool has printed: `{'docid': '1', 'text': '…'}`. */
const reprText = (text: string): string | undefined => {
  const [, quote, body] = /\{'docid': .*?, 'text': (['"])([^]*)\1\}\s*$/.exec(text) ?? []
  if (quote === undefined || body === undefined) return undefined
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
  return body.replaceAll(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[^])/g, (_, code: string) =>
    /^[xuU]./.test(code) ? String.fromCodePoint(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code),
  )
}

const bodyOf = ({ result }: ToolCall, rules: ToolRules): LoggedHit | undefined => {
  const value = decoded(result)
  if (isObject(value)) {
    const [hit] = hitsIn([value], { docid: undefined, title: rules.open?.title, text: rules.open?.text }) ?? []
    if (hit !== undefined && hit.text !== '') return hit
  }
  const text = typeof value === 'string' ? (reprText(value) ?? value) : contentText(value)
  return text === '' ? undefined : { docid: '', title: '', text }
}

/** Every document that a session shows, in its order: hits that come with a text, and what was opened. */
export const documentsSeen = ({ row, calls }: ReadSession, rules: ToolRules = {}): SeenDocument[] => {
  const opened = row.steps.filter(({ type }) => type === 'tool_call')
  return calls.flatMap(({ role, call }, at): SeenDocument[] => {
    if (role === 'search')
      return (hitsIn(call.result, rules.search) ?? hitsIn(call.documents, rules.search) ?? []).map((hit) => ({
        ...hit,
        whole: false,
      }))
    const [docid] = opened[at]?.docids ?? []
    if (role !== 'open' || docid === undefined) return []
    const body = bodyOf(call, rules)
    return body === undefined ? [] : [{ docid, title: body.title, text: body.text, whole: true }]
  })
}
