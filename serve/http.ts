// The service over HTTP: plain JSON, OpenAI's embeddings, and MCP's streamable transport.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import { codeOf, messageOf, UserError } from '../core/errors.ts'
import { withoutSecrets } from '../core/secrets.ts'
import { printable } from '../core/terminal.ts'
import { createBodyReader } from './body.ts'
import { authorise, createTurnstile, isLoopback, Refused } from './gate.ts'
import { answerMcp } from './mcp-http.ts'
import { documentsRequest, embeddingsRequest, limits, searchRequest, type Service } from './service.ts'

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

type Handler = (body: unknown) => Promise<object>

const parse = <S extends z.ZodType>(schema: S, body: unknown): z.output<S> => {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  throw new Refused(400, `${where}${issue?.message ?? 'the body has another form'}`)
}

const embeddings = async (service: Service, body: unknown): Promise<object> => {
  const { input, encoding_format, dimensions: asked, input_type } = parse(embeddingsRequest, body)
  const texts = typeof input === 'string' ? [input] : input
  const embedded = await service.embed(texts, input_type)
  if (embedded === undefined) throw new Refused(404, 'this server has no embedding model')
  const { vectors, dimensions, tokens } = embedded
  if (asked !== undefined && asked !== dimensions) throw new Refused(400, `dimensions: this model has ${dimensions}`)
  const data = texts.map((_, index) => {
    const vector = vectors.slice(index * dimensions, (index + 1) * dimensions)
    const embedding = encoding_format === 'float' ? [...vector] : Buffer.from(vector.buffer).toString('base64')
    return { object: 'embedding', index, embedding }
  })
  return { object: 'list', model: service.model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

const routesOf = (service: Service): Record<string, Record<string, Handler>> => ({
  '/health': {
    GET: async () => ({ status: 'ok', retriever: service.name, documents: service.size, model: service.model ?? null }),
  },
  '/search': {
    POST: async (body) => {
      const request = parse(searchRequest, body)
      const lists = await service.search(request)
      return request.queries ? { results: lists } : { hits: lists[0] }
    },
  },
  '/get_document': {
    POST: async (body) => {
      const request = parse(documentsRequest, body)
      const found = await service.get(request)
      if (request.docids) return { documents: found.map((document) => document ?? null) }
      const [document] = found
      if (document) return document
      throw new Refused(404, `there is no document ${JSON.stringify(request.docid)}`)
    },
  },
  '/v1/embeddings': { POST: (body) => embeddings(service, body) },
  '/v1/models': {
    GET: async () => ({
      object: 'list',
      data: service.model === undefined ? [] : [{ id: service.model, object: 'model', owned_by: 'lrat' }],
    }),
  },
})

const send = (response: ServerResponse, status: number, body: object): void => {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}

const pathOf = ({ url = '/' }: IncomingMessage): string => {
  const address = `http://localhost${url}`
  if (!url.startsWith('/') || url.startsWith('//') || !URL.canParse(address))
    throw new Refused(400, 'the path must begin with one slash')
  return new URL(address).pathname
}

/** Whoever hung up while waiting in line gets no work done. */
const wanted = (response: ServerResponse): ServerResponse => {
  if (response.destroyed) throw new Refused(400, 'the client has gone')
  return response
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
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    authorise(request, token)
    const pathname = pathOf(request)
    const method = request.method ?? ''
    if (pathname === '/mcp') {
      if (method === 'POST') {
        const body = await readJson(request)
        const found = await turn(() => answerMcp(service, request.headers, body, wanted(response)))
        if (!response.destroyed) response.writeHead(found.status, found.headers).end(found.body)
        return
      }
      response.setHeader('allow', 'POST')
      throw new Refused(405, 'this MCP server has no sessions: POST only')
    }
    const methods = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined
    if (methods === undefined)
      throw new Refused(404, `there is no ${pathname}: ${Object.keys(routes).join(', ')}, /mcp`)
    const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (handler === undefined) {
      response.setHeader('allow', Object.keys(methods).join(', '))
      throw new Refused(405, `${pathname} takes ${Object.keys(methods).join(', ')}`)
    }
    // What only says how the server is does no work, and is answered however busy it is.
    if (method === 'GET') return send(response, 200, await handler(undefined))
    const body = await readJson(request)
    send(response, 200, await turn(() => (wanted(response), handler(body))))
  }
  let closing = false
  const server = createServer((request, response) => {
    if (closing) response.setHeader('connection', 'close')
    answer(request, response).catch((error: unknown) => {
      const status = error instanceof Refused ? error.status : 500
      if (status === 500) process.stderr.write(`error: ${printable(withoutSecrets(messageOf(error)))}\n`)
      if (!request.complete && !response.headersSent) {
        response.setHeader('connection', 'close')
        // The client may go on sending what nobody reads.
        response.once('finish', () => setTimeout(() => request.destroy(), LINGER_MS).unref())
      }
      send(response, status, { error: { message: status === 500 ? 'internal error' : messageOf(error) } })
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
