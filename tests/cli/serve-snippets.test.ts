// The snippets of docs/search-and-serve.md: what they start, starts and answers; what they send, is taken.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { buildBm25 } from '../../search/bm25.ts'
import { startCli } from '../helpers/cli.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const page = readFileSync(fileURLToPath(new URL('../../docs/search-and-serve.md', import.meta.url)), 'utf8')
const blocks = (language: string): string[] =>
  Array.from(page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms')), ([, text = '']) => text)

let run: string
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'lrat-snippets-'))
  await buildBm25(
    join(run, 'index', 'bm25'),
    (async function* () {
      yield [{ docid: 'd1', title: 'Otters', text: 'Otters\nThey swim in rivers.' }]
    })(),
  )
})
afterAll(() => rm(run, { recursive: true, force: true }))

const here = (words: readonly string[]): string[] => words.map((word) => word.replace('/path/to/runs/demo', run))

const finds = async (transport: Transport): Promise<void> => {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  try {
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['search', 'get_document'])
    const found = await client.callTool({ name: 'search', arguments: { query: 'otters' } })
    expect(found.structuredContent).toMatchObject({ hits: [{ docid: 'd1' }] })
  } finally {
    await client.close()
  }
}

const server = z.strictObject({
  type: z.literal('stdio').optional(),
  command: z.literal('lrat'),
  args: z.array(z.string()),
})
const settings = z.union([
  z.strictObject({ mcpServers: z.strictObject({ lrat: server }) }).transform(({ mcpServers }) => mcpServers.lrat),
  z.strictObject({ servers: z.strictObject({ lrat: server }) }).transform(({ servers }) => servers.lrat),
])

describe('settings of MCP clients', () => {
  const all = blocks('json')
  it('are two', () => expect(all).toHaveLength(2))
  it.each(all)('start a server: %s', async (text) => {
    const { args } = settings.parse(JSON.parse(text))
    await finds(new StdioClientTransport({ command: process.execPath, args: [main, ...here(args)] }))
  })
  it('are the command that Claude Code is given', async () => {
    const [, command = ''] = /claude mcp add lrat -- lrat (.*)/.exec(page) ?? []
    await finds(new StdioClientTransport({ command: process.execPath, args: [main, ...here(command.split(' '))] }))
  })
})

it('what is shown over HTTP is answered', async () => {
  const { child, result, waitFor } = startCli(['serve', run, '--port', '0'], { cwd: run })
  let said = ''
  child.stderr?.on('data', (text: string) => (said += text))
  await waitFor('/mcp)')
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? []
  try {
    const shown = Array.from(page.matchAll(/^curl -s http:\/\/127\.0\.0\.1:8080(\S+) -d '(.*)'$/gm))
    expect(shown.map(([, path]) => path)).toEqual(['/v1/search', '/v1/embeddings'])
    // There is no model in this run; the body is read before that is said.
    const answers = await Promise.all(
      shown.map(async ([, path = '', body = '']) => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const response = await fetch(`${url}${path}`, { method: 'POST', body, headers })
        return [response.status, await response.json()]
      }),
    )
    expect(answers).toMatchObject([
      [200, { hits: [] }],
      [404, { error: { message: 'this server has no embedding model', code: 'model_not_found' } }],
    ])
    const addresses = new Set(Array.from(page.matchAll(/http:\/\/127\.0\.0\.1:8080(\/mcp)/g), ([, path = '']) => path))
    for (const path of addresses) await finds(new StreamableHTTPClientTransport(new URL(`${url}${path}`)))
  } finally {
    child.kill('SIGTERM')
    await result
  }
})
