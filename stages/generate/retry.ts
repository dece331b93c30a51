// Questions whose trajectories ended badly, asked again: which, in a file of the run, and what of the rest is taken over.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { all, connect, literal, parquet, stream } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { NOT_OURS, trajectories, type Trajectory } from '../../data/schemas.ts'
import type { Journal } from '../../pipeline/journal.ts'
import { readManifest, stageFolder } from '../../pipeline/manifest.ts'
import { listParts } from '../../pipeline/parts.ts'
import { keptFolder } from '../../pipeline/previous.ts'

const retrySchema = z.strictObject({
  /** Fingerprint of the trajectories that it redoes a part of. */
  of: z.string(),
  statuses: z.array(z.string()),
  questions: z.array(z.string()),
})
type Retry = z.output<typeof retrySchema>

/** The file of a run that names all retries, in their order. It changes the fingerprint of stage generate. */
const fileOf = (run: string): string => join(run, 'retries.json')

/** What stage generate reads beside its inputs: the file of retries, once there is one. */
export const retryFiles = (run: string): string[] => (existsSync(fileOf(run)) ? [fileOf(run)] : [])

export const readRetries = (run: string): readonly Retry[] => {
  const path = fileOf(run)
  if (!existsSync(path)) return []
  try {
    return z.array(retrySchema).parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new UserError({
      where: path,
      expected: 'the list of retries that --retry writes',
      found: 'something else',
      fix: 'Put the file back; without it the trajectories count as those of another run.',
      cause,
    })
  }
}

/**
 * Notes that the questions are to be asked again whose trajectories ended with one of the statuses; returns how many there
 * are. Errors: UserError where the run has no finished trajectories.
 */
export const noteRetry = async (run: string, statuses: readonly string[]): Promise<number> => {
  const folder = stageFolder(run, 'generate')
  const manifest = readManifest(folder)
  const parts = listParts(folder, trajectories)
  if (!manifest || parts.length === 0)
    throw new UserError({
      where: '--retry',
      expected: `finished trajectories in ${run}`,
      found: 'none',
      fix: 'Run the command without --retry first.',
    })
  const connection = await connect({ threads: 1 })
  try {
    const rows = await all<{ query_id: string }>(
      connection,
      `SELECT DISTINCT query_id FROM ${parquet(parts)} WHERE status IN (${statuses.map(literal).join(', ')}) ORDER BY query_id`,
    )
    if (rows.length === 0) return 0
    const retry: Retry = {
      of: manifest.fingerprint,
      statuses: [...statuses],
      questions: rows.map(({ query_id }) => query_id),
    }
    writeFileAtomic(fileOf(run), `${JSON.stringify([...readRetries(run), retry], null, 1)}\n`)
    return rows.length
  } finally {
    connection.closeSync()
  }
}

/** How often each question was asked again. */
export const retriesOf = (retries: readonly Retry[]): ReadonlyMap<string, number> => {
  const times = new Map<string, number>()
  for (const id of retries.flatMap(({ questions }) => questions)) times.set(id, (times.get(id) ?? 0) + 1)
  return times
}

/**
 * Puts into the journal what the last retry does not redo, from the trajectories that it was noted for: they are kept aside
 * while the stage in `folder` runs.
 */
export const takeOver = async (
  folder: string,
  retries: readonly Retry[],
  journal: Journal<readonly Trajectory[]>,
): Promise<void> => {
  const last = retries.at(-1)
  const kept = keptFolder(folder)
  if (!last || !existsSync(kept) || readManifest(kept)?.fingerprint !== last.of) return
  const again = new Set(last.questions)
  const connection = await connect({ threads: 1 })
  const groups = new Map<string, Trajectory[]>()
  try {
    // One question's attempts follow each other in one part.
    for (const part of listParts(kept, trajectories)) {
      for await (const rows of stream<Trajectory>(connection, `SELECT * FROM ${parquet(part)}`))
        for (const row of rows)
          if (!again.has(row.query_id) && !journal.has(row.query_id))
            groups.set(row.query_id, [...(groups.get(row.query_id) ?? []), { ...NOT_OURS, ...row }])
      await Promise.all([...groups].map(([id, attempts]) => journal.append(id, attempts)))
      groups.clear()
    }
  } finally {
    connection.closeSync()
  }
}
