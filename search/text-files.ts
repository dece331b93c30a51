// Texts with their ids from a file, by the ending of its name: plain lines, JSON Lines by field, CSV and TSV by column.
import { UserError } from '../core/errors.ts'
import { parseJsonLine, readLines } from '../data/readers/lines.ts'
import { idAt, objectAt, textAt } from '../data/readers/record.ts'
import { checkWidth, csv, locate, readTable, tsv, type TableFormat } from '../data/readers/table.ts'

export interface TextItem {
  readonly id: string
  readonly text: string
}

const ID_NAMES = ['id', 'docid', '_id']
/** The column or field of the text where none is named. */
const USUAL = 'text'
/** Files whose lines are no texts. */
const OTHERS = ['json', 'parquet', 'npy', 'npz', 'arrow', 'xlsx', 'zip', 'tar', 'pdf']

async function* plainTexts(path: string): AsyncGenerator<TextItem[]> {
  for await (const lines of readLines(path)) yield lines.map(({ text, number }) => ({ id: String(number), text }))
}

async function* jsonTexts(path: string, field: string): AsyncGenerator<TextItem[]> {
  for await (const lines of readLines(path))
    yield lines.map((line) => {
      const where = `${path} line ${line.number}`
      const record = objectAt(parseJsonLine(path, line), where)
      return { id: idAt(record, ID_NAMES, where), text: textAt(record, [field], where) }
    })
}

const fieldAt = (path: string, fields: readonly string[], place: number, number: number): string => {
  const found = fields[place]
  if (found !== undefined && found !== '') return found
  throw new UserError({
    where: `${path} line ${number}`,
    expected: 'an id and a text',
    found: `field ${place + 1} empty`,
    fix: 'Fill it in, or leave that row out.',
  })
}

/** Rows have their own ids where a column is called so; else the number of the line on which they end. */
async function* tableTexts(path: string, format: TableFormat, column: string): AsyncGenerator<TextItem[]> {
  let header: readonly string[] | undefined
  let [idPlace, textPlace] = [-1, -1]
  for await (const rows of readTable(path, format)) {
    const items: TextItem[] = []
    for (const row of rows) {
      const { fields, number } = row
      if (header === undefined) {
        header = fields
        textPlace = locate(path, header, [column])[0] ?? -1
        idPlace = header.findIndex((name) => ID_NAMES.includes(name))
        continue
      }
      checkWidth(path, row, header.length)
      const id = idPlace < 0 ? String(number) : fieldAt(path, fields, idPlace, number)
      items.push({ id, text: fieldAt(path, fields, textPlace, number) })
    }
    if (items.length > 0) yield items
  }
}

/**
 * Texts in batches. `column` names the field of JSON Lines or the column of a table; "text" without. Errors: UserError at
 * a malformed record, a column that is not there (with those there are), and files of which it makes no sense.
 */
export const readTexts = (path: string, column: string | undefined): AsyncGenerator<TextItem[]> => {
  const ending = /\.([^./\\]+)(\.(gz|zst|bz2))?$/.exec(path)?.[1]?.toLowerCase() ?? ''
  if (ending === 'jsonl' || ending === 'ndjson') return jsonTexts(path, column ?? USUAL)
  if (ending === 'csv' || ending === 'tsv') return tableTexts(path, ending === 'csv' ? csv : tsv, column ?? USUAL)
  const refuse = (where: string, found: string, fix: string): never => {
    throw new UserError({ where, expected: 'lines of text, JSON Lines, CSV or TSV', found, fix })
  }
  if (OTHERS.includes(ending)) refuse(path, `a file called .${ending}`, 'Write its texts as one of these.')
  if (column !== undefined)
    refuse(`--column ${column}`, 'lines of text, which have no columns', 'Leave it out, or call a table .csv or .tsv.')
  return plainTexts(path)
}
