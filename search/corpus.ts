// The corpus as indexes read it.
import { parquet, stream, type DuckDBConnection } from '../core/database.ts'
import type { Document } from '../data/schemas.ts'

/** All documents of the parts in their order, in batches. */
export const readDocuments = (
  connection: DuckDBConnection,
  parts: readonly string[],
): AsyncGenerator<Pick<Document, 'docid' | 'title' | 'text'>[]> =>
  stream(connection, `SELECT docid, title, "text" FROM ${parquet(parts)}`)
