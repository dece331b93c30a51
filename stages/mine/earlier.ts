// Verdicts on relevance that a result of this stage, kept aside while another is made, already holds: they were paid for.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { UNDECIDED, type RelevanceVerdict } from '../../agents/judges/relevance-judge.ts'
import { all, connect, parquet } from '../../core/database.ts'
import { isObject } from '../../core/json.ts'
import { browses, relevance } from '../../data/schemas.ts'
import { canonical } from '../../pipeline/fingerprint.ts'
import { readManifest } from '../../pipeline/manifest.ts'
import { listParts } from '../../pipeline/parts.ts'
import { keptFolder } from '../../pipeline/previous.ts'
import type { BrowseToJudge } from './judge.ts'

export interface EarlierVerdicts {
  /** The verdict on this browse, if its reasoning is what was judged. */
  of(browse: BrowseToJudge): RelevanceVerdict | undefined
}

const NONE: EarlierVerdicts = { of: () => undefined }

const hashOf = (text: string): string => createHash('md5').update(text).digest('hex')

/**
 * Verdicts of the result kept aside for the stage in `folder`, where the same judge gave them: `judge` is what of the
 * configuration changes its verdicts. What that result counted as relevant though nobody had decided is undecided here.
 */
export const earlierVerdicts = async (folder: string, judge: unknown): Promise<EarlierVerdicts> => {
  const kept = keptFolder(folder)
  if (!existsSync(kept)) return NONE
  const parameters = readManifest(kept)?.parameters
  if (!isObject(parameters) || canonical(parameters['llm']) !== canonical(judge)) return NONE
  const connection = await connect({ threads: 1 })
  try {
    const rows = await all<{ browse_id: string; hash: string; relevant: boolean | null; judge: string }>(
      connection,
      `SELECT browse_id, md5(reasoning) AS hash, CASE WHEN judge = '${UNDECIDED}' THEN NULL ELSE relevant END AS relevant, judge
       FROM ${parquet(listParts(kept, relevance))} AS judged
       JOIN ${parquet(listParts(kept, browses))} AS browsed USING (browse_id) WHERE judge LIKE 'llm%'`,
    )
    const verdicts = new Map(rows.map(({ browse_id, ...row }) => [browse_id, row]))
    return {
      of: ({ trajectory_id, call }) => {
        const row = verdicts.get(`${trajectory_id}:${call.step}`)
        return row?.hash === hashOf(call.reasoning) ? { relevant: row.relevant, judge: row.judge } : undefined
      },
    }
  } finally {
    connection.closeSync()
  }
}
