// A system's scores by query, kept as soon as they are there: an interrupted evaluation goes on with the next system.
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../../core/files.ts'
import { readRecord } from '../../pipeline/record.ts'
import type { QuerySet } from './query-sets.ts'
import type { System } from './systems.ts'

const scoresSchema = z.record(z.string(), z.record(z.string(), z.array(z.number())))

/** By query set, by metric: one value a query. */
export type SystemScores = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>

const pathOf = (folder: string, { name }: System): string => join(folder, 'per-query', `${name}.json`)

export const saveScores = (folder: string, system: System, scores: SystemScores): void =>
  writeFileAtomic(pathOf(folder, system), JSON.stringify(scores))

/** Errors: UserError where the file is damaged. */
export const readScores = (folder: string, system: System): SystemScores | undefined =>
  readRecord(pathOf(folder, system), scoresSchema, {
    expected: `the scores of ${system.name} by query`,
    fix: 'Delete it, and the system is measured again.',
  })

/** Which query each value belongs to: ids by query set, in the order of the scores. */
export const saveQueryIds = (folder: string, sets: readonly QuerySet[]): void => {
  const ids = Object.fromEntries(sets.map(({ name, queries }) => [name, queries.map(({ id }) => id)]))
  writeFileAtomic(join(folder, 'per-query', 'queries.json'), `${JSON.stringify(ids, null, 1)}\n`)
}
