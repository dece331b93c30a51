// MCP: the two tools over any transport, what they promise of their arguments and results, and cancelled calls.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { afterEach, describe, expect, it } from 'vitest'
import { whitespaceTokenizer } from '../../model/tokenize/tokenizer.ts'
import { serveHttp } from '../../serve/http.ts'
import { createMcpServer } from '../../serve/mcp.ts'
import { createService, limits, type Service } from '../../serve/service.ts'

const texts = new Map([
  ['a', { title: 'Otters', text: 'Otters\nThey swim in rivers all day long.' }],
  ['7', { title: '', text: 'Bears eat fish.' }],
])

/** A service whose searches for "slow" end when they are told to, or given up. */
const slowService = () => {
  const begun: string[] = []
  let aborted = 0
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const service = createService({
    searcher: {
      name: 'fake',
      search: async (queries, k, signal) => {
        begun.push(...queries.map(({ text }) => text))
        if (queries.some(({ text }) => text.startsWith('slow')))
          await new Promise<void>((resolve) => {
            void released.then(resolve)
            signal?.addEventListener('abort', () => {
              aborted += 1
              resolve()
            })
          })
        return queries.map(({ text }) =>
          text === 'nothing' ? [] : [...texts.keys()].map((docid, i) => ({ docid, score: 2 - i })).slice(0, k),
        )
      },
      close: async () => undefined,
    },
    documents: {
      size: 2,
      get: async (docids) => new Map([...texts].filter(([id]) => docids.includes(id))),
      close: async () => undefined,
    },
    tokenizer: whitespaceTokenizer(),
    snippetTokens: 3,
    documentTokens: 4,
  })
  return { service, begun, aborted: () => aborted, release: () => release() }
}

const open: { readonly close: () => unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const inMemory = async (service: Service): Promise<Transport> => {
  const [near, far] = InMemoryTransport.createLinkedPair()
  const server = createMcpServer(service)
  await server.connect(far)
  open.push(server)
  return near
}
const overHttp = async (service: Service): Promise<Transport> => {
  const server = await serveHttp(service, { host: '127.0.0.1', port: 0, graceMs: 50 })
  open.push(server)
  return new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`))
}
const connected = async (transport: Transport): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  open.push(client)
  return client
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe.each([
  ['in memory', inMemory],
  ['over streamable HTTP', overHttp],
])('MCP %s', (_, transportOf) => {
  it('has two tools, each argument of one type, each result with a schema', async () => {
    const client = await connected(await transportOf(slowService().service))
    expect(client.getInstructions()).toContain('not the web')
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['search', 'get_document'])
    const typesOf = (schema: { properties?: object } | undefined) =>
      Object.fromEntries(
        Object.entries(schema?.properties ?? {}).map(([name, { type }]: [string, { type: unknown }]) => [name, type]),
      )
    expect(tools.map(({ inputSchema }) => typesOf(inputSchema))).toEqual([
      { query: 'string', k: 'integer' },
      { docid: 'string' },
    ])
    expect(tools.map(({ inputSchema }) => inputSchema.required)).toEqual([['query'], ['docid']])
    expect(tools.map(({ outputSchema }) => typesOf(outputSchema))).toEqual([
      { query: 'string', hits: 'array' },
      { docid: 'string', title: 'string', text: 'string' },
    ])
  })

  it('answers in words and in structure', async () => {
    const client = await connected(await transportOf(slowService().service))
    const found = await client.callTool({ name: 'search', arguments: { query: 'otters', k: 1 } })
    const text = "A search for 'otters' found 1 results:\n\nDocID:a\n[Otters]\nThey swim in\n"
    expect(found).toMatchObject({
      content: [{ type: 'text', text }],
      structuredContent: {
        query: 'otters',
        hits: [{ rank: 1, docid: 'a', title: 'Otters', score: 2, text: 'They swim in' }],
      },
    })
    expect(await client.callTool({ name: 'search', arguments: { query: 'nothing' } })).toMatchObject({
      content: [{ text: "A search for 'nothing' found no results." }],
      structuredContent: { hits: [] },
    })
    expect(await client.callTool({ name: 'get_document', arguments: { docid: '7' } })).toMatchObject({
      content: [{ text: 'Document 7:\nBears eat fish.' }],
      structuredContent: { docid: '7', title: '', text: 'Bears eat fish.' },
    })
  })

  it('takes a list for its first, and a number for its digits', async () => {
    const client = await connected(await transportOf(slowService().service))
    const searched = await client.callTool({ name: 'search', arguments: { query: ['otters', 'ignored'] } })
    expect(searched.structuredContent).toMatchObject({ query: 'otters' })
    for (const docid of [7, ['7', 'a']])
      expect((await client.callTool({ name: 'get_document', arguments: { docid } })).structuredContent).toMatchObject({
        docid: '7',
      })
  })

  it('says what is wrong as a result that the model can read', async () => {
    const client = await connected(await transportOf(slowService().service))
    for (const [name, args, message] of [
      ['get_document', { docid: 'z' }, 'There is no document'],
      ['search', { query: 'x', k: limits.k + 1 }, 'k'],
      ['search', { query: [] }, 'query'],
    ] as const) {
      const result = await client.callTool({ name, arguments: args })
      expect(result.isError, name).toBe(true)
      expect(JSON.stringify(result.content)).toContain(message)
    }
  })

  it('stops calls that are cancelled, and begins none of those that still wait', async () => {
    const { service, begun, aborted } = slowService()
    const client = await connected(await transportOf(service))
    const calls = Array.from({ length: 12 }, (_, i) => {
      const cancel = new AbortController()
      const args = { name: 'search', arguments: { query: `slow ${i}` } }
      return { cancel, result: client.callTool(args, undefined, { signal: cancel.signal }) }
    })
    const outcomes = Promise.allSettled(calls.map(({ result }) => result))
    await until(() => begun.length === limits.searches)
    for (const { cancel } of calls) cancel.abort('not wanted any more')
    expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true)
    const next = await client.callTool({ name: 'search', arguments: { query: 'otters' } })
    expect(next.structuredContent).toMatchObject({ query: 'otters' })
    // Over HTTP each cancellation comes by itself, and one that waited may begin before its own is there.
    expect(begun).toHaveLength(aborted() + 1)
    expect(begun.at(-1)).toBe('otters')
  })
})

it('another session cannot cancel a call by its number', async () => {
  const { service, begun, aborted, release } = slowService()
  const server = await serveHttp(service, { host: '127.0.0.1', port: 0, graceMs: 50 })
  open.push(server)
  const send = (session: string, body: object) =>
    fetch(`${server.url}/mcp`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        'mcp-session-id': session,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    })
  const call = send('one', { id: 1, method: 'tools/call', params: { name: 'search', arguments: { query: 'slow' } } })
  await until(() => begun.length === 1)
  const cancelled = { method: 'notifications/cancelled', params: { requestId: 1 } }
  expect((await send('two', cancelled)).status).toBe(202)
  expect(aborted()).toBe(0)
  release()
  expect(await (await call).json()).toMatchObject({ id: 1, result: { structuredContent: { query: 'slow' } } })
})
