// A table of a run as what SQL selects from.
import { parquet } from '../../core/database.ts'
import type { Table } from '../../core/columns.ts'
import { UserError } from '../../core/errors.ts'
import { intactParts } from '../../pipeline/intact.ts'

/** The parts of a table. Errors: UserError when the stage has written none, or when one is damaged. */
export const source = (run: string, stage: string, table: Table): string => {
  const parts = intactParts(run, stage, table)
  if (parts.length > 0) return parquet(parts)
  throw new UserError({
    where: `${run}, table ${table.name}`,
    expected: `what stage ${stage} writes`,
    found: 'nothing',
    fix: `Run the pipeline up to ${stage} first.`,
  })
}
