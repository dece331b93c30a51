import { request as rawRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whitespaceTokenizer } from '../../model/tokenize/tokenizer.ts'
import { createTurnstile, isLoopback } from '../../serve/gate.ts'
import { serveHttp, type RunningServer } from '../../serve/http.ts'
import { createService, limits } from '../../serve/service.ts'
import { fakeEmbedder } from './fake-embedder.ts'

const texts = new Map([
  ['a', { title: 'Otters', text: 'Otters\nThey swim in rivers all day long.' }],
  ['b', { title: '', text: 'Bears eat fish.' }],
])
let slow: Promise<void> | undefined
const service = createService({
  searcher: {
    name: 'fake',
    search: async (queries, k) => {
      await slow
      return queries.map(({ text, hidden }) =>
        text === 'nothing'
          ? []
          : [...texts.keys()]
              .filter((id) => !hidden?.has(id))
              .map((docid, i) => ({ docid, score: 2 - i }))
              .slice(0, k),
      )
    },
    close: async () => {},
  },
  documents: {
    size: 2,
    get: async (docids) => new Map([...texts].filter(([id]) => docids.includes(id))),
    close: async () => {},
  },
  tokenizer: whitespaceTokenizer(),
  embedder: fakeEmbedder,
  snippetTokens: 3,
  documentTokens: 4,
})

let server: RunningServer
beforeAll(async () => {
  server = await serveHttp(service, { host: '127.0.0.1', port: 0 })
})
afterAll(() => server.close())

