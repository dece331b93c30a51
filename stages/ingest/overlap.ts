// Keeps test questions out of training: those of the run's own split and those of a held-out file.
import { extname } from 'node:path'
import { checkOverlap, type QuestionRow } from '../../data/overlap.ts'
import { readQueries } from '../../data/readers/queries.ts'
import { queries } from '../../data/schemas.ts'
import { all, parquet, writer } from '../../core/database.ts'
import type { Context } from './io.ts'

const formatOf = (path: string): 'tsv' | 'csv' | 'jsonl' => {
  const name = extname(path.replace(/\.(gz|zst|bz2)$/i, '')).toLowerCase()
  return name === '.tsv' ? 'tsv' : name === '.csv' ? 'csv' : 'jsonl'
}

const heldOut = async (path: string): Promise<QuestionRow[]> => {
  const rows: QuestionRow[] = []
  for await (const { query_id, question } of readQueries(path, { format: formatOf(path) }))
    rows.push({ query_id, question })
  return rows
}

/** The number of overlapping test questions. Errors: UserError naming them, unless `queries.overlap` allows them. */
export const checkQuestions = async (context: Context): Promise<number> => {
  const { held_out, overlap } = context.config.queries
  const parts = context.written(queries)
  if (parts.length === 0) return 0
  const rows = await all<QuestionRow & { split: string }>(
    await writer(),
    `SELECT query_id, question, split FROM ${parquet(parts)}`,
  )
  const own = rows.filter((row) => row.split === 'test')
  const held = held_out === undefined ? [] : await heldOut(held_out)
  const test = [...own, ...held]
  if (test.length === 0) return 0
  const train = rows.filter((row) => row.split !== 'test')
  return checkOverlap(test, train, { allow: overlap === 'allow' }).length
}
