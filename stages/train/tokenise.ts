// Training rows to tables: every distinct text tokenised once, in worker threads where there is enough to do.
import type { Prefixes } from '../../model/model.ts'
import type { Tokenizer } from '../../model/tokenize/tokenizer.ts'
import { examples, tokens, type ExampleRow, type TokenRow } from '../../data/schemas.ts'
import { openTokenThreads, type TokenIds, type TokenThreadsOptions } from '../../model/tokenize/tokens.ts'
import { ahead } from '../../core/ahead.ts'
import { createBackground } from '../../core/background.ts'
import { Interrupted } from '../../core/errors.ts'
import { openShard, shardExists, type Shard } from '../../pipeline/parts.ts'
import type { DropReason } from './config.ts'
import type { DatasetRecord } from './records.ts'
import { noRows, trainRows, type RowCounts } from './rows.ts'
import { textIndex, type TextIndex } from './text-index.ts'

type Kind = 'query' | 'passage'

export interface DatasetOptions {
  readonly tokenizer: Tokenizer
  readonly keep: readonly DropReason[]
  /** Tokens that are read of a text. */
  readonly limits: Readonly<Record<Kind, number>>
  readonly prefixes: Prefixes
  /** How texts are tokenised; changes no result. */
  readonly threads?: TokenThreadsOptions
  readonly signal?: AbortSignal
  /** Characters of new texts, and as many for each row, that end a part. */
  readonly partSize?: number
  /** Characters that a thread is given at a time; changes no result. */
  readonly batchSize?: number
}

const TABLES = [tokens, examples]
const PART = 32_000_000
const BATCH = 250_000
/** What a row counts for besides its new texts. */
const ROW = 400

/** Rows that lie within a part, and the texts that are new with them. */
interface Batch {
  readonly shard: number
  /** Whether it is its part's last. */
  readonly last: boolean
  /** Number of the first new text. */
  readonly first: number
  readonly texts: { readonly kind: Kind; readonly text: string; readonly where: string }[]
  readonly examples: ExampleRow[]
}

async function* batchesOf(
  path: string,
  { keep, signal, partSize = PART, batchSize = BATCH }: DatasetOptions,
  rows: RowCounts,
  index: TextIndex,
): AsyncGenerator<Batch> {
  let batch: Batch = { shard: 0, last: false, first: 0, texts: [], examples: [] }
  let [inBatch, inPart] = [0, 0]
  const number = (kind: Kind, text: string, where: string): number => {
    const { id, fresh } = index.add(kind, text)
    if (fresh) {
      batch.texts.push({ kind, text, where })
      inBatch += text.length
    }
    return id
  }
  for await (const { query, positives, negatives, weight, where } of trainRows(path, keep, rows)) {
    if (signal?.aborted === true) throw new Interrupted()
    batch.examples.push({
      query: number('query', query, where),
      positives: positives.map((text) => number('passage', text, where)),
      negatives: negatives.map((text) => number('passage', text, where)),
      weight,
    })
    inBatch += ROW
    const last = inPart + inBatch >= partSize
    if (!last && inBatch < batchSize) continue
    yield { ...batch, last }
    inPart = last ? 0 : inPart + inBatch
    inBatch = 0
    batch = { shard: batch.shard + (last ? 1 : 0), last: false, first: index.size(), texts: [], examples: [] }
  }
  if (inPart + inBatch > 0) yield { ...batch, last: true }
}

const tokenRows = ({ first, texts }: Batch, { ids, ends }: TokenIds): TokenRow[] =>
  texts.map(({ kind }, i) => ({ text: first + i, kind, ids: Array.from(ids.subarray(ends[i - 1] ?? 0, ends[i])) }))

/**
 * Writes the tables `tokens` and `examples` of an LRAT-Train file into `folder`, and gives what there is in them. Parts
 * that are there are not made again: they must be of the same rows and options. The bytes are the same however many threads tokenise and however often it was killed. Errors: UserError naming
 * file and line, Interrupted.
 */
export const buildDataset = async (path: string, folder: string, options: DatasetOptions): Promise<DatasetRecord> => {
  const { prefixes, limits, threads = {}, signal } = options
  const pool = openTokenThreads(options.tokenizer, { ...threads, ...(signal && { signal }) })
  const tokenise = async (batch: Batch): Promise<{ batch: Batch; rows: readonly TokenRow[] | undefined }> => {
    if (shardExists(folder, TABLES, batch.shard)) return { batch, rows: undefined }
    const ids = await pool.run({
      texts: batch.texts.map(({ kind, text }) => prefixes[kind] + text),
      limit: batch.texts.map(({ kind }) => limits[kind]),
      where: batch.texts.map(({ where }) => where),
    })
    return { batch, rows: tokenRows(batch, ids) }
  }
  const rows = noRows()
  const index = textIndex()
  // A part is compressed while the next one is tokenised.
  const background = createBackground(1)
  const shards = new Set<Shard>()
  const commit = async (shard: Shard): Promise<void> => {
    await shard.commit()
    shards.delete(shard)
  }
  let shard: Shard | undefined
  try {
    for await (const done of ahead(batchesOf(path, options, rows, index), tokenise, 2 * pool.size)) {
      if (done.rows === undefined) continue
      shard ??= await openShard(folder, TABLES, done.batch.shard)
      shards.add(shard)
      await shard.write(tokens, done.rows)
      await shard.write(examples, done.batch.examples)
      if (!done.batch.last) continue
      const whole = shard
      shard = undefined
      await background.add(() => commit(whole))
    }
    await background.drain()
    return { rows, texts: index.size() }
  } finally {
    await background.drain().catch(() => undefined)
    for (const unfinished of shards) await unfinished.discard()
    await pool.close()
  }
}
