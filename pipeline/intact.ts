// Parts of a run's tables for those who look at it from outside the pipeline: whole and as they were written, or an error.
import { all, connect, parquetMetadata } from '../core/database.ts'
import { messageOf, UserError } from '../core/errors.ts'
import type { Table } from '../core/columns.ts'
import { readManifest, verifyOutputs } from './manifest.ts'
import { listParts } from './parts.ts'
import { stageFolder } from './manifest.ts'

/**
 * The parts of a table that a stage wrote, in order. Errors: UserError naming the part that is missing, cut short or
 * altered, as far as the stage's manifest tells; a stage under way has none.
 */
export const intactParts = (run: string, stage: string, table: Table): string[] => {
  const folder = stageFolder(run, stage)
  const parts = listParts(folder, table)
  const manifest = parts.length > 0 ? readManifest(folder) : undefined
  const records = manifest?.tables[table.name]
  if (manifest && records) verifyOutputs(folder, { ...manifest, tables: { [table.name]: records }, files: [] })
  return parts
}

/** The error of a query over parts, naming the first one that cannot be read; any other error stays as it is. */
export const partError = async (parts: readonly string[], error: unknown): Promise<unknown> => {
  const connection = await connect({ threads: 1 })
  try {
    for (const part of parts) {
      const cause = await all(connection, `SELECT * FROM ${parquetMetadata(part)}`).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (cause === undefined) continue
      return new UserError({
        where: part,
        expected: 'a whole part of a table',
        found: `damage (${messageOf(cause).split('\n')[0]})`,
        fix: 'Run the stage that writes it again, with --from and its name.',
        cause,
      })
    }
    return error
  } finally {
    connection.closeSync()
  }
}
