// DuckDB inside the process: joins, medians and conversions over Parquet parts without loading them.
import { DuckDBInstance, type DuckDBConnection, type Json } from '@duckdb/node-api'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { UserError } from './errors.ts'

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
  // DuckDB takes what follows a ? in a database's path for options; such a one stays in memory and spills.
  const instance = await DuckDBInstance.create(file.includes('?') ? ':memory:' : file, {
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

const BESIDE_BACKSLASH = /[*?[]/

// DuckDB takes every path for a pattern, and has no other escape than a set of one character. A backslash is a separator
// in its patterns, so a path that has one and a character of patterns cannot be written.
const literally = (path: string): string => {
  const full = resolve(path)
  if (!BESIDE_BACKSLASH.test(full)) return full
  if (process.platform !== 'win32' && full.includes('\\'))
    throw new UserError({
      where: full,
      expected: 'no backslash in a path that also has one of * ? [',
      found: 'both',
      fix: 'Rename the folder.',
    })
  return full.replaceAll(/[*?[]/g, '[$&]')
}

const listed = (paths: string | readonly string[]): string =>
  `[${[paths]
    .flat()
    .map((path) => literal(literally(path)))
    .join(', ')}]`

// DuckDB reads column values off folders named `name=value`, and would let them win over the file's own.
const AS_THEY_ARE = 'hive_partitioning = false, union_by_name = false'

/** A column that DuckDB adds to a file's own: the row's number within its file, or the file's path. */
export type AddedColumn = 'file_row_number' | 'filename'

/** Parquet files as a table in SQL: the columns they hold and no others but those `added`; paths are literal. */
export const parquet = (paths: string | readonly string[], ...added: readonly AddedColumn[]): string =>
  `read_parquet(${listed(paths)}, ${AS_THEY_ARE}, filename = ${added.includes('filename')}${
    added.includes('file_row_number') ? ', file_row_number = true' : ''
  })`

/** What Parquet files say of themselves, a row each. */
export const parquetMetadata = (paths: string | readonly string[]): string => `parquet_file_metadata(${listed(paths)})`

interface JsonLines {
  /** DuckDB's type by column. */
  readonly columns: Readonly<Record<string, string>>
  /** Bytes of the longest line at most; DuckDB reserves twice as much. */
  readonly longest: number
}

/** A file of JSON Lines, uncompressed, as a table in SQL; the path is literal. */
export const jsonLines = (path: string, { columns, longest }: JsonLines): string => {
  const types = Object.entries(columns).map(([name, type]) => `${literal(name)}: ${literal(type)}`)
  return `read_json(${listed(path)}, ${AS_THEY_ARE}, filename = false, auto_detect = false, compression = 'uncompressed',
    format = 'newline_delimited', columns = {${types.join(', ')}}, maximum_object_size = ${longest})`
}

/** SQL that writes a query's rows to one file; `options` as COPY takes them. */
export const copyTo = (select: string, path: string, options: string): string =>
  `COPY (${select}) TO ${literal(resolve(path))} (${options})`

/** All rows of a small result. */
export const all = async <T>(connection: DuckDBConnection, sql: string): Promise<T[]> =>
  (await connection.runAndReadAll(sql)).getRowObjectsJS() as T[]

/** Streams a result in batches of plain objects. */
export async function* stream<T>(connection: DuckDBConnection, sql: string): AsyncGenerator<T[]> {
  const result = await connection.stream(sql)
  for await (const rows of result.yieldRowObjectJs()) yield rows as T[]
}

export type { DuckDBConnection, Json }
