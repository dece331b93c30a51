// Correctness by a score that came with the imported logs, or that lies in a file beside them.
import { parquet, stream, type DuckDBConnection } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import { readRecords } from '../../data/readers/logs/records.ts'
import { idIn } from '../../data/readers/logs/values.ts'
import type { Verdict } from '../../data/schemas.ts'
import type { Config } from './config.ts'
import type { Context } from './io.ts'

type ByScore = Exclude<Config['filter']['correctness'], string>

const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'string') {
    const word = value.trim().toLowerCase()
    if (word === 'true' || word === 'yes' || word === 'correct') return 1
    if (word === 'false' || word === 'no' || word === 'incorrect') return 0
    return word === '' || Number.isNaN(Number(word)) ? undefined : Number(word)
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Of a row of a scores' file: whose it is and what it says; undefined for another measure. */
const scoreIn = (record: unknown, where: string, field: string): readonly [string, number] | undefined => {
  const bad = (expected: string): UserError =>
    new UserError({
      where,
      expected,
      found: JSON.stringify(record).slice(0, 120),
      fix: 'Correct the file, or filter.correctness.',
    })
  if (!isObject(record)) throw bad('a row with an id and a score')
  const own = Object.hasOwn(record, field)
  if (!own && record['name'] !== field) return undefined
  const id = idIn(record, 'trajectory_id', 'trace_id', 'traceId', 'session_id', 'sessionId', 'query_id', 'id')
  if (id === undefined) throw bad('trajectory_id, trace_id, session_id or query_id')
  const value = numberOf(own ? record[field] : (record['value'] ?? record['string_value'] ?? record['stringValue']))
  if (value === undefined) throw bad(`a number, true or false as ${own ? field : 'value'}`)
  return [id, value]
}

const fromFile = async (path: string, field: string): Promise<Map<string, number>> => {
  const found = new Map<string, number>()
  for await (const logged of readRecords(path)) {
    if ('malformed' in logged)
      throw new UserError({
        where: logged.where,
        expected: 'a row of scores',
        found: logged.malformed,
        fix: 'Correct that line.',
      })
    const score = scoreIn(logged.record, logged.where, field)
    if (score !== undefined) found.set(...score)
  }
  return found
}

/** The score of each trajectory that has one; empty unless the configuration asks for a score. */
export const readScores = async (
  connection: DuckDBConnection,
  context: Context,
): Promise<ReadonlyMap<string, number>> => {
  const { correctness } = context.config.filter
  if (typeof correctness === 'string') return new Map()
  if (correctness.file !== undefined) return fromFile(correctness.file, correctness.field)
  const found = new Map<string, number>()
  const parts = context.parts('scores')
  if (parts.length === 0) return found
  const wanted = correctness.field.replaceAll("'", "''")
  const source = `SELECT trajectory_id, value FROM ${parquet(parts)} WHERE name = '${wanted}'`
  for await (const rows of stream<{ trajectory_id: string; value: number }>(connection, source))
    for (const { trajectory_id, value } of rows) found.set(trajectory_id, value)
  return found
}

export const byScore = (trajectory_id: string, { field, at_least }: ByScore, value: number | undefined): Verdict =>
  value === undefined
    ? { trajectory_id, correct: null, judge: 'score', rationale: `no score ${field}` }
    : { trajectory_id, correct: value >= at_least, judge: 'score', rationale: `${field} ${value}` }

/** Errors: UserError when not one completed trajectory has the score that was asked for. */
export const checkScored = (
  { filter: { correctness } }: Config,
  { correct = 0, incorrect = 0, undecided = 0 }: Readonly<Record<string, number>>,
  scored: ReadonlyMap<string, number>,
): void => {
  if (typeof correctness === 'string' || correct + incorrect > 0 || undecided === 0) return
  throw new UserError({
    where: 'filter.correctness',
    expected: `a score ${correctness.field} on the trajectories`,
    found: scored.size === 0 ? 'none' : `${scored.size} of them, on none of the run's trajectories`,
    fix: '`lrat show RUN scores` lists what the logs hold; filter.correctness.file names a file of scores.',
  })
}
