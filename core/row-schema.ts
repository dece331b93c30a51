// A table's columns as a zod schema, for rows that come back from a file.
import { z } from 'zod'
import type { Column, Row, Table } from './columns.ts'

const typeOf = ({ kind, item, fields }: Column<unknown>): z.ZodType => {
  switch (kind) {
    case 'string':
      return z.string()
    case 'int32':
      return z.int32()
    case 'double':
      return z.number()
    case 'boolean':
      return z.boolean()
    case 'list':
      return z.array(item ? columnSchema(item) : z.unknown())
    case 'struct':
      return columnsSchema(fields ?? {})
  }
}

const columnSchema = (column: Column<unknown>): z.ZodType =>
  column.nullable ? typeOf(column).nullable() : typeOf(column)

const columnsSchema = (columns: Readonly<Record<string, Column<unknown>>>): z.ZodType =>
  z.object(Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, columnSchema(column)])))

/** What a row of the table must be; keys of other names are dropped. */
export const rowSchema = <T extends Table>(table: T): z.ZodType<Row<T>> =>
  columnsSchema(table.columns) as z.ZodType<Row<T>>
