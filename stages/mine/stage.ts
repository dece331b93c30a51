// Stage mine: from what successful agents opened and passed over, the training pairs.
import { browses, documents, pairs, relevance, trajectories, verdicts } from '../../data/schemas.ts'
import { loadTokenizer } from '../../model/tokenize/tokenizer.ts'
import type { Table } from '../../core/columns.ts'
import { ahead } from '../../core/ahead.ts'
import { createBackground } from '../../core/background.ts'
import { all, connect, parquet, type DuckDBConnection } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { openLookup } from '../../pipeline/lookup.ts'
import type { Stage, StageContext } from '../../pipeline/stage.ts'
import { tokenizerFiles, type Config } from '../config.ts'
import { minedRows } from './candidates.ts'
import { modelParameters, openJudge, UNLABELLED } from './judges.ts'
import { loadShard, mineShard } from './shard.ts'

// What an opened id with a colon names is only known beside the corpus: the whole, or what follows the last colon.
const UNCLEAR = `step.tool IN ('get_document', 'visit') AND contains(step.docids[1], ':')`

/** Every docid that the mined trajectories of a part saw; of one that is unclear, both readings. */
const seen = (context: StageContext<Config>, trajectoryPart: string, verdictPart: string): string =>
  `SELECT unnest(docids) AS docid, sure FROM (
     SELECT CASE WHEN unclear THEN list_append(step.docids, trim(regexp_extract(step.docids[1], '[^:]*$'))) ELSE step.docids END
       AS docids, NOT unclear AS sure
     FROM (SELECT step, coalesce(${UNCLEAR}, false) AS unclear FROM (
       SELECT unnest(steps) AS step ${minedRows(context, [trajectoryPart], [verdictPart])})))`

const nothingToMine = (): UserError =>
  new UserError({
    where: 'mine',
    expected: 'at least one trajectory that ended with a right answer',
    found: 'none among the training questions',
    fix: 'Look at `lrat show RUN verdicts`; filter.match: contains is more lenient, filter.correctness: none keeps all.',
  })

/** How many opened ids were taken for what follows their last colon. */
const countCut = async (connection: DuckDBConnection, context: StageContext<Config>): Promise<number> => {
  const [row] = await all<{ n: bigint }>(
    connection,
    `SELECT count(*) AS n FROM ${parquet(context.parts('mine', browses))} AS b
     JOIN (SELECT trajectory_id, list_transform(steps, lambda s: s.docids[1]) AS opened
       FROM ${parquet(context.parts('generate', trajectories))}) AS t USING (trajectory_id)
     WHERE contains(t.opened[b.step + 1], ':') AND t.opened[b.step + 1] <> b.docid`,
  )
  return Number(row?.n)
}

/** The funnel's numbers, from the tables themselves, so that they are right after a resume too. */
const countMined = async (
  connection: DuckDBConnection,
  context: StageContext<Config>,
): Promise<Record<string, number>> => {
  const from = (table: Table): string => parquet(context.parts('mine', table))
  const mined = minedRows(context, context.parts('generate', trajectories), context.parts('filter', verdicts))
  const [row] = await all<Record<string, bigint>>(
    connection,
    `SELECT (SELECT count(*) ${mined}) AS trajectories,
       (SELECT count(*) FROM ${from(browses)}) AS browses,
       (SELECT count(*) FROM ${from(browses)} WHERE rank IS NULL) AS browses_in_no_search,
       (SELECT count(*) FROM ${from(relevance)} WHERE relevant) AS relevant,
       (SELECT count(*) FROM ${from(relevance)} WHERE relevant IS NULL) AS undecided,
       (SELECT count(*) FROM ${from(relevance)} WHERE judge = '${UNLABELLED}') AS unlabelled,
       (SELECT count(*) FROM ${from(pairs)}) AS pairs`,
  )
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
}

const COUNT_AS = { drop: 'were left out', relevant: 'count as relevant', irrelevant: 'count as irrelevant' } as const

