// A system's scores by query, kept as soon as they are there: an interrupted evaluation goes on with the next system.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../core/files.ts'
import type { QuerySet } from './query-sets.ts'
import type { System } from './systems.ts'

/** By query set, by metric: one value a query. */
export type SystemScores = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>

const pathOf = (folder: string, { name }: System): string => join(folder, 'per-query', `${name}.json`)

export const saveScores = (folder: string, system: System, scores: SystemScores): void =>
  writeFileAtomic(pathOf(folder, system), JSON.stringify(scores))

export const readScores = (folder: string, system: System): SystemScores | undefined => {
  const path = pathOf(folder, system)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as SystemScores) : undefined
}

/** Which query each value belongs to: ids by query set, in the order of the scores. */
export const saveQueryIds = (folder: string, sets: readonly QuerySet[]): void => {
  const ids = Object.fromEntries(sets.map(({ name, queries }) => [name, queries.map(({ id }) => id)]))
  writeFileAtomic(join(folder, 'per-query', 'queries.json'), `${JSON.stringify(ids, null, 1)}\n`)
}
