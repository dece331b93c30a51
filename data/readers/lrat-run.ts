// One agent run in LRAT's layout <-> one row of `trajectories`.
import { createTally } from '../../core/tally.ts'
import type { Step, Trajectory } from '../schemas.ts'
import { isFailed } from '../steps.ts'
import { isObject, type Json } from '../../core/json.ts'
import { isTexts } from './record.ts'

/** Why a run cannot be used at all. */
export type SkipReason = 'malformed-json' | 'not-an-object' | 'no-query-id' | 'no-result' | 'nul-in-id' | 'too-deep'

/** What a usable run contains that the layout does not promise; each is counted, nothing is dropped for it. */
export type Warning =
  | 'arguments-not-json'
  | 'array-docid'
  | 'no-docid'
  | 'no-hits'
  | 'unknown-tool'
  | 'unknown-step-type'
  | 'step-not-an-object'
  | 'no-status'
  | 'no-question'

export type LratRun = { readonly where: string } & (
  | { readonly skip: SkipReason; readonly detail: string }
  | {
      readonly row: Trajectory
      /** The layout's `answer`, which in the reference systems' logs is the question's gold answer. */
      readonly gold: string | undefined
      readonly warnings: Readonly<Partial<Record<Warning, number>>>
    }
)

type Warn = (warning: Warning) => void

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)

const countOf = (value: unknown): number | null => (Number.isInteger(value) ? (value as number) : null)

const idOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined

const hitLine = /^DocID:(.*)$/gm

const unquoted = (json: string): string => {
  try {
    return String(JSON.parse(json))
  } catch {
    return json.slice(1, -1)
  }
}

// A list of hits, or an object that holds one: `{docid, score, snippet}` each, as the tools of BrowseComp-Plus print them.
const jsonHits = (output: string): string[] => {
  if (!/^\s*[[{]/.test(output)) return []
  let json: unknown
  try {
    json = JSON.parse(output)
  } catch {
    // Cut short or with text around it: whatever hits are whole.
    const ids = output.matchAll(/"docid"\s*:\s*("(?:[^"\\\n]|\\.)+"|\d+)/g)
    return Array.from(ids, ([, id = '']) => (id.startsWith('"') ? unquoted(id) : id))
  }
  const list = Array.isArray(json) ? json : isObject(json) ? Object.values(json).find(Array.isArray) : undefined
  return (list ?? []).flatMap((hit: unknown) => (isObject(hit) ? (idOf(hit.docid) ?? []) : []))
}

/** Docids of a search's output in rank order: its lines `DocID:<id>`, or the `docid` of each hit where it is JSON. */
export const hitsOf = (output: string): string[] => {
  const lines = Array.from(output.matchAll(hitLine), ([, id = '']) => id.trim()).filter((id) => id !== '')
  return lines.length > 0 ? lines : jsonHits(output)
}

// Of a list the first, whole: what a colon in it means is only known beside the corpus.
const browsedDocid = (value: unknown, warn: Warn): string | undefined => {
  if (Array.isArray(value)) warn('array-docid')
  const id = idOf(Array.isArray(value) ? value[0] : value)
  return id?.trim() || undefined
}

const parseArguments = (value: unknown, warn: Warn): Json => {
  if (isObject(value)) return value
  if (typeof value !== 'string' || value === '') return {}
  try {
    const parsed: unknown = JSON.parse(value)
    if (isObject(parsed)) return parsed
  } catch {
    // counted below
  }
  warn('arguments-not-json')
  return {}
}

const docidsOf = (tool: string | null, args: unknown, output: string, warn: Warn): string[] => {
  if (tool === 'search') {
    parseArguments(args, warn)
    const hits = hitsOf(output)
    if (hits.length === 0) warn('no-hits')
    return hits
  }
  if (tool === 'get_document' || tool === 'visit') {
    const parsed = parseArguments(args, warn)
    const docid = browsedDocid(parsed.docid ?? parsed.url, warn)
    if (docid === undefined) warn('no-docid')
    return docid === undefined ? [] : [docid]
  }
  warn('unknown-tool')
  return []
}

const typeNames: ReadonlyMap<string, string> = new Map([['output_text', 'answer']])
const knownTypes = new Set(['reasoning', 'tool_call', 'answer'])

// Every entry of `result` becomes a step, so that a step's index is its place in the log.
const parseStep = (value: unknown, warn: Warn): Step => {
  if (!isObject(value)) {
    warn('step-not-an-object')
    return { type: 'unknown', tool: null, arguments: '', output: textOf(value), docids: [] }
  }
  const named = textOf(value.type)
  const type = typeNames.get(named) ?? named
  if (!knownTypes.has(type)) warn('unknown-step-type')
  const tool = typeof value.tool_name === 'string' ? value.tool_name : null
  const output = textOf(value.output)
  const docids = isTexts(value.docids)
    ? value.docids
    : type === 'tool_call'
      ? docidsOf(tool, value.arguments, output, warn)
      : []
  return { type, tool, arguments: textOf(value.arguments), output, docids }
}

/**
 * A run of LRAT's run JSON as a row of `trajectories`, its trajectory_id being its query_id; or why it cannot be used.
 * `where` names the file (and line) in what is reported. The agent's answer is its last answer step, "" if there is none:
 * the layout's `answer` would make every unfinished run a correct one. Our own `toLratRun` adds the keys `trajectory_id`,
 * `agent_answer`, `usage` and, to a step, `docids`; they win over what would be derived.
 */
export const parseLratRun = (json: unknown, where: string): LratRun => {
  try {
    return parseRun(json, where)
  } catch (error) {
    // What is nested by the ten thousands can be read as JSON and not be written again.
    if (!(error instanceof RangeError)) throw error
    return { where, skip: 'too-deep', detail: 'objects or lists nested too deeply' }
  }
}

const parseRun = (json: unknown, where: string): LratRun => {
  const skip = (reason: SkipReason, detail: string): LratRun => ({ where, skip: reason, detail })
  if (!isObject(json))
    return skip('not-an-object', `found ${Array.isArray(json) ? 'a list' : textOf(json).slice(0, 80)}`)
  const queryId = idOf(json.query_id)
  if (queryId === undefined || queryId === '') return skip('no-query-id', 'no `query_id`')
  if (`${queryId}${idOf(json.trajectory_id) ?? ''}`.includes('\0')) return skip('nul-in-id', 'a NUL in its id')
  if (!Array.isArray(json.result)) return skip('no-result', 'no list `result`')

  const warnings: Partial<Record<Warning, number>> = {}
  const warn: Warn = (warning) => {
    warnings[warning] = (warnings[warning] ?? 0) + 1
  }
  const steps = json.result.map((value) => parseStep(value, warn))
  const final = steps.findLast(({ type }) => type === 'answer')
  const metadata = isObject(json.metadata) ? json.metadata : {}
  const usage = isObject(json.usage) ? json.usage : {}
  if (typeof json.status !== 'string') warn('no-status')
  if (typeof json.query !== 'string') warn('no-question')
  const row: Trajectory = {
    trajectory_id: idOf(json.trajectory_id) || queryId,
    query_id: queryId,
    question: textOf(json.query),
    retriever: textOf(metadata.searcher_type),
    agent: textOf(metadata.model),
    status: typeof json.status === 'string' ? json.status : final === undefined ? 'unknown' : 'completed',
    answer: typeof json.agent_answer === 'string' ? json.agent_answer : (final?.output ?? ''),
    steps,
    prompt_tokens: countOf(usage.prompt_tokens),
    completion_tokens: countOf(usage.completion_tokens),
    reason: typeof json.reason === 'string' ? json.reason : null,
    http_status: countOf(json.http_status),
    text_calls: countOf(usage.text_calls),
    malformed_turns: countOf(usage.malformed_turns),
    replaced_characters: countOf(usage.replaced_characters),
  }
  const gold = typeof json.answer === 'string' && json.answer !== '' ? json.answer : undefined
  return { where, row, gold, warnings }
}

/** An id that no earlier run had: the base itself, or with `#2`, `#3` … in the order of the runs. */
export const uniqueId = (base: string, taken: Set<string>): string => {
  let id = base
  for (let n = 2; taken.has(id); n++) id = `${base}#${n}`
  taken.add(id)
  return id
}

/** Calls of each tool: those that were executed, as the reference counts them, or those that could not be. */
const toolCounts = (steps: readonly Step[], which: 'executed' | 'failed'): Readonly<Record<string, number>> => {
  const counts = createTally()
  for (const step of steps) {
    const { type, tool } = step
    if (type === 'tool_call' && tool !== null && isFailed(step) === (which === 'failed')) counts.add(tool)
  }
  return counts.counts()
}

// Tables of version 0.1 have no such columns at all.
const given = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined)) as Partial<T>

