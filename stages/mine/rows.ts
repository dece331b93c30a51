// One trajectory's rows of the tables that mining writes.
import type { Browse, Pair, Relevance } from '../../data/schemas.ts'
import type { Tokenizer } from '../../model/tokenize/tokenizer.ts'
import type { BrowseCall } from './browses.ts'
import type { Judgement } from './judge.ts'
import type { MinedBrowse } from './pairs.ts'

export interface MinedRows {
  readonly browses: Browse[]
  readonly relevance: Relevance[]
  readonly pairs: Pair[]
}

/** Appends the rows of one trajectory's browses. */
export const addRows = (
  rows: MinedRows,
  trajectory_id: string,
  mined: readonly MinedBrowse[],
  { judgementOf, tokenizer }: { judgementOf: (call: BrowseCall) => Judgement; tokenizer: Tokenizer },
): void => {
  for (const { call, relevant, query, search, pair } of mined) {
    const { step, docid, reasoning } = call
    const browse_id = `${trajectory_id}:${step}`
    const reasoning_tokens = tokenizer.count(reasoning)
    const search_step = search?.step ?? null
    const rank = search ? search.docids.indexOf(docid) + 1 : null
    rows.browses.push({ browse_id, trajectory_id, step, search_step, query, docid, rank, reasoning, reasoning_tokens })
    rows.relevance.push({ browse_id, ...judgementOf(call) })
    if (pair && relevant !== null)
      rows.pairs.push({
        pair_id: browse_id,
        browse_id,
        query,
        pos_docid: docid,
        neg_docids: pair.negatives,
        reasoning_tokens,
        satisfied: relevant,
      })
  }
}
