// The corpus as vectors on disk, in shards: what was encoded before a kill is not encoded again.
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ahead } from '../core/ahead.ts'
import { writeFileAtomic } from '../core/files.ts'
import { codeOf, Interrupted, messageOf, UserError } from '../core/errors.ts'
import type { VectorBlocks } from './dense.ts'
import { decodeHalf, encodeHalf } from '../core/half.ts'
import { checkNorms } from './norms.ts'
import { regroup } from '../core/regroup.ts'

export type StorageType = 'float32' | 'float16'

interface Plan {
  readonly format: number
  /** What the vectors depend on: corpus and model. */
  readonly key: string
  readonly dims: number
  readonly type: StorageType
  readonly rowsPerShard: number
}
interface Info extends Plan {
  readonly documents: number
}
/** What lies beside a shard's vectors. */
interface ShardInfo {
  readonly docids: readonly string[]
  /** Rows whose vector is all zero, as that of a text without tokens is. */
  readonly zeros: readonly number[]
}

export interface EncodeOptions {
  readonly documents: AsyncIterable<readonly { readonly docid: string; readonly text: string }[]>
  /** Unit vectors of texts, row-major [texts, dims]. */
  readonly encode: (texts: readonly string[]) => Promise<Float32Array>
  readonly dims: number
  /** Fingerprints of corpus and model: vectors under another key are thrown away. */
  readonly key: string
  readonly type?: StorageType
  readonly rowsPerShard?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (documents: number) => void
}

const FORMAT = 2
const shardFile = (folder: string, shard: number, ending: string): string =>
  join(folder, `shard-${String(shard).padStart(5, '0')}.${ending}`)

const readJson = async <T>(path: string): Promise<T | undefined> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new UserError({
      where: path,
      expected: 'JSON',
      found: messageOf(error),
      fix: 'Delete the folder; it will be encoded again.',
    })
  }
}

/**
 * Encodes documents in their order into `folder`. Shards that an earlier call with the same key finished are kept.
 * Throws UserError for a vector that is not of length 1, or 0 where the text has no token, and Interrupted when the
 * signal is aborted.
 */
export const encodeCorpus = async (folder: string, options: EncodeOptions): Promise<{ documents: number }> => {
  const { documents, encode, dims, key, type = 'float32', rowsPerShard = 8192, signal, onProgress } = options
  const plan: Plan = { format: FORMAT, key, dims, type, rowsPerShard }
  const found = await readJson<Plan>(join(folder, 'plan.json'))
  if (JSON.stringify(found) !== JSON.stringify(plan)) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    writeFileAtomic(join(folder, 'plan.json'), JSON.stringify(plan))
  }
  let count = 0
  let shard = 0
  const encoded = async (rows: readonly { docid: string; text: string }[], index: number) => ({
    rows,
    vectors: existsSync(shardFile(folder, index, 'bin')) ? undefined : await encode(rows.map(({ text }) => text)),
  })
  // An encoder tokenises a shard while it computes the one before.
  for await (const { rows, vectors } of ahead(regroup(documents, rowsPerShard), encoded, 2)) {
    if (signal?.aborted) throw new Interrupted()
    if (vectors !== undefined) {
      const docids = rows.map(({ docid }) => docid)
      checkNorms(shardFile(folder, shard, 'bin'), vectors, dims, { docids })
      const zeros = docids.flatMap((_, row) => (isZero(vectors, row, dims) ? [row] : []))
      const stored = type === 'float16' ? encodeHalf(vectors) : vectors
      writeFileAtomic(shardFile(folder, shard, 'json'), JSON.stringify({ docids, zeros } satisfies ShardInfo))
      writeFileAtomic(
        shardFile(folder, shard, 'bin'),
        new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength),
      )
    }
    shard++
    count += rows.length
    onProgress?.(count)
  }
  const info: Info = { ...plan, documents: count }
  writeFileAtomic(join(folder, 'vectors.json'), JSON.stringify(info))
  return { documents: count }
}