const ignore: Warn = () => {}
const sameDocids = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id, i) => id === b[i])

const toResult = (step: Step): Json => {
  const type = step.type === 'answer' ? 'output_text' : step.type
  const common = { type, tool_name: step.tool, arguments: step.arguments || null, output: step.output }
  const derived = type === 'tool_call' ? docidsOf(step.tool, step.arguments, step.output, ignore) : []
  return sameDocids(derived, step.docids) ? common : { ...common, docids: step.docids }
}

/** A trajectory in LRAT's run JSON, with the question's gold answer if known: `parseLratRun` of it gives the same row. */
export const toLratRun = (row: Trajectory, gold = ''): Json => {
  const final = row.steps.findLast(({ type }) => type === 'answer')
  const searched = row.steps.filter(({ type, tool }) => type === 'tool_call' && tool === 'search')
  const used = {
    prompt_tokens: row.prompt_tokens,
    completion_tokens: row.completion_tokens,
    ...given({
      text_calls: row.text_calls,
      malformed_turns: row.malformed_turns,
      replaced_characters: row.replaced_characters,
    }),
  }
  const failures = toolCounts(row.steps, 'failed')
  return {
    metadata: { model: row.agent, searcher_type: row.retriever },
    query_id: row.query_id,
    ...(row.trajectory_id === row.query_id ? {} : { trajectory_id: row.trajectory_id }),
    tool_call_counts: toolCounts(row.steps, 'executed'),
    ...(Object.keys(failures).length === 0 ? {} : { tool_call_failures: failures }),
    ...(Object.values(used).every((value) => value === null) ? {} : { usage: used }),
    status: row.status,
    ...given({ reason: row.reason, http_status: row.http_status }),
    retrieved_docids: [...new Set(searched.flatMap(({ docids }) => docids))].sort(),
    query: row.question,
    answer: gold,
    ...(row.answer === (final?.output ?? '') ? {} : { agent_answer: row.answer }),
    result: row.steps.map(toResult),
  }
}
