// The two tools that every agent has: `search` and `get_document`, and how their results read as text.
import type { SearchQuery } from '../search/searcher.ts'

export interface Passage {
  readonly docid: string
  readonly title: string
  /** A snippet (search) or the document cut to its token limit (get_document). */
  readonly text: string
}

/** The engine behind the tools. */
export interface Tools {
  search(query: SearchQuery): Promise<readonly Passage[]>
  getDocument(docid: string): Promise<Passage | undefined>
}

/** Search results as the agent reads them; the reference agents' layout, which the reader of their logs parses too. */
export const formatHits = (query: string, hits: readonly Passage[]): string =>
  hits.length === 0
    ? `A search for '${query}' found no results.`
    : `A search for '${query}' found ${hits.length} results:\n\n## Web Results\n` +
      hits.map(({ docid, title, text }) => `DocID:${docid}\n[${title}]\n${text}\n`).join('\n')

export const formatDocument = ({ docid, text }: Passage): string => `Document ${docid}:\n${text}`

/** Function declarations in JSON Schema, for models with native tool calls and for prompts. */
export const toolDeclarations = [
  {
    name: 'search',
    description: 'Searches the encyclopedia and returns the ten best passages, each with its DocID and a snippet.',
    parameters: {
      type: 'object',
      properties: {
        query: { type: 'array', items: { type: 'string' }, description: 'The query; only the first runs.' },
      },
      required: ['query'],
    },
  },
  {
    name: 'get_document',
    description: 'Opens one passage in full by its DocID.',
    parameters: {
      type: 'object',
      properties: { docid: { type: 'string', description: 'The DocID as a search printed it.' } },
      required: ['docid'],
    },
  },
] as const
