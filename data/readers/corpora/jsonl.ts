// Corpora in JSON Lines: {docid|id|_id, text|contents|content, title?}.
import { scanJson } from '../json-scan.ts'
import { parseJsonLine, readLines, type Line } from '../lines.ts'
import type { Json } from '../../../core/json.ts'
import { badField, firstOf, isIdNumber, objectAt } from '../record.ts'
import type { Article } from './article.ts'
import { filesOf } from './files.ts'

export const ID_KEYS = ['docid', 'id', '_id']
export const TEXT_KEYS = ['text', 'contents', 'content']
export const TITLE_KEY = 'title'

const leadingId = /^\s*\{\s*"(docid|id|_id)"\s*:\s*(-?\d+)\s*[,}]/

const keyOf = (record: Json, keys: readonly string[]): string | undefined =>
  keys.find((key) => record[key] !== undefined && record[key] !== null)

// A number's text is lost when JSON is parsed: 1.0 is 1 then, and 2^53 + 1 is 2^53.
const isWrittenAs = (line: string, key: string | undefined, decimal: string): boolean => {
  const leading = leadingId.exec(line)
  if (leading !== null && leading[1] === key && leading[2] === decimal) return true
  const [start, end] = scanJson(line).fields.get(key ?? '') ?? [0, 0]
  return line.slice(start, end) === decimal
}

/**
 * The document of one line. Texts are taken as they are; an id may be an integer up to 2^53, written without fraction
 * or exponent, and is its decimal text then. Throws UserError naming line and column of anything else.
 */
export const parseJsonlDocument = (path: string, line: Line): Article => {
  const record = objectAt(parseJsonLine(path, line), `${path} line ${line.number} column 1`)
  const wrong = (keys: readonly string[], type: string): Error => {
    const key = keyOf(record, keys)
    const place = key === undefined ? undefined : scanJson(line.text).fields.get(key)
    const where = `${path} line ${line.number}${place === undefined ? '' : ` column ${place[0] + 1}`}`
    return badField(where, keys, type, record, place && line.text.slice(...place))
  }
  const text = (keys: readonly string[], fallback?: string): string => {
    const value = firstOf(record, keys) ?? fallback
    if (typeof value !== 'string') throw wrong(keys, 'a text')
    return value
  }
  const given = firstOf(record, ID_KEYS)
  const id = isIdNumber(given) && isWrittenAs(line.text, keyOf(record, ID_KEYS), String(given)) ? String(given) : given
  if (typeof id !== 'string' || id === '') throw wrong(ID_KEYS, 'a non-empty text, or an integer up to 2^53,')
  return { id, title: text([TITLE_KEY], ''), text: text(TEXT_KEYS) }
}

/** Articles of a .jsonl file (compressed or not) or a folder of them. Throws UserError as `parseJsonlDocument` does. */
export async function* readJsonlArticles(path: string): AsyncGenerator<Article> {
  for (const file of await filesOf(path, (name) => /\.(jsonl|ndjson|json)(\.(gz|zst|bz2))?$/i.test(name)))
    for await (const lines of readLines(file)) for (const line of lines) yield parseJsonlDocument(file, line)
}