const post = async (path: string, body: unknown, headers: Record<string, string> = {}, url = server.url) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${url}${path}`, { method: 'POST', body: text, headers })
  return { status: response.status, body: (await response.json()) as Record<string, never> }
}

describe('HTTP', () => {
  it('searches one query or many', async () => {
    const hit = { rank: 1, docid: 'a', score: 2, title: 'Otters', text: 'They swim in' }
    expect((await post('/search', { query: 'otters', k: 1 })).body).toEqual({ hits: [hit] })
    const many = await post('/search', { queries: ['x', { text: 'y', hidden: ['a'] }, 'nothing'], k: 1 })
    expect(many.body).toEqual({
      results: [[hit], [{ rank: 1, docid: 'b', score: 2, title: '', text: 'Bears eat fish.' }], []],
    })
    expect((await post('/search', { query: 'otters', k: 0 })).body).toEqual({ hits: [] })
  })

  it('opens documents', async () => {
    expect((await post('/get_document', { docid: 'a' })).body).toMatchObject({
      docid: 'a',
      text: 'Otters\nThey swim in',
    })
    expect((await post('/get_document', { docid: 'a', full: true })).body).toMatchObject({ text: texts.get('a')?.text })
    expect((await post('/get_document', { docids: ['b', 'z'] })).body).toMatchObject({
      documents: [{ docid: 'b' }, null],
    })
    expect(await post('/get_document', { docid: 'z' })).toMatchObject({ status: 404 })
  })

  it('searches under /v1 as well', async () => {
    const body = { query: 'otters', k: 1 }
    expect(await post('/v1/search', body)).toEqual(await post('/search', body))
  })

  it('answers as DeepResearchGym does, with whole documents', async () => {
    const results = async (path: string) => {
      const { results } = (await (await fetch(`${server.url}${path}`)).json()) as { results: string[] }
      return results.map((one) => JSON.parse(Buffer.from(one, 'base64').toString('utf8')) as unknown)
    }
    const text = texts.get('a')?.text
    expect(await results('/fineweb/search?query=otters&k=1')).toMatchObject([{ id: 'a', url: 'a', text }])
    expect(await results('/search?query=otters&k=1')).toMatchObject([
      { URL: 'a', 'ClueWeb22-ID': 'a', 'Clean-Text': text },
    ])
    expect((await fetch(`${server.url}/search?k=1`)).status).toBe(400)
  })

  it('refuses what it cannot take, and says why', async () => {
    const cases: [string, unknown, number, string][] = [
      ['/search', { query: 'x', k: limits.k + 1 }, 400, 'k: '],
      ['/search', { query: 'x', k: -1 }, 400, 'k: '],
      ['/search', {}, 400, 'give one of query and queries'],
      ['/search', { query: 'x', kk: 1 }, 400, 'kk'],
      ['/search', { queries: Array.from({ length: limits.queries + 1 }, () => 'x') }, 400, 'queries: '],
      ['/search', '{', 400, 'must be JSON'],
      ['/nowhere', {}, 404, 'there is no /nowhere'],
      ['/health', {}, 405, 'takes GET'],
      ['/__proto__', {}, 404, 'there is no'],
    ]
    for (const [path, body, status, message] of cases) {
      const answer = await post(path, body)
      expect(answer.status, path).toBe(status)
      const error = answer.body['error'] as { message: string; type: string }
      expect(error.message).toContain(message)
      expect(error).toMatchObject({ type: 'invalid_request_error', code: null })
    }
    const large = await post('/search', `"${'x'.repeat(limits.bodyBytes)}"`).catch(() => ({ status: 413 }))
    expect(large.status).toBe(413)
  })

  it('answers loopback names only, and no web page of another origin', async () => {
    const status = (headers: Record<string, string>) =>
      new Promise((resolve, reject) => {
        const outgoing = rawRequest(`${server.url}/health`, { headers }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        outgoing.on('error', reject).end()
      })
    expect(await status({})).toBe(200)
    expect(await status({ host: 'localhost:9' })).toBe(200)
    expect(await status({ host: 'evil.example' })).toBe(403)
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    expect(await status({ origin: 'http://localhost:3000' })).toBe(200)
    expect(['127.0.0.9', '[::1]', 'LOCALHOST'].every(isLoopback)).toBe(true)
    expect(['127.evil.example', '0.0.0.0', '::', '', '10.0.0.1'].some(isLoopback)).toBe(false)
  })

  it('needs a token beyond loopback, and checks it', async () => {
    await expect(serveHttp(service, { host: '0.0.0.0', port: 0 })).rejects.toThrow('LRAT_SERVE_TOKEN')
    await expect(serveHttp(service, { host: '0.0.0.0', port: 0, token: 'short' })).rejects.toThrow('5 characters')
    const token = 'a-long-enough-token'
    const open = await serveHttp(service, { host: '0.0.0.0', port: 0, token })
    const url = open.url.replace('0.0.0.0', '127.0.0.1')
    expect((await post('/search', { query: 'x' }, {}, url)).status).toBe(401)
    expect((await post('/search', { query: 'x' }, { authorization: 'Bearer wrong' }, url)).status).toBe(401)
    expect((await post('/search', { query: 'x' }, { authorization: `Bearer ${token}` }, url)).status).toBe(200)
    expect((await post('/search', { query: 'x' }, { 'x-api-key': token }, url)).status).toBe(200)
    await open.close()
  })

  it('refuses a port in use', async () => {
    const port = Number(new URL(server.url).port)
    await expect(serveHttp(service, { host: '127.0.0.1', port })).rejects.toThrow('expected an address to serve on')
  })

  it('finishes what it began when it is closed, and refuses a crowd', async () => {
    let release = () => {}
    slow = new Promise((resolve) => (release = resolve))
    const busy = await serveHttp(service, { host: '127.0.0.1', port: 0 })
    const crowd = Array.from({ length: 2 * limits.concurrency + 3 }, () =>
      post('/search', { query: 'x' }, {}, busy.url),
    )
    let refused = 0
    await new Promise<void>((resolve) => {
      for (const one of crowd) void one.then(({ status }) => status === 503 && ++refused === 3 && resolve())
    })
    const closed = busy.close()
    release()
    slow = undefined
    const statuses = (await Promise.all(crowd)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 503)).toHaveLength(3)
    expect(statuses.filter((status) => status === 200)).toHaveLength(2 * limits.concurrency)
    await closed
    await expect(post('/search', { query: 'x' }, {}, busy.url)).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET/) as unknown },
    })
  })
})

describe('createTurnstile', () => {
  it('goes on after failures', async () => {
    const turn = createTurnstile(1, 5)
    const failing = turn(async () => {
      throw new Error('no')
    })
    const next = turn(async () => 7)
    await expect(failing).rejects.toThrow('no')
    expect(await next).toBe(7)
    expect(await turn(async () => 8)).toBe(8)
  })

  it('never begins what was given up while it waited', async () => {
    const turn = createTurnstile(1, 5)
    let end = (): void => undefined
    const first = turn(() => new Promise<void>((resolve) => (end = resolve)))
    const giveUp = new AbortController()
    let begun = false
    const second = turn(async () => void (begun = true), giveUp.signal)
    const third = turn(async () => 3)
    giveUp.abort()
    await expect(second).rejects.toThrow('the client has gone')
    end()
    await first
    expect(await third).toBe(3)
    expect(begun).toBe(false)
  })
})
