// What the server offers, apart from how it is reached: search, documents, embeddings, each within limits.
import { z } from 'zod'
import { Interrupted } from '../core/errors.ts'
import { withoutTitle } from '../data/title.ts'
import type { Searcher } from '../search/searcher.ts'
import type { Tokenizer } from '../model/tokenize/tokenizer.ts'
import type { DocumentStore } from '../search/documents.ts'
import type { Passage } from '../agents/tools.ts'
import { createTurnstile } from './gate.ts'
import type { Embedder } from './embedder.ts'

/** Upper bounds of what one request may ask for. */
export const limits = {
  k: 1000,
  queries: 64,
  docids: 256,
  /** Texts to embed, as many as OpenAI takes. */
  texts: 2048,
  characters: 100_000,
  bodyBytes: 16 * 2 ** 20,
  /** Of all bodies that are being read. */
  allBodyBytes: 256 * 2 ** 20,
  /** Milliseconds for the body of a request. */
  bodyMilliseconds: 15_000,
  /** Milliseconds for the work on an MCP request. */
  workMilliseconds: 120_000,
  connections: 1024,
  /** Requests worked on at once; up to as many again wait, more are refused. */
  concurrency: 16,
  /** Searches that run at once; others wait, so that one that was cancelled in time is never begun. */
  searches: 4,
} as const

const text = z.string().max(limits.characters)
const query = z.strictObject({
  text,
  question: text.optional(),
  reasoning: text.optional(),
  history: z.array(text).max(100).optional(),
  hidden: z.array(z.string()).max(10_000).optional(),
})
const k = z.number().int().min(0).max(limits.k).default(10)

export const searchRequest = z
  .strictObject({
    query: z.union([text, query]).optional(),
    queries: z
      .array(z.union([text, query]))
      .max(limits.queries)
      .optional(),
    k,
  })
  .refine((body) => (body.query === undefined) !== (body.queries === undefined), 'give one of query and queries')

export const documentsRequest = z
  .strictObject({
    docid: z.union([z.string(), z.number()]).optional(),
    docids: z
      .array(z.union([z.string(), z.number()]))
      .max(limits.docids)
      .optional(),
    full: z.boolean().default(false).describe('The whole text, not cut to the token limit.'),
  })
  .refine((body) => (body.docid === undefined) !== (body.docids === undefined), 'give one of docid and docids')

export interface ServedHit extends Passage {
  readonly rank: number
  readonly score: number
}

export interface ServiceParts {
  readonly searcher: Searcher
  readonly documents: DocumentStore
  readonly tokenizer: Tokenizer
  /** The model behind /v1/embeddings, if there is one; closed with the service. */
  readonly embedder?: Embedder
  readonly snippetTokens: number
  readonly documentTokens: number
}

export interface Service {
  readonly name: string
  readonly embedder: Embedder | undefined
  readonly size: number
  /**
   * One list of hits with snippets a query. Errors: Interrupted or Refused when the signal is aborted.
   */
  search(request: z.output<typeof searchRequest>, signal?: AbortSignal): Promise<ServedHit[][]>
  /** The documents in the order asked for; undefined for one that does not exist. */
  get(request: z.output<typeof documentsRequest>): Promise<(Passage | undefined)[]>
  close(): Promise<void>
}

export const createService = (parts: ServiceParts): Service => {
  const { searcher, documents, tokenizer, embedder, snippetTokens, documentTokens } = parts
  const turn = createTurnstile(limits.searches, Infinity)
  return {
    name: searcher.name,
    embedder,
    size: documents.size,
    search: async (request, signal) => {
      const queries = (request.queries ?? [request.query ?? '']).map((one) => {
        if (typeof one === 'string') return { text: one }
        const { hidden, ...rest } = one
        return hidden ? { ...rest, hidden: new Set(hidden) } : rest
      })
      const lists = await turn(() => searcher.search(queries, request.k, signal), signal)
      if (signal?.aborted === true) throw new Interrupted()
      const texts = await documents.get(lists.flat().map(({ docid }) => docid))
      return lists.map((hits) =>
        hits.map(({ docid, score }, i) => {
          const { title, text } = texts.get(docid) ?? { title: '', text: '' }
          const snippet = tokenizer.truncate(withoutTitle(title, text), snippetTokens)
          return { rank: i + 1, docid, score, title, text: snippet }
        }),
      )
    },
    get: async ({ docid, docids = [docid ?? ''], full }) => {
      const wanted = docids.map((id) => String(id).trim())
      const found = await documents.get(wanted)
      return wanted.map((id) => {
        const document = found.get(id)
        if (document === undefined) return undefined
        const { title, text } = document
        return { docid: id, title, text: full ? text : tokenizer.truncate(text, documentTokens) }
      })
    },
    close: async () => {
      await searcher.close()
      await documents.close()
      await embedder?.close()
    },
  }
}
