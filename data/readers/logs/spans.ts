// Spans of a trace, whoever recorded them, as a session: model calls, tool calls and retrievals in the order of time.
import { addTurns, firstQuestion, resultsOf } from './chat.ts'
import { sessionBuilder } from './build.ts'
import type { LogRecord } from './session.ts'

/** What a span is about, the same for every recorder. */
export type SpanContent =
  | { readonly kind: 'agent'; readonly question: string; readonly answer: string }
  /** `before` is the history that the model was given, `after` what it replied; turns as in chats. */
  | {
      readonly kind: 'model'
      readonly model: string
      readonly before: readonly unknown[]
      readonly after: readonly unknown[]
    }
  | {
      readonly kind: 'tool'
      readonly name: string
      readonly callId: string | undefined
      readonly arguments: unknown
      readonly result: unknown
    }
  | { readonly kind: 'retrieval'; readonly name: string; readonly query: string; readonly documents: unknown }
  | { readonly kind: 'score'; readonly name: string; readonly value: number }
  | { readonly kind: 'other' }

export interface Span {
  readonly id: string
  /** "" for a root. */
  readonly parent: string
  /** Orders spans: by their start. */
  readonly start: string
  readonly content: SpanContent
  readonly queryId?: string | undefined
  readonly golds?: readonly string[] | undefined
  readonly scores?: Readonly<Record<string, number>> | undefined
  readonly promptTokens?: number | undefined
  readonly completionTokens?: number | undefined
}

const isOf =
  <K extends SpanContent['kind']>(kind: K) =>
  (span: Span): span is Span & { readonly content: Extract<SpanContent, { kind: K }> } =>
    span.content.kind === kind

/** The nearest span above that is a tool's call. */
const toolAbove = (span: Span, byId: ReadonlyMap<string, Span>): Span | undefined => {
  const visited = new Set<string>()
  for (
    let above = byId.get(span.parent);
    above !== undefined && !visited.has(above.id);
    above = byId.get(above.parent)
  ) {
    if (above.content.kind === 'tool') return above
    visited.add(above.id)
  }
  return undefined
}

const sum = (values: readonly (number | undefined)[]): number | null => {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0)
}

/** The session of a trace. Spans may come in any order and more than once. */
export const sessionOfSpans = (trace: string, all: readonly Span[]): LogRecord => {
  const byId = new Map<string, Span>()
  let repeated = 0
  for (const span of all)
    if (byId.has(span.id)) repeated += 1
    else byId.set(span.id, span)
  const spans = [...byId.values()].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  const builder = sessionBuilder()
  for (let i = 0; i < repeated; i += 1) builder.odd('span-repeated')

  const nested = new Map<string, unknown>()
  for (const span of spans.filter(isOf('retrieval'))) {
    const above = toolAbove(span, byId)
    if (above !== undefined && !nested.has(above.id)) nested.set(above.id, span.content.documents)
  }
  let modelCalls = 0
  for (const span of spans) {
    const { content } = span
    if (content.kind === 'model') {
      // Every call repeats the history: of the first all of it counts, of the others the results that came since.
      if (modelCalls === 0) addTurns(builder, content.before)
      else for (const { id, result } of resultsOf(content.before)) if (builder.waits(id)) builder.result(id, result)
      modelCalls += 1
      builder.turn()
      addTurns(builder, content.after)
    } else if (content.kind === 'tool') {
      const { callId, name, result } = content
      const documents = nested.get(span.id)
      if (callId !== undefined && builder.has(callId)) {
        if (builder.waits(callId) && (result !== undefined || documents !== undefined))
          builder.result(callId, result, documents)
      } else if (callId === undefined && builder.adopt(name, result, documents)) continue
      else
        builder.call(callId, {
          name,
          arguments: content.arguments,
          result,
          ...(documents !== undefined && { documents }),
        })
    } else if (content.kind === 'retrieval') {
      if (toolAbove(span, byId) === undefined)
        builder.call(undefined, { name: content.name, arguments: { query: content.query }, result: content.documents })
      else builder.odd('retrieval-within-a-tool')
    }
  }
  const { events, odd } = builder.finish()
  if (!events.some(({ kind }) => kind === 'call' || kind === 'answer'))
    return {
      where: trace,
      skip: 'no-calls',
      detail: 'no span of a model, tool or retriever with content (is recording of content on?)',
    }
  const agents = spans.filter(isOf('agent'))
  const models = spans.filter(isOf('model'))
  const question =
    agents.find(({ content }) => content.question !== '')?.content.question ??
    models.map(({ content }) => firstQuestion(content.before)).find((text) => text !== '') ??
    ''
  const answered = events.some(({ kind }) => kind === 'answer')
  const answer = answered ? undefined : agents.find(({ content }) => content.answer !== '')?.content.answer
  const scores = new Map<string, number>()
  for (const span of spans) {
    for (const [name, value] of Object.entries(span.scores ?? {})) scores.set(name, value)
    if (span.content.kind === 'score') scores.set(span.content.name, span.content.value)
  }
  return {
    where: trace,
    odd: new Map([...odd, ...(agents.length > 1 ? [['sub-agent', agents.length - 1] as const] : [])]),
    session: {
      id: trace,
      queryId: spans.find(({ queryId }) => queryId !== undefined)?.queryId,
      question,
      golds: spans.find(({ golds }) => golds !== undefined && golds.length > 0)?.golds ?? [],
      events: answer === undefined ? events : [...events, { kind: 'answer', text: answer }],
      model: models.map(({ content }) => content.model).find((name) => name !== '') ?? '',
      retriever: '',
      scores,
      promptTokens: sum(models.map(({ promptTokens }) => promptTokens)),
      completionTokens: sum(models.map(({ completionTokens }) => completionTokens)),
    },
  }
}
