// The service as an MCP server: the two tools that agents know, search and get_document.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { version } from '../core/versions.ts'
import { formatDocument, formatHits } from '../agents/tools.ts'
import { limits, type Service } from './service.ts'

const words = z.string().max(limits.characters)
const readOnly = { readOnlyHint: true, openWorldHint: false }

/** A new MCP server over the service; connect it to a transport. Closing it leaves the service open. */
export const createMcpServer = (service: Service): McpServer => {
  const server = new McpServer({ name: 'lrat', version })
  const say = (text: string, isError = false) => ({ content: [{ type: 'text' as const, text }], isError })
  server.registerTool(
    'search',
    {
      title: 'Search',
      description: `Searches ${service.size} passages and returns the best, each with its DocID, title and a snippet.`,
      inputSchema: {
        query: z
          .union([words, z.array(words).min(1)])
          .describe(
            'What to search for, in plain words, up to about a thousand. Of a list only the first is searched.',
          ),
        k: z.number().int().min(1).max(limits.k).default(10).describe('How many passages to return.'),
      },
      annotations: readOnly,
    },
    async ({ query, k }) => {
      const first = typeof query === 'string' ? query : (query[0] ?? '')
      const [hits = []] = await service.search({ query: first, k })
      return say(formatHits(first, hits))
    },
  )
  server.registerTool(
    'get_document',
    {
      title: 'Get document',
      description: 'Opens one passage by its DocID.',
      inputSchema: { docid: z.union([z.string(), z.number()]).describe('The DocID as a search printed it.') },
      annotations: readOnly,
    },
    async ({ docid }) => {
      const [document] = await service.get({ docid, full: false })
      return document ? say(formatDocument(document)) : say(`There is no document ${JSON.stringify(docid)}.`, true)
    },
  )
  return server
}
