// DuckDB inside the process: joins, medians and conversions over Parquet parts without loading them.
import { DuckDBInstance, type DuckDBConnection, type Json } from '@duckdb/node-api'
import { availableParallelism } from 'node:os'

export interface DatabaseOptions {
  /** A file makes the database spill to disk beyond its memory limit; default is in memory. */
  readonly file?: string
  /** One thread makes a written part's bytes independent of the machine. */
  readonly threads?: number
  readonly memory?: string
  /** False lets a query return rows in any order, which takes less memory. */
  readonly ordered?: boolean
  /** Where sorts and joins spill. */
  readonly spill?: string
}

/** Opens a connection; close it with `closeSync()`. */
export const connect = async (options: DatabaseOptions = {}): Promise<DuckDBConnection> => {
  const { file = ':memory:', threads = availableParallelism(), memory = '256MB', ordered = true, spill } = options
  const instance = await DuckDBInstance.create(file, {
    threads: String(threads),
    memory_limit: memory,
    // Extensions come from the network, and secrets from the home folder; nothing here asks for either.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_persistent_secrets: 'false',
    preserve_insertion_order: String(ordered),
    ...(spill === undefined ? {} : { temp_directory: spill }),
  })
  return instance.connect()
}

let shared: Promise<DuckDBConnection> | undefined
/** The process's connection for small queries and for writing parts: one thread, so equal input gives equal bytes. */
export const writer = (): Promise<DuckDBConnection> => (shared ??= connect({ threads: 1 }))

/** A string as a SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Paths as the argument of read_parquet or read_json. */
export const literals = (paths: readonly string[]): string => `[${paths.map(literal).join(', ')}]`

/** All rows of a small result. */
export const all = async <T>(connection: DuckDBConnection, sql: string): Promise<T[]> =>
  (await connection.runAndReadAll(sql)).getRowObjectsJS() as T[]

/** Streams a result in batches of plain objects. */
export async function* stream<T>(connection: DuckDBConnection, sql: string): AsyncGenerator<T[]> {
  const result = await connection.stream(sql)
  for await (const rows of result.yieldRowObjectJs()) yield rows as T[]
}

export type { DuckDBConnection, Json }
