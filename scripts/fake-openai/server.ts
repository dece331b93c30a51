// A server that speaks the OpenAI protocol over real HTTP on the loopback interface, with scripted minds and injected faults.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { readRequest, writeReply, type FakeReply, type FakeRequest } from './protocol.ts'

export const faultKinds = [
  '429',
  '429-after',
  '500',
  '502',
  'reset',
  'stall',
  'truncated',
  'short-body',
  'empty-choices',
  'no-json',
] as const
export type FaultKind = (typeof faultKinds)[number]

export interface FakeOptions {
  readonly script: (request: FakeRequest) => FakeReply | Promise<FakeReply>
  /** Which fault meets a request, if any; called once a request, in the order of arrival. */
  readonly fault?: (arrival: number) => FaultKind | undefined
  /** Milliseconds before each reply. */
  readonly thinkMs?: number
  /** Milliseconds in the Retry-After header of 429-after. */
  readonly retryAfterMs?: number
  /** Requests with another key are refused. */
  readonly key?: string
}

export interface FakeServer {
  /** With /v1. */
  readonly url: string
  readonly stats: {
    requests: number
    replies: number
    inFlight: number
    mostInFlight: number
    readonly times: number[]
  }
  readonly faults: Map<FaultKind, number>
  /** Replaces what the server does, from now on. */
  set(options: Partial<FakeOptions>): void
  close(): Promise<void>
}

const refuse = (response: ServerResponse, status: number, message: string, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ error: { message, type: 'fake', code: null } }))
}

const inject = (kind: FaultKind, response: ServerResponse, socket: Socket, retryAfterMs: number): void => {
  switch (kind) {
    case '429':
      return refuse(response, 429, 'too many requests')
    case '429-after':
      return refuse(response, 429, 'too many requests', { 'retry-after-ms': String(retryAfterMs) })
    case '500':
      return refuse(response, 500, 'internal error')
    case '502':
      response.writeHead(502, { 'content-type': 'text/html' })
      response.end('<html>bad gateway</html>')
      return
    case 'reset':
      socket.resetAndDestroy()
      return
    case 'stall':
      // Never answered: the client's timeout has to end it.
      return
    case 'truncated':
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end('{"id": "chatcmpl-1", "choices": [{"index": 0, "message": {"role": "assist')
      return
    case 'short-body':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"id": "chatcmpl-1", "choi', () => socket.destroy())
      return
    case 'empty-choices':
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', choices: [], output: null }))
      return
    case 'no-json':
      response.writeHead(200, { 'content-type': 'text/plain' })
      response.end('upstream is warming up')
  }
}

/** Starts the server on a free port of 127.0.0.1. */
export const startFake = async (given: FakeOptions, port = 0): Promise<FakeServer> => {
  let options = given
  const stats = { requests: 0, replies: 0, inFlight: 0, mostInFlight: 0, times: [] as number[] }
  const faults = new Map<FaultKind, number>()

  const answer = async (request: IncomingMessage, response: ServerResponse, text: string): Promise<void> => {
    const { script, fault, thinkMs = 0, retryAfterMs = 20, key } = options
    const arrival = stats.requests
    stats.requests += 1
    if (stats.times.length < 10_000) stats.times.push(Date.now())
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`)
      return refuse(response, 401, `Incorrect API key provided: ${request.headers.authorization ?? 'none'}`)
    const kind = fault?.(arrival)
    if (kind !== undefined) {
      faults.set(kind, (faults.get(kind) ?? 0) + 1)
      return inject(kind, response, request.socket, retryAfterMs)
    }
    const read = readRequest(request.url ?? '', JSON.parse(text) as Record<string, unknown>)
    const reply = await script(read)
    if (thinkMs > 0) await new Promise((resolve) => setTimeout(resolve, thinkMs))
    const body = writeReply(read, reply, text.length)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
    stats.replies += 1
  }

  const server = createServer((request, response) => {
    stats.inFlight += 1
    stats.mostInFlight = Math.max(stats.mostInFlight, stats.inFlight)
    response.on('close', () => (stats.inFlight -= 1))
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      answer(request, response, Buffer.concat(chunks).toString('utf8')).catch((error: unknown) =>
        refuse(response, 400, String(error)),
      )
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', 2048, resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    stats,
    faults,
    set: (changed) => (options = { ...options, ...changed }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Faults for about `share` of the requests, all kinds in turn, from a small seeded generator. */
export const someFaults = (share: number, kinds: readonly FaultKind[] = faultKinds, seed = 1) => {
  let state = seed
  let next = 0
  return (): FaultKind | undefined => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 < share ? kinds[next++ % kinds.length] : undefined
  }
}
