// IVF and HNSW over clustered random vectors: time to build, recall against exact search, queries a second.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Hit, Searcher } from '../../search/searcher.ts'
import { buildApproximate, openApproximate, type ApproximateKind } from '../../search/approximate.ts'
import { createBlockSearcher, type EncodeQueries, type VectorBlocks } from '../../search/dense.ts'
import { applyLoad, type Load } from './load.ts'
import { clusteredVectors } from './vectors.ts'

const K = 10
const ROWS_PER_BLOCK = 8192

export interface ApproximateResult {
  readonly name: string
  readonly buildSeconds: number
  readonly recall: number
  readonly one: Load
  readonly many: Load
}

const overlap = (found: readonly (readonly Hit[])[], wanted: readonly (readonly Hit[])[]): number => {
  const shared = found.map((hits, query) => {
    const docids = new Set(wanted[query].map(({ docid }) => docid))
    return hits.filter(({ docid }) => docids.has(docid)).length / wanted[query].length
  })
  return shared.reduce((sum, share) => sum + share, 0) / shared.length
}

/** Measures exact search, then each kind, over `rows` vectors; indexes are built below `folder` and removed. */
export const measureApproximate = async (
  folder: string,
  kinds: readonly ApproximateKind[],
  rows: number,
  dims: number,
  queries: number,
): Promise<ApproximateResult[]> => {
  const vectors = clusteredVectors(rows, dims, 1)
  const asked = clusteredVectors(queries, dims, 5)
  const blocks: VectorBlocks = {
    docids: Array.from({ length: rows }, (_, i) => `c${i}`),
    dims,
    rowsPerBlock: ROWS_PER_BLOCK,
    block: async (index) => vectors.subarray(index * ROWS_PER_BLOCK * dims, (index + 1) * ROWS_PER_BLOCK * dims),
  }
  // A query's text is its number.
  const encodeQueries: EncodeQueries = async (batch) => {
    const rows = new Float32Array(batch.length * dims)
    batch.forEach(({ text }, i) => rows.set(asked.subarray(Number(text) * dims, (Number(text) + 1) * dims), i * dims))
    return rows
  }
  const numbers = Array.from({ length: queries }, (_, i) => String(i))
  const rankings = async (searcher: Searcher): Promise<Hit[][]> =>
    searcher.search(
      numbers.map((text) => ({ text })),
      K,
    )
  const load = async (searcher: Searcher, asked: readonly string[]) => {
    const search = (text: string) => searcher.search([{ text }], K)
    await applyLoad(asked.slice(0, 50), 8, search)
    return { one: await applyLoad(asked, 1, search), many: await applyLoad(asked, 64, search) }
  }
  const exact = await createBlockSearcher(blocks, { name: 'exact', encodeQueries })
  const wanted = await rankings(exact)
  const results: ApproximateResult[] = [
    { name: 'exact', buildSeconds: 0, recall: 1, ...(await load(exact, numbers.slice(0, 100))) },
  ]
  await exact.close()
  for (const kind of kinds) {
    const path = join(folder, kind)
    rmSync(path, { recursive: true, force: true })
    const began = performance.now()
    await buildApproximate(path, blocks, kind)
    const buildSeconds = (performance.now() - began) / 1000
    const searcher = await openApproximate(path, { name: kind, encodeQueries })
    const recall = overlap(await rankings(searcher), wanted)
    results.push({ name: kind, buildSeconds, recall, ...(await load(searcher, numbers)) })
    await searcher.close()
    rmSync(path, { recursive: true, force: true })
  }
  return results
}
