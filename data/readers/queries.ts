// Questions with their answers: TSV, CSV, JSON Lines, HotpotQA.
import { UserError } from '../../core/errors.ts'
import type { Query } from '../schemas.ts'
import { readHotpotqa } from './corpora/hotpotqa.ts'
import { readJsonLines } from './lines.ts'
import { badField, firstOf, idAt, isTexts, objectAt, textAt } from './record.ts'
import { checkWidth, csv, locate, readTable, tsv, type TableFormat } from './table.ts'

export type PlainQuery = Omit<Query, 'split'>
type Placed = PlainQuery & { readonly where: string }

export interface QueryOptions {
  readonly format: 'tsv' | 'csv' | 'jsonl' | 'hotpotqa'
  /** Names of columns; without them the columns are id, question, answer in this order, a header of usual names or not. */
  readonly columns?:
    { readonly query_id: string; readonly question: string; readonly answer?: string | undefined } | undefined
  /** Splits an answer into aliases, "|" for example. By default an answer is one text. */
  readonly separator?: string | undefined
}

const idKeys = ['query_id', 'id', '_id', 'qid']
const questionKeys = ['question', 'query', 'text']
const answerKeys = ['answers', 'answer']

const isUsualHeader = (fields: readonly string[]): boolean => {
  const [id = '', question = ''] = fields.map((field) => field.trim().toLowerCase().replaceAll('-', '_'))
  return idKeys.includes(id) && questionKeys.includes(question)
}

/** The answers in a text: one, or several apart by `separator`. */
export const aliases = (answer: string, separator: string | undefined): string[] =>
  (separator === undefined ? [answer] : answer.split(separator))
    .map((text) => text.trim())
    .filter((text) => text !== '')

const tooNarrow = (path: string, line: number, { delimiter }: TableFormat): UserError =>
  new UserError({
    where: `${path} line ${line}`,
    expected: `id and question, and the answer if there is one, separated by ${delimiter === ',' ? 'commas' : 'tabs'}`,
    found: 'one field',
    fix: 'Correct that row; is the delimiter the right one?',
  })

async function* readRows(path: string, format: TableFormat, options: QueryOptions): AsyncGenerator<Placed> {
  const { columns, separator } = options
  let places: readonly number[] | undefined
  let width: number | undefined
  for await (const rows of readTable(path, format)) {
    for (const row of rows) {
      if (places === undefined) {
        const { query_id, question, answer } = columns ?? {}
        places =
          query_id === undefined || question === undefined
            ? [0, 1, 2]
            : locate(path, row.fields, [query_id, question, ...(answer === undefined ? [] : [answer])])
        if (row.fields.length < 2) throw tooNarrow(path, row.number, format)
        width = row.fields.length
        if (columns !== undefined || isUsualHeader(row.fields)) continue
      }
      checkWidth(path, row, width ?? 0)
      const [id, question, answer] = places.map((place) => row.fields[place])
      const where = `${path} line ${row.number}`
      yield { query_id: id ?? '', question: question ?? '', answers: aliases(answer ?? '', separator), where }
    }
  }
}

async function* readObjects(path: string, separator: string | undefined): AsyncGenerator<Placed> {
  for await (const lines of readJsonLines(path)) {
    for (const { value, number } of lines) {
      const where = `${path} line ${number}`
      const record = objectAt(value, where)
      const answer = firstOf(record, answerKeys) ?? []
      const texts = typeof answer === 'string' ? [answer] : answer
      if (!isTexts(texts)) throw badField(where, answerKeys, 'a text or a list of texts', answer)
      const query_id = idAt(record, idKeys, where)
      const question = textAt(record, questionKeys, where)
      yield { query_id, question, answers: texts.flatMap((text) => aliases(text, separator)), where }
    }
  }
}

async function* readHotpotQueries(path: string): AsyncGenerator<Placed> {
  for await (const { query } of readHotpotqa(path)) yield { ...query, where: `${path}, question ${query.query_id}` }
}

const readUnchecked = (path: string, options: QueryOptions): AsyncGenerator<Placed> => {
  if (options.format === 'jsonl') return readObjects(path, options.separator)
  if (options.format === 'hotpotqa') return readHotpotQueries(path)
  return readRows(path, options.format === 'csv' ? csv : tsv, options)
}

/**
 * Questions of a file. Throws UserError with the line at an empty id or question, an id that occurred before, a record
 * that lacks what it needs, and a column that is not there.
 */
export async function* readQueries(path: string, options: QueryOptions): AsyncGenerator<PlainQuery> {
  const seen = new Map<string, string>()
  for await (const { where, ...query } of readUnchecked(path, options)) {
    const earlier = seen.get(query.query_id)
    const refuse = (expected: string, found: string, fix: string): never => {
      throw new UserError({ where, expected, found, fix })
    }
    if (query.query_id.trim() === '') refuse('an id', 'nothing', 'Give that question an id.')
    if (query.question.trim() === '') refuse('a question', 'nothing', 'Remove that line or write its question.')
    if (earlier !== undefined) {
      refuse('ids that occur once', `"${query.query_id}" again, first at ${earlier}`, 'Remove one or rename it.')
    }
    seen.set(query.query_id, where)
    yield query
  }
}
