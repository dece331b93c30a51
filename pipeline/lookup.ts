// Texts of the documents that a stage needs, taken from the corpus in one scan and kept on disk: memory never grows
// with the corpus, nor with how many documents are needed.
import { join } from 'node:path'
import { all, connect, literal, parquet, type DuckDBConnection } from '../core/database.ts'

export interface Lookup {
  /** Texts of those of `docids` that the corpus holds. */
  texts(docids: Iterable<string>): Promise<Map<string, string>>
  /** Those of `docids` that the corpus holds. */
  known(docids: Iterable<string>): Promise<Set<string>>
  /** How many of the ids that `select` gives, and of the sure ones, the corpus lacks. */
  missing(select?: string): Promise<number>
  /** Whether one of the ids has this in it. */
  mentions(text: string): Promise<boolean>
  close(): void
}

interface LookupOptions {
  /** Parts of `documents`. */
  readonly corpus: readonly string[]
  /**
   * Queries that select `docid`, a document that may be asked for, and `sure`, false where it may be no id at all but a
   * reading of one; run one after the other.
   */
  readonly needed: readonly string[]
  /** Where the database file and its spills go. */
  readonly scratch: string
  /** False when only `known` will be asked. */
  readonly withTexts: boolean
}

const partsHolding = async (connection: DuckDBConnection, corpus: readonly string[]): Promise<string[]> => {
  const rows = await all<{ filename: string }>(
    connection,
    `SELECT DISTINCT filename FROM ${parquet(corpus, 'filename')} SEMI JOIN needed USING (docid)
     ORDER BY filename`,
  )
  return rows.map((row) => row.filename)
}

/** Opens a look-up of the documents that `needed` selects. */
export const openLookup = async (options: LookupOptions): Promise<Lookup> => {
  const { corpus, needed, scratch, withTexts } = options
  const connection = await connect({
    file: join(scratch, 'lookup.duckdb'),
    spill: join(scratch, 'spill'),
    ordered: false,
  })
  await connection.run('CREATE TABLE needed (docid VARCHAR, sure BOOLEAN)')
  for (const select of needed) await connection.run(`INSERT INTO needed SELECT DISTINCT docid, sure FROM (${select})`)
  // Ids are cheap to scan and texts are not: only parts that hold a needed document are read for their texts.
  const columns = withTexts ? 'docid, "text"' : 'docid'
  const parts = withTexts ? await partsHolding(connection, corpus) : corpus
  await connection.run(
    parts.length === 0
      ? 'CREATE TABLE found (docid VARCHAR, "text" VARCHAR)'
      : `CREATE TABLE found AS SELECT ${columns} FROM ${parquet(parts)} SEMI JOIN needed USING (docid)`,
  )

  const wanted = (docids: Iterable<string>): string => {
    // SQL has no way to write a NUL, and no document's id has one.
    const values = [...new Set(docids)].filter((docid) => !docid.includes('\0')).map((docid) => `(${literal(docid)})`)
    return values.length === 0
      ? '(SELECT NULL WHERE false) AS wanted(docid)'
      : `(VALUES ${values.join(', ')}) AS wanted(docid)`
  }
  return {
    texts: async (docids) => {
      const rows = await all<{ docid: string; text: string }>(
        connection,
        `SELECT docid, "text" FROM found SEMI JOIN ${wanted(docids)} USING (docid)`,
      )
      return new Map(rows.map((row) => [row.docid, row.text]))
    },
    known: async (docids) => {
      const rows = await all<{ docid: string }>(
        connection,
        `SELECT docid FROM found SEMI JOIN ${wanted(docids)} USING (docid)`,
      )
      return new Set(rows.map((row) => row.docid))
    },
    missing: async (select = 'SELECT NULL AS docid WHERE false') => {
      const [row] = await all<{ n: bigint }>(
        connection,
        `SELECT count(DISTINCT docid) AS n
         FROM (SELECT docid FROM needed WHERE sure UNION ALL SELECT docid FROM (${select})) ANTI JOIN found USING (docid)`,
      )
      return Number(row?.n)
    },
    mentions: async (text) =>
      (await all(connection, `SELECT 1 FROM needed WHERE contains(docid, ${literal(text)}) LIMIT 1`)).length > 0,
    close: () => connection.closeSync(),
  }
}
