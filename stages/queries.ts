// Where a run's questions lie: the ingested ones, or those that came with imported trajectories.
import { queries } from '../data/schemas.ts'
import { parquet } from '../core/database.ts'
import type { StageContext } from '../pipeline/stage.ts'
import type { Config } from './config.ts'

/** SQL that selects the run's queries. */
export const queriesSource = (context: StageContext<Config>): string => {
  const ingested = context.parts('ingest', queries)
  const parts = ingested.length > 0 ? ingested : context.parts('generate', queries)
  return `SELECT query_id, question, answers, split FROM ${parquet(parts)}`
}
