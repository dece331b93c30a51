// The elements of one large JSON array, one at a time.
import { UserError } from '../../core/errors.ts'
import { openBytes } from './bytes.ts'
import { excerpt } from './errors.ts'
import { mostRecordBytes, recordTooLong } from './limit.ts'

export interface ArrayElement {
  readonly value: unknown
  /** 0-based. */
  readonly index: number
}

const [quote, backslash, comma, openBracket, closeBracket, openBrace, closeBrace] = Buffer.from('"\\,[]{}')
const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13)

const malformed = (where: string, found: string, cause?: unknown): UserError =>
  new UserError({
    where,
    expected: 'a JSON array',
    found,
    fix: 'Correct the file; one cut short has to be fetched again.',
    cause,
  })

/**
 * Elements of a file that is one JSON array (compressed or not), in constant memory.
 * Throws UserError where it is another value, an element is malformed, or the file is cut short.
 */
export async function* readJsonArray(path: string): AsyncGenerator<ArrayElement> {
  const most = mostRecordBytes()
  let held: Buffer[] = []
  let heldBytes = 0
  let index = 0
  let depth = 0
  let inString = false
  let escaped = false
  let closed = false

  const take = (last: Buffer): string => {
    const text = Buffer.concat([...held, last]).toString('utf8')
    held = []
    heldBytes = 0
    return text
  }
  const parse = (text: string): ArrayElement => {
    try {
      return { value: JSON.parse(text), index: index++ }
    } catch (error) {
      throw malformed(`${path} element ${index}`, excerpt(text.trim()), error)
    }
  }
  let first = true
  for await (const piece of openBytes(path)) {
    const bytes = first && piece[0] === 0xef ? piece.subarray(3) : piece
    first = false
    let start = 0
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (inString) {
        if (escaped) escaped = false
        else if (byte === backslash) escaped = true
        else if (byte === quote) inString = false
      } else if (depth === 0) {
        if (isSpace(byte)) continue
        if (closed || byte !== openBracket) throw malformed(path, excerpt(bytes.toString('utf8', at, at + 100)))
        depth = 1
        start = at + 1
      } else if (byte === quote) inString = true
      else if (byte === openBracket || byte === openBrace) depth++
      else if (byte === closeBracket || byte === closeBrace) {
        depth--
        if (depth > 0) continue
        const text = take(bytes.subarray(start, at))
        if (index > 0 || text.trim() !== '') yield parse(text)
        closed = true
      } else if (byte === comma && depth === 1) {
        yield parse(take(bytes.subarray(start, at)))
        start = at + 1
      }
    }
    if (depth > 0 && start < bytes.length) {
      held.push(bytes.subarray(start))
      heldBytes += bytes.length - start
      if (heldBytes > most) throw recordTooLong(`${path} element ${index}`, 'an element of a JSON array', 'its end')
    }
  }
  if (!closed) throw malformed(path, first ? 'an empty file' : `the file's end inside element ${index}`)
}
