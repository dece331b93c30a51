// Mines one part of trajectories: what it needs is loaded first, so that loading can run ahead of mining.
import type { Tokenizer } from '../../model/tokenize/tokenizer.ts'
import { afterLastColon, askedDocid, isBrowse } from '../../data/steps.ts'
import type { DuckDBConnection } from '../../core/database.ts'
import type { Lookup } from '../../pipeline/lookup.ts'
import type { Context } from './io.ts'
import { eventsOf, nameOpened, type BrowseCall } from './browses.ts'
import { readCandidates, type Candidate } from './candidates.ts'
import type { Judgement, RelevanceJudge } from './judge.ts'
import { minePairs } from './pairs.ts'
import { addRows, type MinedRows } from './rows.ts'

const walk = ({ trajectory_id, query_id, steps }: Candidate, inCorpus: (docid: string) => boolean) => {
  const events = nameOpened(eventsOf(steps), inCorpus)
  const calls = events.flatMap((event) => ('run' in event ? event.run : []))
  return { trajectory_id, query_id, events, calls }
}

export interface ShardInput {
  readonly walked: readonly ReturnType<typeof walk>[]
  /** The docids seen that the corpus holds. */
  readonly known: ReadonlySet<string>
  /** Texts of the opened documents, where the judge reads them. */
  readonly texts: ReadonlyMap<string, string>
}

interface LoadOptions {
  readonly connection: DuckDBConnection
  readonly context: Context
  readonly lookup: Lookup
  readonly judge: RelevanceJudge
}

export const loadShard = async (
  { connection, context, lookup, judge }: LoadOptions,
  trajectoryPart: string,
  verdictPart: string,
): Promise<ShardInput> => {
  const candidates = await readCandidates(connection, context, trajectoryPart, verdictPart)
  const docids = candidates.flatMap(({ steps }) =>
    steps.flatMap((step) => (isBrowse(step) ? [askedDocid(step), ...step.docids] : step.docids)),
  )
  const known = await lookup.known([...docids, ...docids.filter((docid) => docid.includes(':')).map(afterLastColon)])
  const walked = candidates.map((candidate) => walk(candidate, (docid) => known.has(docid)))
  const opened = walked.flatMap(({ calls }) => calls.map((call) => call.docid))
  return { walked, known, texts: judge.needsTexts ? await lookup.texts(opened) : new Map() }
}

interface MineShardOptions {
  readonly judge: RelevanceJudge
  readonly tokenizer: Tokenizer
  readonly negatives: 'session' | 'turn'
  /** What an undecided browse counts as. */
  readonly undecided: 'drop' | 'relevant' | 'irrelevant'
}

const COUNTS_AS = { drop: null, relevant: true, irrelevant: false } as const

/** The rows of a part, in the order of its trajectories. */
export const mineShard = async (
  { walked, known, texts }: ShardInput,
  { judge, tokenizer, negatives, undecided }: MineShardOptions,
): Promise<MinedRows> => {
  const toJudge = walked.flatMap(({ trajectory_id, query_id, calls }) =>
    calls.map((call) => ({ trajectory_id, query_id, call })),
  )
  const judged = await judge.judge(toJudge, texts)
  const judgements = new Map(toJudge.map(({ call }, at) => [call, judged[at]]))
  const judgementOf = (call: BrowseCall): Judgement => {
    const judgement = judgements.get(call)
    if (!judgement) throw new Error(`the judge of relevance left out the browse of ${call.docid}`)
    return judgement
  }
  const rows: MinedRows = { browses: [], relevance: [], pairs: [] }
  for (const { trajectory_id, events } of walked) {
    const mined = minePairs(events, {
      negatives,
      inCorpus: (docid) => known.has(docid),
      isRelevant: (call) => judgementOf(call).relevant ?? COUNTS_AS[undecided],
    })
    addRows(rows, trajectory_id, mined, { judgementOf, tokenizer })
  }
  return rows
}
