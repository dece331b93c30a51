// The service over HTTP: plain JSON, OpenAI's embeddings, and MCP's streamable transport.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { z } from 'zod'
import { codeOf, messageOf, UserError } from '../core/errors.ts'
import { authorise, createTurnstile, isLoopback, readJsonBody, Refused } from './gate.ts'
import { createMcpServer } from './mcp.ts'
import { documentsRequest, embeddingsRequest, limits, searchRequest, type Service } from './service.ts'

export interface ServeOptions {
  /** Address to bind; beyond loopback a token is required. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly token?: string
}

export interface RunningServer {
  /** Where it answers, such as http://127.0.0.1:8080. */
  readonly url: string
  /** Stops accepting, lets requests in progress finish, then resolves. The service stays open. */
  close(): Promise<void>
}

type Handler = (body: unknown) => Promise<object>

const parse = <S extends z.ZodType>(schema: S, body: unknown): z.output<S> => {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Refused(400, `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`)
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

/** MCP without sessions: each request has its own short-lived server over the shared service. */
const answerMcp = async (service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await readJsonBody(request, limits.bodyBytes)
  const server = createMcpServer(service)
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true })
  const ended = new Promise<void>((resolve) => response.once('close', resolve))
  try {
    await server.connect(transport)
    await transport.handleRequest(request, response, body)
    await ended
  } finally {
    await server.close()
  }
}

/** Serves until closed. Throws UserError for a host beyond loopback without a token, and for a port in use. */
export const serveHttp = async (service: Service, { host, port, token }: ServeOptions): Promise<RunningServer> => {
  if (!isLoopback(host) && (token === undefined || token.length < 16)) {
    throw new UserError({
      where: `serving on ${host}`,
      expected: 'a token of at least 16 characters, since others can reach this address',
      found: token === undefined ? 'none' : `one of ${token.length} characters`,
      fix: 'Set LRAT_SERVE_TOKEN, or bind to 127.0.0.1.',
    })
  }
  const routes = routesOf(service)
  const turn = createTurnstile(limits.concurrency, limits.concurrency)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    authorise(request, token)
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/mcp') {
      if (request.method === 'POST') return turn(() => answerMcp(service, request, response))
      response.setHeader('allow', 'POST')
      throw new Refused(405, 'this MCP server has no sessions: POST only')
    }
    const methods = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined
    if (methods === undefined)
      throw new Refused(404, `there is no ${pathname}: ${Object.keys(routes).join(', ')}, /mcp`)
    const handler = Object.hasOwn(methods, request.method ?? '') ? methods[request.method ?? ''] : undefined
    if (handler === undefined) {
      response.setHeader('allow', Object.keys(methods).join(', '))
      throw new Refused(405, `${pathname} takes ${Object.keys(methods).join(', ')}`)
    }
    const body = request.method === 'POST' ? await readJsonBody(request, limits.bodyBytes) : undefined
    send(response, 200, await turn(() => handler(body)))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const status = error instanceof Refused ? error.status : 500
      if (status === 500) process.stderr.write(`error: ${messageOf(error)}\n`)
      if (!request.complete) response.setHeader('connection', 'close')
      send(response, status, { error: { message: status === 500 ? 'internal error' : messageOf(error) } })
    })
  })
  server.requestTimeout = 60_000
  server.headersTimeout = 20_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES' || codeOf(error) === 'EADDRNOTAVAIL'
          ? new UserError({
              where: `${host}:${port}`,
              expected: 'an address to serve on',
              found: messageOf(error),
              fix: 'Choose another --port or --host.',
              cause: error,
            })
          : error,
      ),
    )
    server.listen(port, host, resolve)
  })
  const { address, family, port: bound } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        // Connections that are kept alive become idle one by one.
        const sweep = setInterval(() => server.closeIdleConnections(), 50)
        server.close(() => {
          clearInterval(sweep)
          resolve()
        })
      }),
  }
}
