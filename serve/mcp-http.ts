// MCP's streamable transport: each request has its own short-lived server over the shared service.
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { z } from 'zod'
import { Refused } from './gate.ts'
import { createMcpServer } from './mcp.ts'
import { limits, type Service } from './service.ts'

export interface McpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface McpCall {
  readonly service: Service
  readonly turn: <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
  /** Aborted when the client hangs up. */
  readonly gone: AbortSignal
}

/** What is looked at of a message here; the transport checks the rest. */
const request = z.object({ method: z.string(), id: z.union([z.string(), z.number()]) })
const cancellation = z.object({
  method: z.literal('notifications/cancelled'),
  params: z.object({ requestId: z.union([z.string(), z.number()]) }),
})

const passes = <S extends z.ZodType>(schema: S, messages: readonly unknown[]): z.output<S>[] =>
  messages.flatMap((message) => {
    const { data } = schema.safeParse(message)
    return data === undefined ? [] : [data]
  })

const SESSION = 'mcp-session-id'
/** The answer to a request that its client has cancelled: it waits for none. */
const NOTHING: McpAnswer = { status: 202, headers: {}, body: '' }

/** Rejects once the signal is aborted or the time is over: a cancelled request is never answered by the transport. */
const givenUp = (signal: AbortSignal): { readonly promise: Promise<never>; readonly stop: () => void } => {
  let stop = (): void => undefined
  const promise = new Promise<never>((_, reject) => {
    const gone = (): void => reject(new Refused(400, 'the client has gone'))
    const timer = setTimeout(() => reject(new Refused(504, 'no answer in time')), limits.workMilliseconds)
    signal.addEventListener('abort', gone, { once: true })
    stop = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', gone)
    }
  })
  return { promise, stop }
}

const forward = async ({ service, headers, body }: McpCall, signal: AbortSignal): Promise<McpAnswer> => {
  const server = createMcpServer(service)
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  })
  const passed = Object.entries(headers).filter(([name]) => /^(accept|content-type|mcp-protocol-version)$/.test(name))
  const inner = new Request('http://localhost/mcp', {
    method: 'POST',
    headers: passed.map(([name, value]): [string, string] => [name, String(value)]),
  })
  const end = givenUp(signal)
  try {
    await server.connect(transport)
    const answer = await Promise.race([transport.handleRequest(inner, { parsedBody: body }), end.promise])
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() }
  } finally {
    end.stop()
    await server.close()
  }
}

/**
 * Answers messages and batches of them; an answer resolves before any of it is sent. Nothing is kept of a session but
 * what of it is in progress: its id, which a client gets with its first answer, only tells whose request a
 * cancellation means. Throws Refused when nothing comes.
 */
export const createMcpCalls = (): { answer(call: McpCall): Promise<McpAnswer> } => {
  const inProgress = new Map<string, AbortController>()
  const keyOf = (session: string, id: string | number): string => JSON.stringify([session, id])

  const answer = async (call: McpCall): Promise<McpAnswer> => {
    const messages: readonly unknown[] = Array.isArray(call.body) ? call.body : [call.body]
    const given = call.headers[SESSION]
    const session = typeof given === 'string' ? given : undefined
    if (session !== undefined)
      for (const { params } of passes(cancellation, messages)) inProgress.get(keyOf(session, params.requestId))?.abort()
    const requests = passes(request, messages)
    const cancelled = new AbortController()
    const keys = session === undefined ? [] : requests.map(({ id }) => keyOf(session, id))
    for (const key of keys) inProgress.set(key, cancelled)
    try {
      const signal = AbortSignal.any([call.gone, cancelled.signal])
      const found = await call.turn(() => forward(call, signal), signal)
      if (!requests.some(({ method }) => method === 'initialize')) return found
      return { ...found, headers: { ...found.headers, [SESSION]: randomUUID() } }
    } catch (error) {
      if (cancelled.signal.aborted) return NOTHING
      throw error
    } finally {
      for (const key of keys) if (inProgress.get(key) === cancelled) inProgress.delete(key)
    }
  }
  return { answer }
}