/** Above this share of undecided browses something is wrong with the judge. */
const MANY_UNDECIDED = 0.02

const undecidedWarning = (
  { undecided = 0, browses: opened = 0 }: Readonly<Record<string, number>>,
  countsAs: keyof typeof COUNT_AS,
): string[] =>
  undecided > MANY_UNDECIDED * opened
    ? [
        `the judge came to no verdict on ${undecided} of ${opened} opened documents (${((100 * undecided) / opened).toFixed(1)}%), which ${COUNT_AS[countsAs]}: look at its replies, or give it more llm.verdicts.max_tokens`,
      ]
    : []

export const mineStage: Stage<Config> = {
  name: 'mine',
  version: 1,
  summary: 'mine (query, positive, negatives) from what agents opened and passed over',
  tables: [browses, relevance, pairs],
  needs: () => ['ingest', 'generate', 'filter'],
  parameters: (config) => {
    const { mine, tokenizer, filter } = config
    return {
      negatives: mine.negatives,
      relevance: typeof mine.relevance === 'string' ? mine.relevance : 'labels',
      // Only a model leaves anything undecided.
      ...(mine.relevance === 'llm' ? { llm: modelParameters(config), undecided: mine.undecided } : {}),
      tokenizer,
      correctness: filter.correctness,
    }
  },
  outside: (config) => [
    ...tokenizerFiles(config),
    ...(typeof config.mine.relevance === 'string' ? [] : [config.mine.relevance.labels]),
  ],
  run: async (context) => {
    const [trajectoryParts, verdictParts] = [context.parts('generate', trajectories), context.parts('filter', verdicts)]
    const judge = await openJudge(context)
    const tokenizer = await loadTokenizer(context.config.tokenizer)
    const corpus = context.parts('ingest', documents)
    const connection = await connect()
    const [{ n }] = await all<{ n: bigint }>(
      connection,
      `SELECT count(*) AS n ${minedRows(context, trajectoryParts, verdictParts)}`,
    )
    if (n === 0n) throw nothingToMine()
    const lookup = await openLookup({
      corpus,
      needed: trajectoryParts.map((part, at) => seen(context, part, verdictParts[at])),
      scratch: context.scratch,
      withTexts: judge.needsTexts,
    })
    const background = createBackground(1)
    let isDone = false
    try {
      const load = async (part: string, index: number) => {
        const ready = context.done(index, mineStage.tables)
        return ready ? undefined : loadShard({ connection, context, lookup, judge }, part, verdictParts[index])
      }
      let index = 0
      for await (const input of ahead(trajectoryParts, load)) {
        context.check()
        const at = index
        if (input) {
          const rows = await mineShard(input, { judge, tokenizer, ...context.config.mine })
          await background.add(() =>
            context.shard(at, async (shard) => {
              await shard.write(browses, rows.browses)
              await shard.write(relevance, rows.relevance)
              await shard.write(pairs, rows.pairs)
            }),
          )
        }
        index += 1
        context.mark(index, trajectoryParts.length, 'parts')
      }
      await background.drain()
      isDone = true
      const opened = `SELECT docid FROM ${parquet(context.parts('mine', browses))} WHERE docid <> ''`
      const missing = await lookup.missing(opened)
      const cut = (await lookup.mentions(':')) ? await countCut(connection, context) : 0
      const counts = await countMined(connection, context)
      return {
        counts: { ...counts, docids_outside_corpus: missing, ...(cut > 0 ? { docids_cut_at_colon: cut } : {}) },
        warnings: [
          ...(missing > 0 ? [`${missing} docids in the trajectories are not in the corpus; they were left out`] : []),
          ...(cut > 0
            ? [
                `${cut} opened docids are neither in the corpus nor among the hits; what follows their last colon was taken`,
              ]
            : []),
          ...undecidedWarning(counts, context.config.mine.undecided),
        ],
      }
    } finally {
      await background.drain().catch(() => undefined)
      await judge.close?.(isDone)
      lookup.close()
      connection.closeSync()
    }
  },
}
