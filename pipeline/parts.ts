// Parquet parts of a table: their names, their writers, and shards that write several tables' parts together.
import parquetjs, { type FieldDefinition } from 'parquetjs-lite'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Column, Row, Table } from '../core/columns.ts'
import { copyTo, jsonLines, writer } from '../core/database.ts'
import { diskError, publish, temporary } from '../core/files.ts'
import { openSink } from './sink.ts'

export const partName = (index: number): string => `part-${String(index).padStart(5, '0')}.parquet`
export const partPath = (folder: string, table: Table, index: number): string =>
  join(folder, table.name, partName(index))

/** The parts of a table in order, as full paths; empty when there is none. */
export const listParts = (folder: string, table: Table): string[] => {
  const parts = join(folder, table.name)
  return existsSync(parts)
    ? readdirSync(parts)
        .filter((name) => /^part-\d+\.parquet$/.test(name))
        .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
        .map((name) => join(parts, name))
    : []
}

interface PartWriter {
  write(rows: readonly object[]): Promise<void>
  /** Makes the part appear under its name. */
  commit(): Promise<void>
  discard(): Promise<void>
}

const SPOOL_BYTES = 4 << 20
/** Rows a row group: large enough to compress, small enough that a reader's memory stays small. */
const ROW_GROUP = 20_000

/** SQL that copies rows into one Parquet part. */
export const copyToParquet = (select: string, path: string, rowGroup = ROW_GROUP): string =>
  copyTo(select, path, `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${rowGroup}`)

// A lone surrogate has no UTF-8 form; JSON escapes it and DuckDB would refuse the row.
const line = (row: object): string => {
  const text = JSON.stringify(row)
  return text.includes('\\ud')
    ? JSON.stringify(row, (_, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value))
    : text
}

/** Rows go to an NDJSON spool that DuckDB converts: seven times parquetjs-lite's speed on long texts. */
const openBulk = async (table: Table, path: string): Promise<PartWriter> => {
  const spool = `${path}.ndjson.tmp`
  const file = await open(spool, 'w')
  let pending: string[] = []
  let size = 0
  let longest = 0
  const flush = async (): Promise<void> => {
    // Unlike write(), it goes on where a disk that is nearly full took a part only.
    if (pending.length > 0) await file.appendFile(`${pending.join('\n')}\n`)
    pending = []
    size = 0
  }
  const discard = async (): Promise<void> => {
    await file.close().catch(() => undefined)
    for (const left of [spool, temporary(path)]) rmSync(left, { force: true })
  }
  return {
    discard,
    write: async (rows) => {
      for (const row of rows) {
        const text = line(row)
        pending.push(text)
        size += text.length
        longest = Math.max(longest, text.length)
        if (size >= SPOOL_BYTES) await flush()
      }
    },
    commit: async () => {
      await flush()
      await file.close()
      const columns = Object.keys(table.columns).map((name) => `"${name}"`)
      // DuckDB reserves twice the size of the longest object; a character takes three bytes at most.
      const types = Object.fromEntries(Object.entries(table.columns).map(([name, { duckdb }]) => [name, duckdb]))
      const source = jsonLines(spool, { columns: types, longest: Math.max(SPOOL_BYTES, 3 * longest + 1024) })
      await (await writer()).run(copyToParquet(`SELECT ${columns.join(', ')} FROM ${source}`, temporary(path)))
      rmSync(spool)
      publish(path)
    },
  }
}

const fieldOf = (column: Column<unknown>): FieldDefinition => {
  switch (column.kind) {
    case 'string':
      return { type: 'UTF8', compression: 'SNAPPY', optional: column.nullable }
    case 'int32':
      return { type: 'INT32', optional: column.nullable }
    case 'double':
      return { type: 'DOUBLE', optional: column.nullable }
    case 'boolean':
      return { type: 'BOOLEAN', optional: column.nullable }
    case 'list':
      return { ...fieldOf(column.item!), optional: false, repeated: true }
    case 'struct':
      throw new Error('a table with nested rows goes through the bulk writer')
  }
}

const openRows = async (table: Table, path: string): Promise<PartWriter> => {
  const fields = Object.entries(table.columns).map(([name, column]) => [name, fieldOf(column)] as const)
  const sink = openSink(temporary(path))
  const schema = new parquetjs.ParquetSchema(Object.fromEntries(fields))
  const parquet = await parquetjs.ParquetWriter.openStream(schema, sink.stream, { rowGroupSize: ROW_GROUP })
  return {
    write: async (rows) => {
      for (const row of rows) await parquet.appendRow({ ...row })
      sink.check()
    },
    commit: async () => {
      await parquet.close()
      sink.check()
      publish(path)
    },
    discard: async () => {
      sink.close()
      rmSync(temporary(path), { force: true })
    },
  }
}

/** The parts number `index` of several tables, which appear together when the shard is committed. */
export interface Shard {
  write<T extends Table>(table: T, rows: readonly Row<T>[]): Promise<void>
  commit(): Promise<void>
  /** Drops what was written; for when writing it failed. */
  discard(): Promise<void>
}

/** Errors: UserError when the disk is full. */
export const openShard = async (folder: string, tables: readonly Table[], index: number): Promise<Shard> => {
  const writers = new Map<string, PartWriter>()
  for (const table of tables) {
    const path = partPath(folder, table, index)
    mkdirSync(dirname(path), { recursive: true })
    writers.set(table.name, await (table.writer === 'bulk' ? openBulk : openRows)(table, path))
  }
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      throw diskError(error, folder)
    }
  }
  return {
    write: (table, rows) => guarded(() => writers.get(table.name)!.write(rows)),
    commit: () =>
      guarded(async () => {
        for (const part of writers.values()) await part.commit()
      }),
    discard: async () => {
      for (const part of writers.values()) await part.discard()
    },
  }
}

/** Runs `fill` into a shard and commits it, unless the shard is already complete; what a failure left is removed. */
export const writeShard = async (
  folder: string,
  tables: readonly Table[],
  index: number,
  fill: (shard: Shard) => Promise<void>,
): Promise<boolean> => {
  if (shardExists(folder, tables, index)) return false
  const shard = await openShard(folder, tables, index)
  try {
    await fill(shard)
    await shard.commit()
  } catch (error) {
    await shard.discard()
    throw error
  }
  return true
}

export const shardExists = (folder: string, tables: readonly Table[], index: number): boolean =>
  tables.every((table) => existsSync(partPath(folder, table, index)))
