// The service as an MCP server: the two tools that agents know, search and get_document.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { version } from '../core/versions.ts'
import { formatDocument, formatHits, STANDARD_TOOLS } from '../agents/tools.ts'
import { limits, type Service } from './service.ts'

/** A list stands for its first: models that were trained with lists of queries send them whatever the schema says. */
const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)
const asText = (value: unknown): unknown => {
  const first = firstOf(value)
  return typeof first === 'number' ? String(first) : first
}

const query = z.preprocess(firstOf, z.string().max(limits.characters))
const docid = z.preprocess(asText, z.string())
const passage = { docid: z.string(), title: z.string().describe('Empty where there is none.') }
const hit = z.object({
  rank: z.number().int().describe('From 1.'),
  ...passage,
  score: z.number().describe('Higher is better; comparable within one search only.'),
  text: z.string().describe('A snippet: the beginning of the passage.'),
})

const readOnly = { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false }
const instructions =
  'A closed collection of passages, not the web. Search in plain words, read the snippets, open what looks right with ' +
  'get_document by its DocID, and search again in other words where nothing does.'

const hitsLayout = { ...STANDARD_TOOLS.hits, before: "A search for '{query}' found {count} results:\n\n" }

/** A new MCP server over the service; connect it to a transport. Closing it leaves the service open. */
export const createMcpServer = (service: Service): McpServer => {
  const server = new McpServer({ name: 'lrat', version }, { instructions })
  const say = (text: string, structuredContent: Record<string, unknown>) => ({
    content: [{ type: 'text' as const, text }],
    structuredContent,
  })
  server.registerTool(
    'search',
    {
      title: 'Search',
      description: `Searches ${service.size} passages and returns the best, each with its DocID, title and a snippet.`,
      inputSchema: {
        query: query.describe('What to search for, in plain words, up to about a thousand.'),
        k: z.number().int().min(1).max(limits.k).default(10).describe('How many passages to return.'),
      },
      outputSchema: { query: z.string(), hits: z.array(hit).describe('The best first.') },
      annotations: readOnly,
    },
    async ({ query, k }, { signal }) => {
      const [hits = []] = await service.search({ query, k }, signal)
      return say(formatHits(query, hits, hitsLayout), { query, hits })
    },
  )
  server.registerTool(
    'get_document',
    {
      title: 'Get document',
      description: 'Opens one passage by its DocID.',
      inputSchema: { docid: docid.describe('The DocID as a search printed it.') },
      outputSchema: { ...passage, text: z.string().describe('The passage, cut where it is very long.') },
      annotations: readOnly,
    },
    async ({ docid }) => {
      const [document] = await service.get({ docid, full: false })
      if (document) return say(formatDocument(document), { ...document })
      const text = `There is no document ${JSON.stringify(docid)}.`
      return { content: [{ type: 'text', text }], isError: true }
    },
  )
  return server
}
