// Clients that stall, lie and hang up: nobody else waits for them, and the server ends when it is told to.
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { whitespaceTokenizer } from '../../model/tokenize/tokenizer.ts'
import { serveHttp, type RunningServer, type ServeOptions } from '../../serve/http.ts'
import { createService, limits } from '../../serve/service.ts'

let searches = 0
let hold: Promise<void> | undefined
const service = createService({
  searcher: {
    name: 'fake',
    search: async (queries) => {
      searches += 1
      await hold
      return queries.map(() => [])
    },
    close: async () => {},
  },
  documents: { size: 0, get: async () => new Map(), close: async () => {} },
  tokenizer: whitespaceTokenizer(),
  snippetTokens: 3,
  documentTokens: 4,
})

const open: { readonly close: () => unknown }[] = []
afterEach(async () => {
  hold = undefined
  for (const one of open.splice(0).reverse()) await one.close()
})

const serve = async (options: Partial<ServeOptions> = {}): Promise<RunningServer> => {
  const server = await serveHttp(service, { host: '127.0.0.1', port: 0, graceMs: 50, ...options })
  open.push(server)
  return server
}

interface Raw {
  readonly socket: Socket
  /** Everything received until the connection closed. */
  readonly received: Promise<string>
}

/** Sends bytes as they are and leaves the connection open. */
const send = async (server: RunningServer, text: string): Promise<Raw> => {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  open.push({ close: () => socket.destroy() })
  let all = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (all += piece))
  const received = new Promise<string>((resolve) =>
    socket.on('close', () => resolve(all)).on('error', () => resolve(all)),
  )
  await new Promise<void>((resolve) => socket.write(text, () => resolve()))
  return { socket, received }
}

const head = (path: string, length: number, more = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`
const get = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${more}\r\n`
const statusOf = (reply: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(reply)?.[1])

const search = async (server: RunningServer): Promise<number> =>
  (await fetch(`${server.url}/search`, { method: 'POST', body: '{"query": "x"}' })).status
const mcp = async (server: RunningServer, body: unknown): Promise<{ status: number; text: string }> => {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const response = await fetch(`${server.url}/mcp`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}
const call = (id: number): object => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'search', arguments: { query: 'x' } },
})

describe('bodies that are never finished', () => {
  it.each(['/search', '/get_document', '/v1/embeddings', '/mcp'])('keep nobody else waiting: %s', async (path) => {
    // The deadline is too far away to be what helps.
    const server = await serve({ bodyMs: 3_600_000 })
    for (let n = 0; n < 4 * limits.concurrency; n += 1) await send(server, `${head(path, 100)}{"que`)
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    expect(await search(server)).toBe(200)
    expect((await mcp(server, call(1))).status).toBe(200)
  })

  it.each(['/search', '/mcp'])('are given up after a while: %s', async (path) => {
    const server = await serve({ bodyMs: 20 })
    const { received } = await send(server, `${head(path, 100)}{"que`)
    const reply = await received
    expect(statusOf(reply)).toBe(408)
    expect(reply).toContain('the body was not here within 0.02 seconds')
  })

  it('count for nothing when their client hangs up', async () => {
    const server = await serve()
    for (let n = 0; n < 100; n += 1) (await send(server, `${head('/mcp', 100)}{"que`)).socket.destroy()
    expect((await mcp(server, call(1))).status).toBe(200)
  })

  it('do not keep the server from ending', async () => {
    const server = await serve({ bodyMs: 3_600_000 })
    const pending = [await send(server, `${head('/search', 100)}{"que`), await send(server, 'POST /mcp HT')]
    await server.close()
    await Promise.all(pending.map(({ received }) => received))
  })
})

describe('a server that ends', () => {
  it('cuts off work that outlasts the grace period', async () => {
    let release = (): void => undefined
    hold = new Promise((resolve) => (release = resolve))
    const server = await serve()
    const before = searches
    const cut = search(server).catch(() => 'cut off')
    while (searches === before) await new Promise((resolve) => setImmediate(resolve))
    await server.close()
    expect(await cut).toBe('cut off')
    release()
  })

  it('closes connections that send one request after the other', async () => {
    const server = await serve({ graceMs: 3_600_000 })
    let release = (): void => undefined
    hold = new Promise((resolve) => (release = resolve))
    const before = searches
    const body = '{"query": "x"}'
    const { socket, received } = await send(server, head('/search', body.length) + body)
    while (searches === before) await new Promise((resolve) => setImmediate(resolve))
    const closed = server.close()
    socket.write(get('/health').replace('Connection: close\r\n', ''))
    release()
    await closed
    expect(statusOf(await received)).toBe(200)
  })
})

describe('requests that are none', () => {
  it.each([
    ['two slashes', get('//'), 400],
    ['two slashes before a host', get('//evil.example/health'), 400],
    ['an address instead of a path', get('http://localhost/health'), 400],
    ['two Host headers', get('/health', 'Host: localhost\r\n'), 400],
    ['another Host header first', `GET /health HTTP/1.1\r\nHost: evil.example\r\nhost: localhost\r\n\r\n`, 400],
    ['no Host header', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a length that is too much', head('/search', 2 ** 40), 413],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['a path that is odd', get('/%zz/%00'), 404],
    ['a path with a dot', get('/./health'), 200],
  ])('%s', async (_, text, status) => {
    const server = await serve()
    const { received, socket } = await send(server, text)
    if (status === 400) socket.end()
    expect(statusOf(await received)).toBe(status)
  })

  it('a body larger than all may be together is refused while it comes', async () => {
    const server = await serve()
    const { socket, received } = await send(
      server,
      'POST /search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    socket.on('error', () => undefined)
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`
    for (let n = 0; n < (2 * limits.bodyBytes) / 65_536 && socket.writable; n += 1) socket.write(piece)
    expect(statusOf(await received)).toBe(413)
  })

  it('MCP messages that are none, or too many, are refused', async () => {
    const server = await serve()
    const many = Array.from({ length: 2000 }, (_, id) => call(id))
    for (const body of [{}, [1], { jsonrpc: '2.0' }, 'x', null, many])
      expect((await mcp(server, body)).status, JSON.stringify(body).slice(0, 40)).toBe(400)
    expect(await search(server)).toBe(200)
  })
})

it('an MCP request that is cancelled within its own batch holds its place only as long as its client', async () => {
  let release = (): void => undefined
  hold = new Promise((resolve) => (release = resolve))
  const server = await serve()
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
  const body = JSON.stringify([call(1), cancel])
  const accept = 'Accept: application/json, text/event-stream\r\n'
  const gone = await Promise.all(
    Array.from({ length: limits.concurrency }, () => send(server, head('/mcp', body.length, accept) + body)),
  )
  for (const { socket } of gone) socket.destroy()
  release()
  hold = undefined
  expect(await search(server)).toBe(200)
})

it('a port that is none is an error of ours', async () => {
  for (const port of [70_000, -1, 1.5, NaN])
    await expect(serveHttp(service, { host: '127.0.0.1', port })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('a whole number from 0 to 65535') as string,
    })
  await expect(serveHttp(service, { host: 'localhost', port: 1.5 })).rejects.toThrow('expected an address')
})
