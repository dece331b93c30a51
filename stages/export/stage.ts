// Stage export: the mined and weighed pairs as LRAT-Train JSONL, texts joined in.
import { join } from 'node:path'
import type { Pair } from '../../data/schemas.ts'
import { ahead } from '../../core/ahead.ts'
import { all, connect, parquet, type DuckDBConnection } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { countsAfter } from '../../pipeline/manifest.ts'
import { openLookup } from '../../pipeline/lookup.ts'
import { count, many } from '../../pipeline/progress.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { TRAIN_FILE } from '../lrat-train.ts'
import { sections, type Config } from './config.ts'
import { reads, type Context } from './io.ts'
import { openGrowing } from './append.ts'

interface WeighedPair extends Pair {
  readonly weight: number
}

/** Pairs whose texts are in memory at once. */
const BATCH = 256

/** SQL conditions under which a pair is dropped, by the name under which it is counted. A pair counts for the first. */
const DROPS = {
  unsatisfied: 'NOT satisfied',
  empty_query: "trim(query) = ''",
  no_negative: 'len(neg_docids) = 0',
} as const

const kept = ({ export: { keep } }: Config): string =>
  keep === 'all' ? 'true' : `NOT (${Object.values(DROPS).join(' OR ')})`

const weighed = (pairParts: readonly string[], weightParts: readonly string[]): string =>
  `SELECT p.*, w.weight FROM ${parquet(pairParts, 'file_row_number')} AS p
   JOIN ${parquet(weightParts)} AS w USING (pair_id)`

// Texts are quoted once a batch however many pairs share them; the row is put together from the quoted pieces.
const rowOf = (pair: WeighedPair, quoted: ReadonlyMap<string, string>): string => {
  const { query, pos_docid, neg_docids, reasoning_tokens, satisfied, weight } = pair
  const texts = (docids: readonly string[]): string => docids.map((docid) => quoted.get(docid)).join(', ')
  return (
    `{"query": ${JSON.stringify(query)}, "pos": [${texts([pos_docid])}], "neg": [${texts(neg_docids)}], ` +
    `"pos_id": ${JSON.stringify([pos_docid])}, "neg_id": ${JSON.stringify(neg_docids)}, ` +
    `"reasoning_len": ${reasoning_tokens}, "satisfied": ${satisfied}, "reweight_rate": ${weight}}\n`
  )
}

const inBatches = <T>(rows: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(rows.length / BATCH) }, (_, at) => rows.slice(at * BATCH, (at + 1) * BATCH))

const countDrops = async (
  connection: DuckDBConnection,
  context: Context,
  source: string,
): Promise<Record<string, number>> => {
  const before: string[] = []
  const columns = Object.entries(DROPS).map(([name, condition]) => {
    const first = [condition, ...before.map((earlier) => `NOT (${earlier})`)].join(' AND ')
    before.push(condition)
    return `count(*) FILTER (${first}) AS "dropped: ${name}"`
  })
  const wanted = context.config.export.keep === 'all' ? [] : columns
  const [row] = await all<Record<string, bigint>>(
    connection,
    `SELECT ${[...wanted, 'count(*) AS pairs', `count(*) FILTER (${kept(context.config)}) AS exported`].join(', ')} FROM (${source})`,
  )
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
}

/** In words, why there is no pair to train on. */
const lost = ({ pairs = 0, exported: _, ...drops }: Readonly<Record<string, number>>): string => {
  const why = Object.entries(drops).flatMap(([name, dropped]) =>
    dropped > 0 ? [`${count(dropped)} ${name.replace('dropped: ', '').replaceAll('_', ' ')}`] : [],
  )
  return pairs === 0 ? 'no mined pair' : `${many(pairs, 'mined pair')}, dropped: ${why.join(', ')}`
}

export const exportStage = {
  name: 'export',
  version: 1,
  summary: 'write the weighed pairs with their texts as LRAT-Train JSONL',
  config: sections,
  reads,
  writes: [],
  parameters: (config) => config.export,
  funnel: ({ counts }) => [{ step: 'exported', count: counts['exported'], dropped: countsAfter(counts, 'dropped:') }],
  run: async (context: Context) => {
    const inputs = await context.aligned('weights')
    const connection = await connect()
    const source = weighed(context.parts('pairs'), context.parts('weights'))
    const file = openGrowing(join(context.folder, TRAIN_FILE))
    try {
      const counts = await countDrops(connection, context, source)
      if (counts.exported === 0)
        throw new UserError({
          where: 'export',
          expected: 'at least one pair to train on',
          found: lost(counts),
          fix:
            counts['pairs'] === 0
              ? '`lrat run` with --to mine prints the funnel, which says where they were lost.'
              : 'Look at `lrat show RUN pairs`; export.keep: all writes them regardless.',
        })
      const lookup = await openLookup({
        corpus: context.parts('documents'),
        needed: inputs.map(
          ([pairPart, weightPart]) =>
            `SELECT unnest(list_append(neg_docids, pos_docid)) AS docid, true AS sure FROM (${weighed([pairPart], [weightPart])}) WHERE ${kept(context.config)}`,
        ),
        scratch: context.scratch,
        withTexts: true,
      })
      try {
        for (const [index, [pairPart, weightPart]] of inputs.entries()) {
          if (index < file.pieces) continue
          const rows = await all<WeighedPair>(
            connection,
            `SELECT * FROM (${weighed([pairPart], [weightPart])}) WHERE ${kept(context.config)} ORDER BY file_row_number`,
          )
          const load = async (batch: readonly WeighedPair[]) => ({
            batch,
            texts: await lookup.texts(batch.flatMap((pair) => [pair.pos_docid, ...pair.neg_docids])),
          })
          for await (const { batch, texts } of ahead(inBatches(rows), load)) {
            const quoted = new Map([...texts].map(([docid, text]) => [docid, JSON.stringify(text)]))
            file.write(batch.map((pair) => rowOf(pair, quoted)).join(''))
          }
          context.check()
          file.endPiece()
          context.mark(index + 1, inputs.length, 'parts')
        }
      } finally {
        lookup.close()
      }
      file.publish()
      return { counts }
    } catch (error) {
      file.close()
      throw error
    } finally {
      connection.closeSync()
    }
  },
} satisfies Stage<Config>
