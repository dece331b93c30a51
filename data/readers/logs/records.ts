// The records of logs, wherever they lie: JSON Lines, JSON (one value or a list), CSV and Parquet; files, folders, archives.
import { basename, join } from 'node:path'
import { connect, parquet, stream } from '../../../core/database.ts'
import { isFolder, listFiles } from '../folder.ts'
import { readRunValues } from '../lrat-runs.ts'
import { csv, readTable, tsv } from '../table.ts'
import { isTurn } from './openai.ts'

export type LoggedRecord = { readonly where: string } & ({ readonly record: unknown } | { readonly malformed: string })

const TABLE = /\.(csv|tsv)(\.(gz|zst|bz2))?$/i
const PARQUET = /\.parquet$/i

async function* readRows(path: string, shown: string): AsyncGenerator<LoggedRecord> {
  let header: readonly string[] | undefined
  for await (const rows of readTable(path, /\.csv/i.test(path) ? csv : tsv))
    for (const { fields, number } of rows) {
      if (header === undefined) header = fields
      else
        yield {
          where: `${shown} line ${number}`,
          record: Object.fromEntries(header.map((name, i): [string, string] => [name, fields[i] ?? ''])),
        }
    }
}

/** Values of Parquet as JSON has them. */
const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return (value as readonly unknown[]).map(plain)
  if (value instanceof Map)
    return Object.fromEntries(
      [...(value as Map<unknown, unknown>)].map(([key, inner]): [string, unknown] => [String(key), plain(inner)]),
    )
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, inner]): [string, unknown] => [key, plain(inner)]))
  return value
}

async function* readParquet(path: string, shown: string): AsyncGenerator<LoggedRecord> {
  const connection = await connect({ threads: 1 })
  try {
    let row = 0
    for await (const rows of stream<Record<string, unknown>>(connection, `SELECT * FROM ${parquet(path)}`))
      for (const record of rows) yield { where: `${shown} row ${(row += 1)}`, record: plain(record) }
  } finally {
    connection.closeSync()
  }
}

/** A list of records is as many records; a list of turns is one. */
const unrolled = (record: unknown, where: string): LoggedRecord[] =>
  Array.isArray(record) && !(record.length > 0 && record.every(isTurn))
    ? (record as readonly unknown[]).map((item, i) => ({ where: `${where} element ${i}`, record: item }))
    : [{ where, record }]

async function* readJson(path: string): AsyncGenerator<LoggedRecord> {
  for await (const value of readRunValues(path)) {
    if ('malformed' in value) yield { where: value.where, malformed: value.malformed }
    else yield* unrolled(value.json, value.where)
  }
}

async function* readFile(path: string, shown: string): AsyncGenerator<LoggedRecord> {
  if (TABLE.test(path)) yield* readRows(path, shown)
  else if (PARQUET.test(path)) yield* readParquet(path, shown)
  else yield* readJson(path)
}

/** Records in a stable order. Errors: UserError as the readers of files throw them. */
export async function* readRecords(path: string): AsyncGenerator<LoggedRecord> {
  const isTable = (name: string): boolean => TABLE.test(name) || PARQUET.test(name)
  if (!(await isFolder(path))) {
    yield* readFile(path, basename(path))
    return
  }
  yield* readJson(path)
  for (const name of await listFiles(path, isTable)) yield* readFile(join(path, name), name)
}
