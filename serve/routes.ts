// What is answered at which path, beside MCP.
import type { z } from 'zod'
import { gymRequest, gymSearch } from './deep-research-gym.ts'
import { describeModel, embeddings, embeddingsRequest, listModels } from './embeddings.ts'
import { Refused } from './gate.ts'
import { documentsRequest, searchRequest, type Service } from './service.ts'

export interface Asked {
  /** The last part of a path that ends in a name. */
  readonly name: string
  readonly searchParams: URLSearchParams
  readonly body: unknown
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

interface Handler {
  /** Whether it must wait its turn. */
  readonly work: 'some' | 'none'
  readonly answer: (asked: Asked) => Promise<object>
}

/** Handlers by method. */
type Methods = Readonly<Record<string, Handler>>
/** Methods by path; a path that ends in a slash stands for all names below it. */
export type Routes = Readonly<Record<string, Methods>>

const parse = <S extends z.ZodType>(schema: S, body: unknown): z.output<S> => {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const param = issue?.path.join('.') ?? ''
  const where = param === '' ? '' : `${param}: `
  throw new Refused(400, `${where}${issue?.message ?? 'the body has another form'}`, param === '' ? {} : { param })
}

const working = (answer: Handler['answer']): Handler => ({ work: 'some', answer })
const idle = (answer: () => object): Handler => ({ work: 'none', answer: async () => answer() })

export const routesOf = (service: Service): Routes => {
  const { embedder } = service
  const search = working(async ({ body, signal }) => {
    const request = parse(searchRequest, body)
    const lists = await service.search(request, signal)
    return request.queries ? { results: lists } : { hits: lists[0] }
  })
  const gym = (form: 'clueweb' | 'fineweb'): Handler =>
    working(async ({ searchParams, signal }) =>
      gymSearch(service, parse(gymRequest, Object.fromEntries(searchParams)), form, signal),
    )
  return {
    '/health': {
      GET: idle(() => {
        const { name: retriever, size: documents } = service
        return { status: 'ok', retriever, documents, model: embedder?.name ?? null }
      }),
    },
    '/search': { POST: search, GET: gym('clueweb') },
    '/fineweb/search': { GET: gym('fineweb') },
    '/v1/search': { POST: search },
    '/get_document': {
      POST: working(async ({ body }) => {
        const request = parse(documentsRequest, body)
        const found = await service.get(request)
        if (request.docids) return { documents: found.map((document) => document ?? null) }
        const [document] = found
        if (document) return document
        throw new Refused(404, `there is no document ${JSON.stringify(request.docid)}`, { param: 'docid' })
      }),
    },
    '/v1/embeddings': {
      POST: working(({ body, signal }) => embeddings(embedder, parse(embeddingsRequest, body), signal)),
    },
    '/v1/models': { GET: idle(() => listModels(embedder)) },
    '/v1/models/': { GET: { work: 'none', answer: async ({ name }) => describeModel(embedder, name) } },
  }
}

/** The methods of a path, and its name where it has one. Throws Refused. */
export const findRoute = (routes: Routes, pathname: string): { readonly methods: Methods; readonly name: string } => {
  const whole = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined
  if (whole && !pathname.endsWith('/')) return { methods: whole, name: '' }
  const folder = Object.keys(routes).find((path) => path.endsWith('/') && pathname.startsWith(path))
  const below = folder === undefined ? undefined : routes[folder]
  if (folder !== undefined && below) return { methods: below, name: nameIn(pathname.slice(folder.length)) }
  throw new Refused(404, `there is no ${pathname}: ${Object.keys(routes).join(', ')}, /mcp`)
}

const nameIn = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
