// What the server offers, apart from how it is reached: search, documents, embeddings, each within limits.
import { z } from 'zod'
import { withoutTitle } from '../data/title.ts'
import type { Searcher } from '../search/searcher.ts'
import type { Encoder } from '../model/encoder.ts'
import type { Tokenizer } from '../model/tokenize/tokenizer.ts'
import type { DocumentStore } from '../search/documents.ts'
import type { Passage } from '../agents/tools.ts'

/** Upper bounds of what one request may ask for. */
export const limits = {
  k: 1000,
  queries: 64,
  docids: 256,
  texts: 256,
  characters: 100_000,
  bodyBytes: 4 * 2 ** 20,
  /** Of all bodies that are being read. */
  allBodyBytes: 256 * 2 ** 20,
  /** Milliseconds for the body of a request. */
  bodyMilliseconds: 15_000,
  /** Milliseconds for the work on an MCP request. */
  workMilliseconds: 120_000,
  connections: 1024,
  /** Requests worked on at once; up to as many again wait, more are refused. */
  concurrency: 16,
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

export const embeddingsRequest = z.object({
  input: z.union([text, z.array(text).min(1).max(limits.texts)]),
  model: z.string().optional(),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  dimensions: z.number().int().optional(),
  input_type: z.enum(['query', 'passage']).default('passage'),
})

export interface ServedHit extends Passage {
  readonly rank: number
  readonly score: number
}

export interface ServiceParts {
  readonly searcher: Searcher
  readonly documents: DocumentStore
  readonly tokenizer: Tokenizer
  /** The model behind /v1/embeddings, if there is one. */
  readonly embedder?: {
    readonly name: string
    readonly encoder: Encoder
    /** Tokens that the encoder reads of a text. */
    readonly countTokens: (text: string, kind: 'query' | 'passage') => number
  }
  readonly snippetTokens: number
  readonly documentTokens: number
}

export interface Service {
  readonly name: string
  readonly model: string | undefined
  readonly size: number
  /** One list of hits with snippets a query. */
  search(request: z.output<typeof searchRequest>): Promise<ServedHit[][]>
  /** The documents in the order asked for; undefined for one that does not exist. */
  get(request: z.output<typeof documentsRequest>): Promise<(Passage | undefined)[]>
  /** Row-major unit vectors and the tokens read; undefined where no model is served. */
  embed(texts: readonly string[], kind: 'query' | 'passage'): Promise<Embedded | undefined>
  close(): Promise<void>
}

export interface Embedded {
  readonly vectors: Float32Array
  readonly dimensions: number
  readonly tokens: number
}

export const createService = (parts: ServiceParts): Service => {
  const { searcher, documents, tokenizer, embedder, snippetTokens, documentTokens } = parts
  return {
    name: searcher.name,
    model: embedder?.name,
    size: documents.size,
    search: async (request) => {
      const queries = (request.queries ?? [request.query ?? '']).map((one) => {
        if (typeof one === 'string') return { text: one }
        const { hidden, ...rest } = one
        return hidden ? { ...rest, hidden: new Set(hidden) } : rest
      })
      const lists = await searcher.search(queries, request.k)
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
    embed: async (texts, kind) => {
      if (!embedder) return undefined
      const { encoder, countTokens } = embedder
      const tokens = texts.reduce((sum, one) => sum + countTokens(one, kind), 0)
      return { vectors: await encoder.encode(texts, kind), dimensions: encoder.dimensions, tokens }
    },
    close: async () => {
      await searcher.close()
      await documents.close()
      await embedder?.encoder.close()
    },
  }
}
