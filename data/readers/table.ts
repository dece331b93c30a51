// Rows of CSV and TSV files, and their columns by name.
import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { messageOf, UserError } from '../../core/errors.ts'
import { openBytes } from './bytes.ts'
import { mostRecordBytes, recordTooLong } from './limit.ts'
import { readLines } from './lines.ts'

export interface TableRow {
  readonly fields: readonly string[]
  /** 1-based line on which the row ends. */
  readonly number: number
}

export interface TableFormat {
  readonly delimiter: ',' | '\t'
  /** Fields may be quoted as in RFC 4180. Without it a quotation mark is a character like any other. */
  readonly quotes: boolean
}

export const csv: TableFormat = { delimiter: ',', quotes: true }
export const tsv: TableFormat = { delimiter: '\t', quotes: false }

async function* readQuoted(path: string, delimiter: string): AsyncGenerator<TableRow[]> {
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: mostRecordBytes(),
  })
  const source = Readable.from(openBytes(path))
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let batch: TableRow[] = []
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      batch.push({ fields: record, number: info.lines })
      if (batch.length < 1000) continue
      yield batch
      batch = []
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    if (error.code === 'CSV_MAX_RECORD_SIZE')
      throw recordTooLong(`${path} line ${Number(error.lines)}`, 'a row', 'its end: is a quotation mark open?')
    throw new UserError({
      where: `${path} line ${typeof error.lines === 'number' ? error.lines : 'unknown'}`,
      expected: 'rows of quoted or plain fields',
      found: messageOf(error),
      fix: 'Correct the quotation marks there, or use a tab-separated file, where they mean nothing.',
      cause: error,
    })
  } finally {
    source.destroy()
    parser.destroy()
  }
  if (batch.length > 0) yield batch
}

/** Rows of a table (compressed or not) in batches, empty lines left out. Throws UserError as `openBytes` does. */
export async function* readTable(path: string, { delimiter, quotes }: TableFormat): AsyncGenerator<TableRow[]> {
  if (quotes) yield* readQuoted(path, delimiter)
  else {
    for await (const lines of readLines(path)) {
      yield lines.map(({ text, number }) => ({ fields: text.split(delimiter), number }))
    }
  }
}

/** Where in a row each named column stands. Throws UserError that lists the columns there are. */
export const locate = (path: string, header: readonly string[], names: readonly string[]): number[] =>
  names.map((name) => {
    const at = header.indexOf(name)
    if (at >= 0) return at
    throw new UserError({
      where: `${path} line 1`,
      expected: `a column "${name}"`,
      found: `columns ${header.map((column) => `"${column}"`).join(', ')}`,
      fix: 'Name one of these columns in the configuration.',
    })
  })

/** The error for a row with another number of fields than its header. */
export const checkWidth = (path: string, { fields, number }: TableRow, width: number): void => {
  if (fields.length === width) return
  throw new UserError({
    where: `${path} line ${number}`,
    expected: `${width} fields`,
    found: String(fields.length),
    fix: 'Correct that row; is the delimiter the right one?',
  })
}