const isZero = (vectors: Float32Array, row: number, dims: number): boolean =>
  vectors.subarray(row * dims, (row + 1) * dims).every((value) => value === 0)

const readShard = async (path: string, type: StorageType): Promise<Float32Array> => {
  const bytes = await readFile(path)
  const { buffer, byteLength } = new Uint8Array(bytes)
  return type === 'float16' ? decodeHalf(new Uint16Array(buffer, 0, byteLength / 2)) : new Float32Array(buffer)
}

/** Whether `folder` holds all vectors under this key. */
export const hasVectors = async (folder: string, key: string): Promise<boolean> => {
  const info = await readJson<Info>(join(folder, 'vectors.json'))
  return info?.key === key && info.format === FORMAT
}

/** Some rows of a shard, each by a read of its own. */
const readRows = async (
  path: string,
  type: StorageType,
  dims: number,
  rows: readonly number[],
): Promise<Float32Array> => {
  const size = dims * (type === 'float16' ? 2 : 4)
  const bytes = new Uint8Array(rows.length * size)
  const file = await open(path)
  try {
    for (const [at, row] of rows.entries()) await file.read(bytes, at * size, size, row * size)
  } finally {
    await file.close()
  }
  return type === 'float16' ? decodeHalf(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer)
}

/** Rows are read one by one where so few of a block are wanted. */
const FEW = 1 / 16

/**
 * Vectors that `encodeCorpus` finished, for `createBlockSearcher`. They stay in memory after their first use if all of
 * them take at most `cacheBytes` as float32. Throws UserError where they are missing, a shard was cut short, or a vector
 * is not of length 1.
 */
export const openVectors = async (folder: string, { cacheBytes = 2 ** 31 } = {}): Promise<VectorBlocks> => {
  const info = await readJson<Info>(join(folder, 'vectors.json'))
  const broken = (where: string, expected: string, found: string) =>
    new UserError({ where, expected, found, fix: 'Delete the folder; it will be encoded again.' })
  if (info?.format !== FORMAT) throw broken(folder, 'vectors of a whole corpus', 'none, or of another version')
  const { documents, dims, type, rowsPerShard } = info
  const docids: string[] = []
  const zeros = new Set<number>()
  for (let shard = 0; shard * rowsPerShard < documents; shard++) {
    const beside = await readJson<ShardInfo>(shardFile(folder, shard, 'json'))
    for (const row of beside?.zeros ?? []) zeros.add(docids.length + row)
    for (const docid of beside?.docids ?? []) docids.push(docid)
  }
  if (docids.length !== documents) throw broken(folder, `${documents} docids`, `${docids.length}`)
  const cache = documents * dims * 4 <= cacheBytes ? new Map<number, Float32Array>() : undefined
  const nameOf = (shard: number): string => shardFile(folder, shard, 'bin')
  const checked = new Set<number>()
  const block = async (shard: number): Promise<Float32Array> => {
    const cached = cache?.get(shard)
    if (cached) return cached
    const path = nameOf(shard)
    const vectors = await readShard(path, type)
    const first = shard * rowsPerShard
    const expected = Math.min(rowsPerShard, documents - first) * dims
    if (vectors.length !== expected) throw broken(path, `${expected} numbers`, `${vectors.length}`)
    if (!checked.has(shard)) {
      checkNorms(path, vectors, dims, { docids, first, mayBeZero: (row) => zeros.has(first + row) })
      checked.add(shard)
    }
    cache?.set(shard, vectors)
    return vectors
  }
  const rows = async (shard: number, wanted: readonly number[]): Promise<Float32Array> => {
    if (wanted.length < rowsPerShard * FEW) return readRows(nameOf(shard), type, dims, wanted)
    const all = await block(shard)
    const picked = new Float32Array(wanted.length * dims)
    wanted.forEach((row, at) => picked.set(all.subarray(row * dims, (row + 1) * dims), at * dims))
    return picked
  }
  return { docids, dims, rowsPerBlock: rowsPerShard, checked: true, block, ...(cache ? {} : { rows }) }
}
