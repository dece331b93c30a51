// Stage mine: from what successful agents opened and passed over, the training pairs.
import { z } from 'zod'
import { browses, pairs, relevance } from '../../data/schemas.ts'
import { loadTokenizer } from '../../model/tokenize/tokenizer.ts'
import { ahead } from '../../core/ahead.ts'
import { createBackground } from '../../core/background.ts'
import { all, connect, parquet, type DuckDBConnection } from '../../core/database.ts'
import { many } from '../../pipeline/progress.ts'
import { UserError } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import { openLookup } from '../../pipeline/lookup.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { tokenizerFiles } from '../settings.ts'
import { sections, type Config } from './config.ts'
import { reads, writes, type Context } from './io.ts'
import { minedRows } from './candidates.ts'
import { modelParameters, openJudge, UNLABELLED } from './judges.ts'
import { loadShard, mineShard } from './shard.ts'

// What an opened id with a colon names is only known beside the corpus: the whole, or what follows the last colon.
const UNCLEAR = `step.tool IN ('get_document', 'visit') AND contains(step.docids[1], ':')`

/** Every docid that the mined trajectories of a part saw; of one that is unclear, both readings. */
const seen = (context: Context, trajectoryPart: string, verdictPart: string): string =>
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
const countCut = async (connection: DuckDBConnection, context: Context): Promise<number> => {
  const [row] = await all<{ n: bigint }>(
    connection,
    `SELECT count(*) AS n FROM ${parquet(context.written(browses))} AS b
     JOIN (SELECT trajectory_id, list_transform(steps, lambda s: s.docids[1]) AS opened
       FROM ${parquet(context.parts('trajectories'))}) AS t USING (trajectory_id)
     WHERE contains(t.opened[b.step + 1], ':') AND t.opened[b.step + 1] <> b.docid`,
  )
  return Number(row?.n)
}

/** The funnel's numbers, from the tables themselves, so that they are right after a resume too. */
const countMined = async (connection: DuckDBConnection, context: Context): Promise<Record<string, number>> => {
  const from = (table: (typeof writes)[number]): string => parquet(context.written(table))
  const mined = minedRows(context, context.parts('trajectories'), context.parts('verdicts'))
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

/** What of the settings changes the pairs. */
const parameters = (config: Config) => {
  const { mine, tokenizer } = config
  return {
    negatives: mine.negatives,
    relevance: typeof mine.relevance === 'string' ? mine.relevance : 'labels',
    // Only a model leaves anything undecided.
    ...(mine.relevance === 'llm' ? { llm: modelParameters(config), undecided: mine.undecided } : {}),
    tokenizer,
  }
}

const judged = z.object({ filter: z.object({ correctness: z.unknown() }) })

/** Formerly the configuration said who had judged the answers; the verdicts do, and the same pairs are mined. */
const withCorrectness = (config: Config, whole: unknown): unknown => ({
  ...parameters(config),
  correctness: judged.parse(whole).filter.correctness,
})

export const mineStage = {
  name: 'mine',
  version: 1,
  earlier: [{ version: 1, parameters: withCorrectness }],
  summary: 'mine (query, positive, negatives) from what agents opened and passed over',
  config: sections,
  reads,
  writes,
  parameters,
  paid: (told) => (isObject(told) ? told['llm'] : undefined),
  takesOver: true,
  funnel: ({ counts }) => [
    { step: 'mined (training questions)', count: counts['trajectories'] },
    { step: 'browses', count: counts['browses'] },
    {
      step: 'relevant browses',
      count: counts['relevant'],
      dropped: { unlabelled: counts['unlabelled'], undecided: counts['undecided'] },
    },
    {
      step: 'pairs',
      count: counts['pairs'],
      dropped: { 'opened document in no held search': counts['browses_in_no_search'] },
    },
  ],
  outside: (config) => [
    ...tokenizerFiles(config),
    ...(typeof config.mine.relevance === 'string' ? [] : [config.mine.relevance.labels]),
  ],
  run: async (context: Context) => {
    const inputs = await context.aligned('verdicts')
    const mined = minedRows(context, context.parts('trajectories'), context.parts('verdicts'))
    const judge = await openJudge(context)
    const tokenizer = await loadTokenizer(context.config.tokenizer)
    const corpus = context.parts('documents')
    const connection = await connect()
    const [{ n }] = await all<{ n: bigint }>(connection, `SELECT count(*) AS n ${mined}`)
    if (n === 0n) throw nothingToMine()
    const lookup = await openLookup({
      corpus,
      needed: inputs.map(([part, verdictPart]) => seen(context, part, verdictPart)),
      scratch: context.scratch,
      withTexts: judge.needsTexts,
    })
    const background = createBackground(1)
    let isDone = false
    try {
      const load = async ([part, verdictPart]: readonly [string, string], index: number) => {
        const ready = context.done(index, writes)
        return ready ? undefined : loadShard({ connection, context, lookup, judge }, part, verdictPart)
      }
      let index = 0
      for await (const input of ahead(inputs, load)) {
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
        context.mark(index, inputs.length, 'parts')
      }
      await background.drain()
      isDone = true
      const opened = `SELECT docid FROM ${parquet(context.written(browses))} WHERE docid <> ''`
      const missing = await lookup.missing(opened)
      const cut = (await lookup.mentions(':')) ? await countCut(connection, context) : 0
      const counts = await countMined(connection, context)
      return {
        counts: { ...counts, docids_outside_corpus: missing, ...(cut > 0 ? { docids_cut_at_colon: cut } : {}) },
        warnings: [
          ...(missing > 0
            ? [
                `${many(missing, 'docid')} in the trajectories ${missing === 1 ? 'is' : 'are'} not in the corpus and left out`,
              ]
            : []),
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
} satisfies Stage<Config>
