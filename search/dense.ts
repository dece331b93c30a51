// Exact dense retrieval: every document is scored, block by block, and the best are ranked in double precision.
import type { Hit, Searcher, SearchQuery } from './searcher.ts'
import { Interrupted, UserError } from '../core/errors.ts'
import { openDotProducts, type DotProducts } from './matmul.ts'
import { checkNorms } from './norms.ts'
import { compareHits } from './ranking.ts'
import { topScores } from './top.ts'

/** Turns searches into unit vectors, row-major [queries, dims]. */
export type EncodeQueries = (queries: readonly SearchQuery[]) => Promise<Float32Array>

/** Unit vectors of the documents in blocks of consecutive rows. */
export interface VectorBlocks {
  readonly docids: readonly string[]
  readonly dims: number
  readonly rowsPerBlock: number
  /** Rows index · rowsPerBlock … of the vectors, row-major; the last block may be shorter. */
  block(index: number): Promise<Float32Array>
  /** Some rows of a block, by their place in it, ascending; where it is not given, the whole block is read. */
  rows?(index: number, wanted: readonly number[]): Promise<Float32Array>
  /** The source checks itself that its vectors are of length 1. */
  readonly checked?: boolean
}

interface SearcherOptions {
  readonly name: string
  readonly encodeQueries: EncodeQueries
  /** Threads of the matrix products; undefined leaves it to ONNX Runtime. */
  readonly threads?: number
}

export interface DenseIndex extends SearcherOptions {
  /** Row-major [docids.length, dims]. */
  readonly vectors: Float32Array
  readonly docids: readonly string[]
}

const QUERIES_PER_BLOCK = 1024
const DOCUMENTS_PER_BLOCK = 65_536
/** Scores in memory at once: a product takes as many documents as fit, so that one query waits for few products. */
const SCORES = 2 ** 22

/** Dot product of row `a` of x and row `b` of y in double precision. */
const dot = (x: Float32Array, a: number, y: Float32Array, b: number, dims: number): number => {
  let sum = 0
  for (let i = 0; i < dims; i++) sum += x[a * dims + i] * y[b * dims + i]
  return sum
}

/**
 * `createBlockSearcher` over vectors in memory. Throws UserError for vectors that do not fit the docids or are not unit
 * vectors.
 */
export const createDenseSearcher = async ({ vectors, docids, ...options }: DenseIndex): Promise<Searcher> => {
  const dims = docids.length === 0 ? 0 : vectors.length / docids.length
  if (!Number.isInteger(dims) || (docids.length > 0 && dims === 0)) {
    throw new UserError({
      where: options.name,
      expected: `vectors of one size for ${docids.length} documents`,
      found: `${vectors.length} numbers`,
      fix: 'Encode the corpus again.',
    })
  }
  checkNorms(options.name, vectors, dims, { docids })
  const rows = DOCUMENTS_PER_BLOCK * dims
  const block = async (index: number) => vectors.subarray(index * rows, (index + 1) * rows)
  return createBlockSearcher({ docids, dims, rowsPerBlock: DOCUMENTS_PER_BLOCK, checked: true, block }, options)
}

/** The same blocks, each checked to hold unit vectors when it is read for the first time. */
const checkedBlocks = (source: VectorBlocks, name: string): VectorBlocks => {
  if (source.checked) return source
  const seen = new Set<number>()
  const { docids, dims, rowsPerBlock } = source
  return {
    ...source,
    block: async (index) => {
      const vectors = await source.block(index)
      if (!seen.has(index)) {
        checkNorms(`${name}, block ${index}`, vectors, dims, { docids, first: index * rowsPerBlock })
        seen.add(index)
      }
      return vectors
    },
  }
}

/**
 * A searcher that ranks by cosine and equals brute force in double precision: candidates are selected in single
 * precision with a margin for its rounding error, then scored again. Queries go in blocks of 1,024, so the memory beside
 * the vectors is a block of them, 4 million scores, and the candidates. Throws UserError for vectors of another length
 * than 1, naming block, row and document.
 */
export const createBlockSearcher = async (vectors: VectorBlocks, options: SearcherOptions): Promise<Searcher> => {
  const { name, encodeQueries, threads } = options
  const { docids, dims } = vectors
  const source = checkedBlocks(vectors, name)
  const products = await openDotProducts(threads)
  return {
    name,
    close: () => products.close(),
    search: async (queries, k, signal) => {
      if (k <= 0 || docids.length === 0 || queries.length === 0) return queries.map(() => [])
      const encoded = await encodeQueries(queries)
      if (encoded.length !== queries.length * dims) {
        throw new UserError({
          where: name,
          expected: `query vectors of ${dims} numbers, like the documents'`,
          found: `${encoded.length / queries.length} numbers`,
          fix: 'Encode the corpus with the same model as the queries.',
        })
      }
      checkNorms(`${name}, queries`, encoded, dims)
      const results: Hit[][] = []
      for (let start = 0; start < queries.length; start += QUERIES_PER_BLOCK) {
        const block = queries.slice(start, start + QUERIES_PER_BLOCK)
        const rows = encoded.subarray(start * dims, (start + block.length) * dims)
        results.push(...(await searchBlock({ products, k, source, signal }, block, rows)))
      }
      return results
    },
  }
}

interface BlockSearch {
  readonly products: DotProducts
  readonly k: number
  readonly source: VectorBlocks
  readonly signal: AbortSignal | undefined
}

const searchBlock = async (
  { products, k, source, signal }: BlockSearch,
  queries: readonly SearchQuery[],
  encoded: Float32Array,
): Promise<Hit[][]> => {
  const { docids, dims, rowsPerBlock } = source
  // A sum of `dims` products of unit vectors' entries errs by at most about dims * 2^-24 in single precision.
  const slack = 2 * (dims + 2) * 2 ** -24
  const tops = queries.map(({ hidden }) => topScores(Math.min(docids.length, k + (hidden?.size ?? 0)), slack))
  const blocks = Math.ceil(docids.length / rowsPerBlock)
  const step = Math.floor(SCORES / queries.length)
  for (let index = 0; index < blocks; index++) {
    const vectors = await source.block(index)
    for (let first = 0; first * dims < vectors.length; first += step) {
      const part = vectors.subarray(first * dims, (first + step) * dims)
      const count = part.length / dims
      if (signal?.aborted === true) throw new Interrupted()
      const scores = await products.run(encoded, part, dims)
      tops.forEach((top, query) => top.offer(scores, query * count, count, index * rowsPerBlock + first))
    }
  }
  const candidates: { query: number; row: number }[][] = Array.from({ length: blocks }, () => [])
  tops.forEach((top, query) => {
    for (const row of top.rows()) candidates[Math.floor(row / rowsPerBlock)].push({ query, row: row % rowsPerBlock })
  })
  const lists: Hit[][] = queries.map(() => [])
  for (const [index, found] of candidates.entries()) {
    if (found.length === 0) continue
    const wanted = [...new Set(found.map(({ row }) => row))].sort((a, b) => a - b)
    const vectors = await (source.rows?.(index, wanted) ?? source.block(index))
    const place = source.rows && new Map(wanted.map((row, at) => [row, at]))
    for (const { query, row } of found) {
      const docid = docids[index * rowsPerBlock + row]
      const score = dot(encoded, query, vectors, place?.get(row) ?? row, dims)
      if (!queries[query].hidden?.has(docid)) lists[query].push({ docid, score })
    }
  }
  return lists.map((hits) => hits.sort(compareHits).slice(0, k))
}
