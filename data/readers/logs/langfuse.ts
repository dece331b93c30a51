// Langfuse's exports: an observation a row (JSONL, JSON, CSV, Parquet), scores beside them.
import { isObject, type Json } from '../../../core/json.ts'
import type { LogFormat } from './format.ts'
import { answerIn, questionIn, searchedIn, toolOutput, turnsIn } from './observations.ts'
import { sessionOfSpans, type Span, type SpanContent } from './spans.ts'
import { decoded, goldsOf, idIn, idOf, objectIn, plainText, scoresOf } from './values.ts'

const TYPES = new Set([
  'SPAN',
  'GENERATION',
  'EVENT',
  'AGENT',
  'TOOL',
  'CHAIN',
  'RETRIEVER',
  'EVALUATOR',
  'EMBEDDING',
  'GUARDRAIL',
])

const traceOf = (row: Json): string | undefined => idIn(row, 'trace_id', 'traceId')
const isObservation = (row: unknown): row is Json =>
  isObject(row) &&
  traceOf(row) !== undefined &&
  TYPES.has(plainText(row['type']).toUpperCase()) &&
  ('input' in row || 'output' in row || 'parent_observation_id' in row || 'parentObservationId' in row)

/** A score's row: it names its trace, a measure and a value. */
const isScore = (row: unknown): row is Json =>
  isObject(row) &&
  traceOf(row) !== undefined &&
  typeof row['name'] === 'string' &&
  ('value' in row || 'string_value' in row || 'stringValue' in row) &&
  !('input' in row)

const scoreOf = (row: Json): SpanContent => {
  const value = row['value']
  const text = plainText(row['string_value'] ?? row['stringValue']).toLowerCase()
  const number =
    value === null || value === undefined || value === ''
      ? text === 'true'
        ? 1
        : text === 'false'
          ? 0
          : Number.NaN
      : Number(value)
  return Number.isFinite(number) ? { kind: 'score', name: plainText(row['name']), value: number } : { kind: 'other' }
}

const contentOf = (row: Json): SpanContent => {
  const { input, output } = row
  const name = plainText(row['name'])
  switch (plainText(row['type']).toUpperCase()) {
    case 'GENERATION':
      return {
        kind: 'model',
        model: idIn(row, 'provided_model_name', 'model', 'internal_model') ?? '',
        before: turnsIn(input, 'user'),
        after: turnsIn(withCalls(row), 'assistant'),
      }
    case 'TOOL':
      return { kind: 'tool', name, arguments: decoded(input) ?? {}, ...toolOutput(output) }
    case 'RETRIEVER':
      return { kind: 'retrieval', name: name || 'retrieval', query: searchedIn(input), documents: decoded(output) }
    case 'AGENT':
    case 'CHAIN':
      return { kind: 'agent', question: questionIn(input), answer: answerIn(output) }
    case 'SPAN':
      return plainText(row['parent_observation_id'] ?? row['parentObservationId']) === ''
        ? { kind: 'agent', question: questionIn(input), answer: answerIn(output) }
        : { kind: 'other' }
    default:
      return { kind: 'other' }
  }
}

/** A generation's output with the calls that stand in a column of their own. */
const withCalls = (row: Json): unknown => {
  const output = decoded(row['output'])
  const calls = decoded(row['tool_calls'] ?? row['toolCalls'])
  if (!Array.isArray(calls) || calls.length === 0) return output
  const turns = turnsIn(output, 'assistant')
  if (turns.some((turn) => isObject(turn) && Array.isArray(turn['tool_calls']))) return output
  return [...turns, { role: 'assistant', content: '', tool_calls: (calls as readonly unknown[]).map(decoded) }]
}

const usage = (row: Json, ...names: readonly string[]): number | undefined => {
  const details = objectIn(row, 'usage_details' in row ? 'usage_details' : 'usageDetails')
  const found = names.map((name) => details[name]).find((value) => value !== undefined)
  return found === undefined || !Number.isFinite(Number(found)) ? undefined : Number(found)
}

const spanOf = (row: unknown, at: number): Span | undefined => {
  if (!isObject(row)) return undefined
  if (!isObservation(row)) return { id: `score-${at}`, parent: '', start: '~', content: scoreOf(row) }
  const metadata = objectIn(row, 'metadata')
  return {
    id: idIn(row, 'id') ?? `row-${at}`,
    parent: plainText(row['parent_observation_id'] ?? row['parentObservationId']),
    start: plainText(row['start_time'] ?? row['startTime']),
    content: contentOf(row),
    queryId: idIn(metadata, 'query_id', 'qid'),
    golds: goldsOf(row),
    scores: Object.fromEntries(scoresOf(row)),
    promptTokens: usage(row, 'input', 'prompt_tokens'),
    completionTokens: usage(row, 'output', 'completion_tokens'),
  }
}

export const langfuse: LogFormat = {
  summary: 'Langfuse observations, an observation a row, scores beside them',
  refines: [],
  fits: (record) => isObservation(record) || isScore(record),
  reading: {
    kind: 'pieces',
    pieces: (record) => {
      if (isObservation(record) || isScore(record)) return [{ trace: traceOf(record) ?? '', body: record }]
      // A row of the traces' own file.
      if (
        isObject(record) &&
        idOf(record['id']) !== undefined &&
        'input' in record &&
        'output' in record &&
        traceOf(record) === undefined
      )
        return [
          {
            trace: idOf(record['id']) ?? '',
            body: {
              ...record,
              trace_id: record['id'],
              id: `trace ${plainText(record['id'])}`,
              type: 'SPAN',
              parent_observation_id: '',
              start_time: '',
            },
          },
        ]
      return { skip: 'no-observation', detail: 'neither an observation nor a score' }
    },
    join: (trace, bodies) =>
      sessionOfSpans(
        trace,
        bodies.map(spanOf).filter((span) => span !== undefined),
      ),
  },
}
