// Approximate dense search, for corpora where scoring every vector takes too long: LanceDB's IVF and HNSW indexes.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Field,
  FixedSizeList,
  Float32,
  makeData,
  Schema,
  Table as ArrowTable,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import type { Hit, Searcher } from './searcher.ts'
import { Interrupted, UserError } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { mapConcurrent } from '../core/concurrency.ts'
import type { EncodeQueries, VectorBlocks } from './dense.ts'
import { connectLance, loadLance } from './lancedb.ts'
import { compareHits } from './ranking.ts'

/** `ivf`: whole vectors in cells. `hnsw`: graphs over vectors of 8-bit numbers; candidates are scored with whole ones. */
export type ApproximateKind = 'ivf' | 'hnsw'

export interface ApproximateOptions {
  readonly name: string
  readonly encodeQueries: EncodeQueries
  /** Cells searched a query; more finds more and takes longer. */
  readonly probes?: number
  /** Candidates kept while a graph is searched (hnsw), at least k. */
  readonly ef?: number
}

const TABLE = 'vectors'
const DONE = 'built.json'
const QUERIES_AT_ONCE = 8

/** One cell per 4,096 vectors, but enough cells for the search to leave some out. */
const partitionsOf = (documents: number): number =>
  Math.max(1, Math.round(documents / 4096), Math.round(documents ** 0.5 / 8))

const floats = (dims: number): FixedSizeList<Float32> => new FixedSizeList(dims, new Field('item', new Float32(), true))

const rowsOf = (docids: readonly string[], vectors: Float32Array, dims: number): ArrowTable => {
  const child = makeData({ type: new Float32(), length: vectors.length, data: vectors })
  const list = makeData({ type: floats(dims), length: docids.length, child })
  return new ArrowTable({ docid: vectorFromArray(docids, new Utf8()), vector: new Vector([list]) })
}

/** Whether `folder` holds a finished index. */
export const hasApproximate = (folder: string): boolean => existsSync(join(folder, DONE))

/**
 * Writes the vectors to a table in `folder` and indexes them, replacing what was there. Two builds may differ a little:
 * cells come from a random sample. Throws Interrupted when the signal is aborted.
 */
export const buildApproximate = async (
  folder: string,
  vectors: VectorBlocks,
  kind: ApproximateKind,
  signal?: AbortSignal,
): Promise<void> => {
  const { docids, dims, rowsPerBlock } = vectors
  const lance = await loadLance()
  await rm(folder, { recursive: true, force: true })
  const connection = await connectLance(folder)
  try {
    const schema = new Schema([new Field('docid', new Utf8(), true), new Field('vector', floats(dims), true)])
    const table = await connection.createEmptyTable(TABLE, schema)
    for (let index = 0; index * rowsPerBlock < docids.length; index++) {
      if (signal?.aborted) throw new Interrupted()
      const rows = docids.slice(index * rowsPerBlock, (index + 1) * rowsPerBlock)
      await table.add(rowsOf(rows, await vectors.block(index), dims))
    }
    const settings = { distanceType: 'dot', numPartitions: partitionsOf(docids.length) } as const
    const config =
      kind === 'ivf' ? lance.Index.ivfFlat(settings) : lance.Index.hnswSq({ ...settings, numPartitions: 1 })
    if (docids.length > 0) await table.createIndex('vector', { config })
    await table.optimize({ cleanupOlderThan: new Date(), deleteUnverified: true })
    table.close()
    writeFileAtomic(join(folder, DONE), JSON.stringify({ kind, documents: docids.length, dims }))
  } finally {
    connection.close()
  }
}

/** Searches what `buildApproximate` finished. Scores are cosines; some of the best may be missing. */
export const openApproximate = async (folder: string, options: ApproximateOptions): Promise<Searcher> => {
  const { name, encodeQueries, probes = 20, ef = 200 } = options
  if (!hasApproximate(folder)) {
    throw new UserError({
      where: folder,
      expected: 'a finished index of vectors',
      found: 'none',
      fix: 'Build it again.',
    })
  }
  const connection = await connectLance(folder)
  const table = await connection.openTable(TABLE)
  const best = async (vector: Float32Array, n: number): Promise<Hit[]> => {
    const rows = (await table
      .query()
      .nearestTo(vector)
      .distanceType('dot')
      .nprobes(probes)
      .ef(Math.max(ef, n))
      .refineFactor(2)
      .select(['docid', '_distance'])
      .limit(n)
      .toArray()) as { docid: string; _distance: number }[]
    return rows.map(({ docid, _distance }) => ({ docid, score: 1 - _distance }))
  }
  return {
    name,
    search: async (queries, k, signal) => {
      if (k <= 0 || queries.length === 0) return queries.map(() => [])
      const encoded = await encodeQueries(queries)
      const dims = encoded.length / queries.length
      return mapConcurrent(queries, QUERIES_AT_ONCE, async ({ hidden }, i) => {
        if (signal?.aborted === true) throw new Interrupted()
        const hits = await best(encoded.subarray(i * dims, (i + 1) * dims), k + (hidden?.size ?? 0))
        return hits
          .filter(({ docid }) => !hidden?.has(docid))
          .sort(compareHits)
          .slice(0, k)
      })
    },
    close: async () => {
      table.close()
      connection.close()
    },
  }
}
