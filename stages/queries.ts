// Where a run's questions lie: the ingested ones, or those that came with imported trajectories.
import { parquet } from '../core/database.ts'

interface Parts {
  parts(name: 'questions' | 'importedQuestions'): readonly string[]
}

/** Parts of the run's queries. */
export const queryParts = (context: Parts): readonly string[] => {
  const ingested = context.parts('questions')
  return ingested.length > 0 ? ingested : context.parts('importedQuestions')
}

/** SQL that selects the run's queries. */
export const queriesSource = (context: Parts): string =>
  `SELECT query_id, question, answers, split FROM ${parquet(queryParts(context))}`
