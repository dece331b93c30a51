// The `fetch` that the `openai` package is given: node:http with kept-alive sockets, about twice as fast as Node 20's own
// fetch in small calls, and with a bound on the reply's size.
import http from 'node:http'
import https from 'node:https'
import type { IncomingMessage } from 'node:http'
import { codeOf } from '../../core/errors.ts'
import { MalformedReply } from './errors.ts'

export interface HttpFetch {
  readonly fetch: typeof globalThis.fetch
  /** Closes idle connections. */
  close(): void
}

const read = (reply: IncomingMessage, maxBytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    reply.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size > maxBytes) reply.destroy(new MalformedReply(`the reply is longer than ${maxBytes} bytes`))
    })
    reply.on('end', () => resolve(Buffer.concat(chunks, size)))
    reply.on('error', reject)
    reply.on('aborted', () => reject(new Error('the connection closed in the middle of the reply')))
  })

/**
 * What the `openai` package reads of a reply. Real Response and Headers objects are a good part of the cost of a small call.
 */
const responseOf = (reply: IncomingMessage, whole: string, url: string): Response => {
  const status = reply.statusCode ?? 500
  const headers = new Map<string, string>()
  for (const name in reply.headers) {
    const value = reply.headers[name]
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const response = {
    status,
    ok: status >= 200 && status < 300,
    url,
    headers: { get: (name: string) => headers.get(name.toLowerCase()) ?? null, entries: () => headers.entries() },
    body: null,
    text: async () => whole,
    json: async () => JSON.parse(whole) as unknown,
  }
  return response as unknown as Response
}

/** Idle sockets are closed before a server does it: uvicorn, which runs vLLM and SGLang, closes them after five seconds. */
const IDLE_MS = 4000

/** The server closed a kept-alive socket while a request was on its way into it: no fault, a new socket will do. */
class StaleSocket extends Error {
  override readonly message = 'the server closed the connection'
}

const isClosed = (error: Error): boolean => ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '')

/** A fetch for requests with a string body whose replies are read whole, of at most `maxBytes`, and go through `clean`. */
export const createFetch = (maxBytes: number, clean: (reply: string) => string = (reply) => reply): HttpFetch => {
  const options = { keepAlive: true, scheduling: 'lifo', timeout: IDLE_MS } as const
  const plain = new http.Agent(options)
  const secure = new https.Agent(options)

  const once = (input: string | URL | Request, init: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input)
      const body = typeof init.body === 'string' ? init.body : undefined
      const headers: Record<string, string | number> = {}
      const given = init.headers instanceof Headers ? init.headers : new Headers(init.headers)
      given.forEach((value, name) => (headers[name] = value))
      if (body !== undefined) headers['content-length'] = Buffer.byteLength(body)
      headers['accept-encoding'] = 'identity'
      const signal = init.signal ?? undefined
      const isSecure = url.protocol === 'https:'
      const request = (isSecure ? https : http).request(
        url,
        { method: init.method ?? 'GET', headers, agent: isSecure ? secure : plain },
        (reply) => {
          request.reusedSocket = false
          read(reply, maxBytes).then(
            (bytes) => {
              signal?.removeEventListener('abort', abort)
              resolve(responseOf(reply, clean(bytes.toString('utf8')), url.href))
            },
            (error: unknown) => fail(error as Error),
          )
        },
      )
      const fail = (error: Error): void => {
        signal?.removeEventListener('abort', abort)
        reject(error)
      }
      const abort = (): void => {
        const error = new Error('aborted')
        error.name = 'AbortError'
        request.destroy(error)
        fail(error)
      }
      request.on('error', (error) => fail(request.reusedSocket && isClosed(error) ? new StaleSocket() : error))
      if (signal?.aborted) {
        abort()
        return
      }
      signal?.addEventListener('abort', abort, { once: true })
      request.end(body)
    })

  const send: typeof globalThis.fetch = (input, init = {}) =>
    once(input, init).catch((error: unknown) => {
      if (error instanceof StaleSocket) return once(input, init)
      throw error
    })

  return {
    fetch: send,
    close: () => {
      plain.destroy()
      secure.destroy()
    },
  }
}
