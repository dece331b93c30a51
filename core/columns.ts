// Column kinds of a table, each with its TypeScript type and its name in DuckDB.

/** A column of rows whose value has type T. */
export interface Column<T> {
  readonly kind: 'string' | 'int32' | 'double' | 'boolean' | 'list' | 'struct'
  /** DuckDB's name of the type. */
  readonly duckdb: string
  readonly nullable: boolean
  readonly item?: Column<unknown>
  readonly fields?: Columns
  /** Carries the type only; never set. */
  readonly type?: T
}
export type Columns = Readonly<Record<string, Column<unknown>>>

type ValueOf<C> = C extends Column<infer T> ? T : never
export type RowOf<C extends Columns> = { readonly [K in keyof C]: ValueOf<C[K]> }

const scalar = <T>(kind: Column<T>['kind'], duckdb: string): Column<T> => ({ kind, duckdb, nullable: false })

export const string = scalar<string>('string', 'VARCHAR')
export const int32 = scalar<number>('int32', 'INTEGER')
export const double = scalar<number>('double', 'DOUBLE')
export const boolean = scalar<boolean>('boolean', 'BOOLEAN')

export const nullable = <T>(column: Column<T>): Column<T | null> => ({ ...column, nullable: true })

export const list = <T>(item: Column<T>): Column<readonly T[]> => ({
  kind: 'list',
  duckdb: `${item.duckdb}[]`,
  nullable: false,
  item,
})

export const struct = <C extends Columns>(fields: C): Column<RowOf<C>> => ({
  kind: 'struct',
  duckdb: `STRUCT(${Object.entries(fields)
    .map(([name, column]) => `"${name}" ${column.duckdb}`)
    .join(', ')})`,
  nullable: false,
  fields,
})

/** A table: its name, its columns in order, and which writer its rows go through. */
export interface Table<C extends Columns = Columns> {
  readonly name: string
  readonly columns: C
  /** `bulk` tables carry long texts or lists and are written by DuckDB, `rows` tables by parquetjs-lite. */
  readonly writer: 'bulk' | 'rows'
}
export type Row<T> = T extends Table<infer C> ? RowOf<C> : never
