// The trajectories that are mined: completed, not judged wrong, and not on a test question.
import { type Step } from '../../data/schemas.ts'
import { all, parquet, type DuckDBConnection } from '../../core/database.ts'
import type { Context } from './io.ts'
import { queriesSource } from '../queries.ts'

/** A trajectory as far as mining reads it: of the outputs only the reasoning's is filled in. */
export interface Candidate {
  readonly trajectory_id: string
  readonly query_id: string
  readonly steps: readonly Step[]
}

/** SQL from FROM on: rows of `trajectories` (as t) that are mined. */
export const minedRows = (
  context: Context,
  trajectoryParts: readonly string[],
  verdictParts: readonly string[],
): string => `
    FROM ${parquet(trajectoryParts, 'file_row_number')} AS t
    JOIN ${parquet(verdictParts)} AS v USING (trajectory_id)
    LEFT JOIN (${queriesSource(context)}) AS q USING (query_id)
    WHERE (v.correct OR (v.correct IS NULL AND v.judge = 'none')) AND coalesce(q.split, 'train') = 'train'`

/** The candidates of one part, in its order. */
export const readCandidates = async (
  connection: DuckDBConnection,
  context: Context,
  trajectoryPart: string,
  verdictPart: string,
): Promise<Candidate[]> => {
  // Nested values cross over as JSON: half the time of converting them one by one.
  const rows = await all<{ trajectory_id: string; query_id: string; steps: string }>(
    connection,
    `SELECT trajectory_id, query_id, to_json(list_transform(steps, lambda s: {
       type: s.type, tool: s.tool, arguments: s.arguments,
       output: CASE WHEN s.type = 'reasoning' THEN s.output ELSE '' END, docids: s.docids})) AS steps
     ${minedRows(context, [trajectoryPart], [verdictPart])} ORDER BY t.file_row_number`,
  )
  return rows.map((row) => ({ ...row, steps: JSON.parse(row.steps) as Step[] }))
}
