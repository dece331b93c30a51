// What tools do behind their names, and how their results read as text.
import type { SearchQuery } from '../search/searcher.ts'
import { fill, type HitsLayout, type Toolset } from './spec.ts'

export interface Passage {
  readonly docid: string
  readonly title: string
  /** A snippet (search) or the document cut to its token limit (get_document). */
  readonly text: string
  /** Of a hit, where the search engine gives one. */
  readonly score?: number
}

/** The engine behind the tools. */
export interface Tools {
  search(query: SearchQuery): Promise<readonly Passage[]>
  getDocument(docid: string): Promise<Passage | undefined>
}

/** Search results as the agent reads them. */
export const formatHits = (
  query: string,
  hits: readonly Passage[],
  layout: HitsLayout = STANDARD_TOOLS.hits,
): string => {
  if (layout.as === 'json') {
    const rows = hits.map((hit, index) => {
      const values = { ...hit, rank: index + 1 }
      return Object.fromEntries(Object.entries(layout.fields).map(([key, name]) => [key, values[name] ?? null]))
    })
    return JSON.stringify(layout.under === undefined ? rows : { [layout.under]: rows })
  }
  const whole = { query, count: hits.length }
  if (hits.length === 0) return fill(layout.none, whole)
  const each = hits.map(({ docid, title, text, score = '' }, index) =>
    fill(layout.each, { ...whole, rank: index + 1, docid, title, text, score }),
  )
  return fill(layout.before, whole) + each.join(layout.between)
}

export const formatDocument = ({ docid, title, text }: Passage, template: string = STANDARD_TOOLS.document): string =>
  fill(template, { docid, title, text })

/** Our own tools: `search` and `get_document`; the layout is the reference agents', which the reader of their logs parses too. */
export const STANDARD_TOOLS: Toolset = {
  tools: [
    {
      does: 'search',
      name: 'search',
      also: [],
      description: 'Searches the encyclopedia and returns the ten best passages, each with its DocID and a snippet.',
      parameters: {
        type: 'object',
        properties: {
          query: { type: 'array', items: { type: 'string' }, description: 'The query; only the first runs.' },
        },
        required: ['query'],
      },
      argument: 'query',
      strict: false,
    },
    {
      does: 'open',
      name: 'get_document',
      also: ['visit'],
      description: 'Opens one passage in full by its DocID.',
      parameters: {
        type: 'object',
        properties: { docid: { type: 'string', description: 'The DocID as a search printed it.' } },
        required: ['docid'],
      },
      argument: 'docid',
      strict: false,
    },
  ],
  queries_per_call: 'first',
  between_queries: '\n\n',
  hits: {
    as: 'text',
    before: "A search for '{query}' found {count} results:\n\n## Web Results\n",
    each: 'DocID:{docid}\n[{title}]\n{text}\n',
    between: '\n',
    none: "A search for '{query}' found no results.",
  },
  document: 'Document {docid}:\n{text}',
}
