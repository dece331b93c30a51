// LangSmith's runs: a run a row, in the order of `dotted_order`.
import { isObject, type Json } from '../../../core/json.ts'
import type { LogFormat } from './format.ts'
import { answerIn, questionIn, searchedIn, toolOutput, turnsIn } from './observations.ts'
import { sessionOfSpans, type Span, type SpanContent } from './spans.ts'
import { decoded, goldsOf, idIn, idOf, objectIn, plainText, scoresOf } from './values.ts'

const isRun = (row: unknown): row is Json =>
  isObject(row) &&
  typeof row['run_type'] === 'string' &&
  idIn(row, 'trace_id', 'id') !== undefined &&
  ('inputs' in row || 'outputs' in row || 'dotted_order' in row)

const contentOf = (row: Json): SpanContent => {
  const inputs = decoded(row['inputs'])
  const outputs = decoded(row['outputs'])
  const name = plainText(row['name'])
  switch (row['run_type']) {
    case 'llm': {
      const { ls_model_name: model } = objectIn(objectIn(row, 'extra'), 'metadata')
      return {
        kind: 'model',
        model: plainText(model) || name,
        before: turnsIn(inputs, 'user'),
        after: turnsIn(outputs, 'assistant'),
      }
    }
    case 'tool': {
      const inner =
        isObject(inputs) && inputs['input'] !== undefined && Object.keys(inputs).length === 1
          ? pythonOrJson(inputs['input'])
          : inputs
      return { kind: 'tool', name, arguments: inner ?? {}, ...toolOutput(outputs) }
    }
    case 'retriever':
      return { kind: 'retrieval', name: name || 'retrieval', query: searchedIn(inputs), documents: outputs }
    case 'chain':
      return parentOf(row) === ''
        ? { kind: 'agent', question: questionIn(inputs), answer: answerIn(outputs) }
        : { kind: 'other' }
    default:
      return { kind: 'other' }
  }
}

/** LangChain logs a tool's input as text: JSON, or a Python dictionary of plain strings. */
const pythonOrJson = (value: unknown): unknown => {
  const json = decoded(value)
  if (typeof json !== 'string') return json
  const pairs = [...json.matchAll(/'([^'\\]+)':\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)]
  return json.startsWith('{') && pairs.length > 0
    ? Object.fromEntries(pairs.map(([, key, a, b]) => [key ?? '', (a ?? b ?? '').replaceAll(/\\(['"\\])/g, '$1')]))
    : json
}

const parentOf = (row: Json): string => {
  const path: unknown = decoded(row['parent_run_ids'])
  return (
    idIn(row, 'parent_run_id') ?? (Array.isArray(path) ? idOf((path as readonly unknown[]).at(-1)) : undefined) ?? ''
  )
}

const feedbackOf = (row: Json): Record<string, number> => {
  const stats = objectIn(row, 'feedback_stats')
  return Object.fromEntries(
    Object.entries(stats).flatMap(([name, value]) =>
      isObject(value) && typeof value['avg'] === 'number' ? [[name, value['avg']]] : [],
    ),
  )
}

const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

const spanOf = (row: unknown): Span | undefined => {
  if (!isRun(row)) return undefined
  const metadata = objectIn(objectIn(row, 'extra'), 'metadata')
  return {
    id: idIn(row, 'id') ?? '',
    parent: parentOf(row),
    start: plainText(row['dotted_order'] ?? row['start_time']),
    content: contentOf(row),
    queryId: idIn(metadata, 'query_id', 'qid'),
    golds: [...goldsOf(metadata), ...goldsOf(row)],
    scores: { ...Object.fromEntries(scoresOf(metadata)), ...feedbackOf(row) },
    promptTokens: row['run_type'] === 'llm' ? count(row['prompt_tokens']) : undefined,
    completionTokens: row['run_type'] === 'llm' ? count(row['completion_tokens']) : undefined,
  }
}

export const langsmith: LogFormat = {
  summary: 'LangSmith runs, a run a row',
  refines: [],
  fits: isRun,
  reading: {
    kind: 'pieces',
    pieces: (record) =>
      isRun(record)
        ? [{ trace: idIn(record, 'trace_id', 'id') ?? '', body: record }]
        : { skip: 'no-run', detail: 'no run_type with inputs or outputs' },
    join: (trace, bodies) =>
      sessionOfSpans(
        trace,
        bodies.map(spanOf).filter((span) => span !== undefined),
      ),
  },
}
