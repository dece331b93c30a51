// The service over HTTP: plain JSON, OpenAI's embeddings, and MCP's streamable transport.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { codeOf, messageOf, UserError } from '../core/errors.ts'
import { withoutSecrets } from '../core/secrets.ts'
import { printable } from '../core/terminal.ts'
import { createBodyReader } from './body.ts'
import { authorise, createTurnstile, isLoopback, Refused } from './gate.ts'
import { createMcpCalls } from './mcp-http.ts'
import { findRoute, routesOf } from './routes.ts'
import { limits, type Service } from './service.ts'

export interface ServeOptions {
  /** Address to bind; beyond loopback a token is required. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly token?: string
  /** Milliseconds that `close` lets requests in progress finish before it cuts them off. Default 10,000. */
  readonly graceMs?: number
  /** Milliseconds for the body of a request. Default `limits.bodyMilliseconds`. */
  readonly bodyMs?: number
}

export interface RunningServer {
  /** Where it answers, such as http://127.0.0.1:8080. */
  readonly url: string
  /** Stops accepting, lets requests in progress finish for a while, closes what is left. The service stays open. */
  close(): Promise<void>
}

/** Milliseconds that a client has to read a refusal before its connection is closed. */
const LINGER_MS = 1000

const send = (response: ServerResponse, status: number, body: object): void => {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}

const addressOf = ({ url = '/' }: IncomingMessage): URL => {
  const address = `http://localhost${url}`
  if (!url.startsWith('/') || url.startsWith('//') || !URL.canParse(address))
    throw new Refused(400, 'the path must begin with one slash')
  return new URL(address)
}

/** Aborted when the client hangs up before it has its answer. */
const goneSignal = (response: ServerResponse): AbortSignal => {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}

/** What went wrong, as OpenAI's clients read it. */
const errorObject = (error: unknown): { readonly status: number; readonly body: object } => {
  if (!(error instanceof Refused))
    return {
      status: 500,
      body: { error: { message: 'internal error', type: 'server_error', param: null, code: null } },
    }
  const { status, message, param, code } = error
  return {
    status,
    body: { error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param, code } },
  }
}

const badAddress = (where: string, found: string, cause?: unknown): UserError =>
  new UserError({ where, expected: 'an address to serve on', found, fix: 'Choose another --port or --host.', cause })

/** Serves until closed. Throws UserError for a host beyond loopback without a token, and for a port in use. */
export const serveHttp = async (
  service: Service,
  { host, port, token, graceMs = 10_000, bodyMs = limits.bodyMilliseconds }: ServeOptions,
): Promise<RunningServer> => {
  if (!isLoopback(host) && (token === undefined || token.length < 16)) {
    throw new UserError({
      where: `serving on ${host}`,
      expected: 'a token of at least 16 characters, since others can reach this address',
      found: token === undefined ? 'none' : `one of ${token.length} characters`,
      fix: 'Set LRAT_SERVE_TOKEN, or bind to 127.0.0.1.',
    })
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw badAddress(`${host}, port ${port}`, 'no port, which is a whole number from 0 to 65535')
  const routes = routesOf(service)
  const turn = createTurnstile(limits.concurrency, limits.concurrency)
  const readJson = createBodyReader({ bytes: limits.bodyBytes, milliseconds: bodyMs, allBytes: limits.allBodyBytes })
  const calls = createMcpCalls()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    authorise(request, token)
    const { pathname, searchParams } = addressOf(request)
    const method = request.method ?? ''
    const gone = goneSignal(response)
    if (pathname === '/mcp') {
      if (method === 'POST') {
        const found = await calls.answer({
          service,
          turn,
          headers: request.headers,
          body: await readJson(request),
          gone,
        })
        if (!response.destroyed) response.writeHead(found.status, found.headers).end(found.body)
        return
      }
      response.setHeader('allow', 'POST')
      throw new Refused(405, 'this MCP server keeps no sessions: POST only')
    }
    const route = findRoute(routes, pathname)
    const handler = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined
    if (handler === undefined) {
      response.setHeader('allow', Object.keys(route.methods).join(', '))
      throw new Refused(405, `${pathname} takes ${Object.keys(route.methods).join(', ')}`)
    }
    const asked = { name: route.name, searchParams, body: undefined, signal: gone }
    // What only says how the server is does no work, and is answered however busy it is.
    if (handler.work === 'none') return send(response, 200, await handler.answer(asked))
    const body = method === 'GET' ? undefined : await readJson(request)
    send(response, 200, await turn(() => handler.answer({ ...asked, body }), gone))
  }
  let closing = false
  const server = createServer((request, response) => {
    if (closing) response.setHeader('connection', 'close')
    answer(request, response).catch((error: unknown) => {
      const { status, body } = errorObject(error)
      if (response.destroyed) return
      if (status === 500) process.stderr.write(`error: ${printable(withoutSecrets(messageOf(error)))}\n`)
      if (!request.complete && !response.headersSent) {
        response.setHeader('connection', 'close')
        // The client may go on sending what nobody reads.
        response.once('finish', () => setTimeout(() => request.destroy(), LINGER_MS).unref())
      }
      send(response, status, body)
    })
  })
  server.maxConnections = limits.connections
  server.headersTimeout = 20_000
  // Bodies have a deadline of their own; this one is Node's for what never becomes a request.
  server.requestTimeout = Math.max(60_000, 2 * bodyMs)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(codeOf(error) === undefined ? error : badAddress(`${host}:${port}`, messageOf(error), error)),
    )
    server.listen(port, host, resolve)
  })
  const { address, family, port: bound } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        closing = true
        // Connections that are kept alive become idle one by one.
        const sweep = setInterval(() => server.closeIdleConnections(), 50)
        const end = setTimeout(() => server.closeAllConnections(), graceMs)
        server.close(() => {
          clearInterval(sweep)
          clearTimeout(end)
          resolve()
        })
      }),
  }
}
