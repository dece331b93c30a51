// OpenTelemetry traces as OTLP JSON: the GenAI conventions, OpenInference's and the Vercel AI SDK's attributes.
import { isObject, type Json } from '../../../core/json.ts'
import type { LogFormat, Piece } from './format.ts'
import { genAi } from './otlp-gen-ai.ts'
import { openInference } from './otlp-open-inference.ts'
import { aiSdk } from './otlp-ai-sdk.ts'
import { sessionOfSpans, type Span, type SpanContent } from './spans.ts'
import { goldsOf, idOf, plainText, scoresOf } from './values.ts'

/** The value of OTLP's AnyValue; 64-bit integers come as text. */
const valueOf = (value: unknown): unknown => {
  if (!isObject(value)) return value
  if ('stringValue' in value) return value['stringValue']
  if ('intValue' in value) return Number(value['intValue'])
  if ('doubleValue' in value) return value['doubleValue']
  if ('boolValue' in value) return value['boolValue']
  if (isObject(value['arrayValue']))
    return (
      Array.isArray(value['arrayValue']['values']) ? (value['arrayValue']['values'] as readonly unknown[]) : []
    ).map(valueOf)
  if (isObject(value['kvlistValue'])) return attributesOf(value['kvlistValue']['values'])
  return undefined
}

/** Attributes as an object without a prototype: names are users' own. */
const attributesOf = (list: unknown): Json => {
  const found = Object.create(null) as Record<string, unknown>
  if (isObject(list)) Object.assign(found, list)
  if (Array.isArray(list))
    for (const item of list as readonly unknown[])
      if (isObject(item) && typeof item['key'] === 'string') found[item['key']] = valueOf(item['value'])
  return found
}

const itemsOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** Spans of a record: of a whole export, of one resource's, or a single span. */
const spansIn = (record: unknown): readonly Json[] => {
  if (!isObject(record)) return []
  if ('resourceSpans' in record) return itemsOf(record['resourceSpans']).flatMap(spansIn)
  const scopes = record['scopeSpans'] ?? record['instrumentationLibrarySpans']
  if (scopes !== undefined) return itemsOf(scopes).flatMap((scope) => itemsOf(scope['spans']))
  return traceOf(record) !== undefined && spanIdOf(record) !== undefined ? [record] : []
}

const context = (span: Json): Json =>
  isObject(span['context']) ? span['context'] : isObject(span['_spanContext']) ? span['_spanContext'] : {}
const traceOf = (span: Json): string | undefined =>
  idOf(span['traceId'] ?? span['trace_id'] ?? context(span)['traceId'] ?? context(span)['trace_id'])
const spanIdOf = (span: Json): string | undefined =>
  idOf(
    span['spanId'] ??
      span['span_id'] ??
      context(span)['spanId'] ??
      context(span)['span_id'] ??
      (span['traceId'] === undefined ? undefined : span['id']),
  )

/** Starts as texts of equal length, so that they sort by time: nanoseconds, a pair of seconds and nanoseconds, or a date. */
const startOf = (span: Json): string => {
  const value =
    span['startTimeUnixNano'] ??
    span['start_time_unix_nano'] ??
    span['startTime'] ??
    span['start_time'] ??
    span['timestamp']
  if (Array.isArray(value)) return `${String(value[0]).padStart(12, '0')}${String(value[1]).padStart(9, '0')}`
  const text = plainText(value)
  if (/^\d+$/.test(text)) return text.padStart(21, '0')
  const time = Date.parse(text)
  // A date's digits behind the milliseconds count too.
  return Number.isNaN(time)
    ? text
    : `${String(time).padStart(15, '0')}${(/\.\d{3}(\d+)/.exec(text)?.[1] ?? '').padEnd(6, '0').slice(0, 6)}`
}

const pieceOf = (span: Json): Piece[] => {
  const trace = traceOf(span)
  const id = spanIdOf(span)
  if (trace === undefined || id === undefined) return []
  const attributes = attributesOf(span['attributes'])
  // Older instrumentations record messages as events.
  const events = itemsOf(span['events']).map((event) => ({
    name: plainText(event['name']),
    ...attributesOf(event['attributes']),
  }))
  const conversation = idOf(attributes['gen_ai.conversation.id'] ?? attributes['session.id'])
  return [
    {
      trace,
      conversation,
      body: {
        id,
        parent: plainText(span['parentSpanId'] ?? span['parent_span_id'] ?? span['parent_id'] ?? ''),
        name: plainText(span['name']),
        start: startOf(span),
        attributes,
        events,
      },
    },
  ]
}

/** Reads a span's attributes by one convention; undefined where they are of another. */
export type Dialect = (attributes: Json, name: string, events: readonly Json[]) => SpanContent | undefined

const DIALECTS: readonly Dialect[] = [openInference, genAi, aiSdk]

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

const spanOf = (body: unknown): Span | undefined => {
  if (!isObject(body) || !isObject(body['attributes'])) return undefined
  const { attributes, id, parent, name, start, events } = body
  const content = DIALECTS.map((dialect) => dialect(attributes, plainText(name), itemsOf(events))).find(
    (found) => found !== undefined,
  )
  return {
    id: plainText(id),
    parent: plainText(parent),
    start: plainText(start),
    content: content ?? { kind: 'other' },
    queryId: idOf(attributes['query_id'] ?? attributes['lrat.query_id'] ?? attributes['metadata.query_id']),
    golds: goldsOf(attributes),
    scores: Object.fromEntries(scoresOf(attributes)),
    promptTokens: number(
      attributes['gen_ai.usage.input_tokens'] ??
        attributes['llm.token_count.prompt'] ??
        attributes['ai.usage.promptTokens'],
    ),
    completionTokens: number(
      attributes['gen_ai.usage.output_tokens'] ??
        attributes['llm.token_count.completion'] ??
        attributes['ai.usage.completionTokens'],
    ),
  }
}

export const otlp: LogFormat = {
  summary: 'OpenTelemetry traces (OTLP JSON): GenAI conventions, OpenInference, Vercel AI SDK',
  refines: [],
  fits: (record) => spansIn(record).some((span) => pieceOf(span).length > 0),
  reading: {
    kind: 'pieces',
    pieces: (record) => {
      const spans = spansIn(record)
      if (spans.length === 0 && !(isObject(record) && 'resourceSpans' in record))
        return { skip: 'no-spans', detail: 'no span with a trace id and a span id' }
      return spans.flatMap(pieceOf)
    },
    join: (trace, bodies) =>
      sessionOfSpans(
        trace,
        bodies.map(spanOf).filter((span) => span !== undefined),
      ),
  },
}
