// The `fetch` that the `openai` package is given: undici's dispatcher without the cost of real Response and Headers objects,
// with a bound on the reply's size and error bodies of every shape brought into one.
import { Agent, type Dispatcher } from 'undici'
import { codeOf } from '../../core/errors.ts'
import { readErrorBody } from './error-body.ts'
import { MalformedReply } from './errors.ts'

export interface HttpFetch {
  readonly fetch: typeof globalThis.fetch
  /** Closes all connections. */
  close(): void
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** What the `openai` package reads of a reply. */
const responseOf = ({ status, headers: given, text }: Reply, url: string): Response => {
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(given))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  const ok = status >= 200 && status < 300
  // Of an error body the package keeps nothing but its `error`.
  const whole = ok ? text : JSON.stringify({ error: readErrorBody(text) })
  const response = {
    status,
    ok,
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

/** What a socket that the server has closed says, when a request was on its way into it. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

const aborted = (): Error => Object.assign(new Error('aborted'), { name: 'AbortError' })

export interface FetchOptions {
  /** Longest reply that is read. */
  readonly maxBytes: number
  /** Connections to a server at most; further requests wait for one. */
  readonly connections: number
  /** Laid over each reply's text before anybody reads it. */
  readonly clean?: (text: string) => string
}

/** A fetch for requests with a string body whose replies are read whole. */
export const createFetch = ({ maxBytes, connections: most, clean = (text) => text }: FetchOptions): HttpFetch => {
  const agent = new Agent({
    connections: most,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: 60_000,
    // The client has its own time limit, and aborts.
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  let connections = 0
  agent.on('connect', () => (connections += 1))

  const once = (options: Dispatcher.DispatchOptions, signal: AbortSignal | undefined): Promise<Reply | 'stale'> =>
    new Promise((resolve, reject) => {
      let controller: Dispatcher.DispatchController | undefined
      let status = 0
      const before = connections
      let headers: Reply['headers'] = {}
      let size = 0
      const chunks: Buffer[] = []
      const abort = (): void => {
        controller?.abort(aborted())
        fail(aborted())
      }
      const fail = (error: Error): void => {
        signal?.removeEventListener('abort', abort)
        reject(error)
      }
      if (signal?.aborted) {
        fail(aborted())
        return
      }
      signal?.addEventListener('abort', abort, { once: true })
      agent.dispatch(options, {
        onRequestStart: (started) => {
          controller = started
          if (signal?.aborted) started.abort(aborted())
        },
        onResponseStart: (_, code, given) => {
          status = code
          headers = given
        },
        onResponseData: (started, chunk) => {
          size += chunk.length
          chunks.push(chunk)
          if (size > maxBytes) started.abort(new MalformedReply(`the reply is longer than ${maxBytes} bytes`))
        },
        onResponseEnd: () => {
          signal?.removeEventListener('abort', abort)
          resolve({ status, headers, text: clean(Buffer.concat(chunks, size).toString('utf8')) })
        },
        onResponseError: (_, error) => {
          // Without a new connection since it began it went into a kept one: no fault of the server, a new one will do.
          const isStale = status === 0 && connections === before && CLOSED.has(codeOf(error) ?? '')
          if (!isStale) fail(error)
          else {
            signal?.removeEventListener('abort', abort)
            resolve('stale')
          }
        },
      })
    })

  const send: typeof globalThis.fetch = async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const given = init.headers instanceof Headers ? init.headers : new Headers(init.headers)
    const options: Dispatcher.DispatchOptions = {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: init.method === 'POST' ? 'POST' : 'GET',
      headers: { ...Object.fromEntries(given.entries()), 'accept-encoding': 'identity' },
      body: typeof init.body === 'string' ? init.body : null,
    }
    const signal = init.signal ?? undefined
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const reply = await once(options, signal)
      if (reply !== 'stale') return responseOf(reply, url.href)
    }
    throw new Error('the server closed the connection')
  }

  return {
    fetch: send,
    close: () => void agent.destroy().catch(() => undefined),
  }
}
