// Lines of a text file, in batches, so that waiting is paid once per block and not once per line.
import { isUtf8 } from 'node:buffer'
import { UserError } from '../../core/errors.ts'
import { openBytes } from './bytes.ts'
import { scanJson } from './json-scan.ts'
import { excerpt } from './errors.ts'
import { mostRecordBytes, recordTooLong } from './limit.ts'

export interface Line {
  readonly text: string
  /** 1-based; blank lines count. */
  readonly number: number
}

export interface JsonLine {
  readonly value: unknown
  readonly number: number
}

const newline = 10
const carriageReturn = 13

/** The bytes without a UTF-8 byte order mark. */
export const withoutBom = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes

/** How many newlines there are in some bytes. */
export const countLines = (bytes: Buffer): number => {
  let lines = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines++
  return lines
}

/** Blocks of whole lines (the last one perhaps without its newline), each with the number of its first line. */
export async function* readBlocks(path: string): AsyncGenerator<{ bytes: Buffer; firstLine: number }> {
  let held: Buffer[] = []
  let heldBytes = 0
  let firstLine = 1
  let started = false
  const join = (last: Buffer): Buffer => {
    const block = held.length === 0 ? last : Buffer.concat([...held, last])
    held = []
    heldBytes = 0
    if (started) return block
    started = true
    return withoutBom(block)
  }
  for await (const piece of openBytes(path)) {
    const end = piece.lastIndexOf(newline) + 1
    if (end > 0) {
      const bytes = join(piece.subarray(0, end))
      yield { bytes, firstLine }
      firstLine += countLines(bytes)
    }
    if (end < piece.length) {
      held.push(piece.subarray(end))
      heldBytes += piece.length - end
    }
    if (heldBytes > mostRecordBytes()) throw tooLong(path, firstLine)
  }
  if (heldBytes > 0) yield { bytes: join(Buffer.alloc(0)), firstLine }
}

/** The error for a line that is too long. */
export const tooLong = (path: string, line: number): UserError =>
  recordTooLong(`${path} line ${line}`, 'one record a line', 'a newline')

const notUtf8 = (path: string, line: number, bytes: Buffer): UserError =>
  new UserError({
    where: `${path} line ${line}`,
    expected: 'UTF-8 text',
    found: `bytes that are not: ${excerpt(bytes.toString('latin1'))}`,
    fix: 'Convert the file, for example with iconv -t utf-8.',
  })

const blank = /^\s*$/

/** The lines of some bytes, the first being number `firstLine`; blank ones are left out. Throws as `readLines` does. */
export const splitLines = (path: string, bytes: Buffer, firstLine = 1): Line[] => {
  const valid = isUtf8(bytes)
  const lines: Line[] = []
  let number = firstLine
  for (let start = 0; start < bytes.length; number++) {
    let next = bytes.indexOf(newline, start)
    if (next < 0) next = bytes.length
    const end = next > start && bytes[next - 1] === carriageReturn ? next - 1 : next
    if (!valid && !isUtf8(bytes.subarray(start, end))) throw notUtf8(path, number, bytes.subarray(start, end))
    const text = bytes.toString('utf8', start, end)
    if (text.charCodeAt(0) > 32 || !blank.test(text)) lines.push({ text, number })
    start = next + 1
  }
  return lines
}

/**
 * Lines of a UTF-8 text file (compressed or not) in batches of about 1 MiB, without line ends and byte order mark;
 * blank lines are left out. Throws UserError as `openBytes` does, and at the first line that is not UTF-8.
 */
export async function* readLines(path: string): AsyncGenerator<Line[]> {
  for await (const { bytes, firstLine } of readBlocks(path)) {
    const lines = splitLines(path, bytes, firstLine)
    if (lines.length > 0) yield lines
  }
}

/** The value of one line of JSON. Throws UserError with the place, what is there and what is wrong with it. */
export const parseJsonLine = (path: string, { text, number }: Line): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError({
      where: `${path} line ${number} column ${(scanJson(text).fault ?? 0) + 1}`,
      expected: 'one JSON value a line',
      found: excerpt(text),
      fix: 'Correct or remove that line; a file cut short usually breaks at its last one.',
      cause: error,
    })
  }
}

/** Values of a JSON Lines file in batches. Throws UserError at the first malformed line. */
export async function* readJsonLines(path: string): AsyncGenerator<JsonLine[]> {
  for await (const lines of readLines(path)) {
    yield lines.map((line) => ({ value: parseJsonLine(path, line), number: line.number }))
  }
}
