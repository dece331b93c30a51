// Opens logs: finds out the format, and gives one session after another.
import { messageOf, UserError } from '../../../core/errors.ts'
import { excerpt } from '../errors.ts'
import type { Piece, Reading, Skip } from './format.ts'
import { detectFormat, formats, SAMPLE, type FormatName } from './formats.ts'
import { joinPieces, type WrittenPiece } from './join.ts'
import { readRecords, type LoggedRecord } from './records.ts'
import type { LogRecord } from './session.ts'

export interface OpenedLogs {
  readonly format: FormatName
  /** How the format was found out; undefined where it was given. */
  readonly why: string | undefined
  readonly sessions: AsyncGenerator<LogRecord>
}

export interface LogOptions {
  readonly format: FormatName | 'auto'
  /** A folder for what has to be joined on disk; default is the system's for temporary files. */
  readonly scratch?: string
}

const malformed = (where: string, detail: string): LogRecord & Skip => ({ where, skip: 'malformed-json', detail })

/** Runs a format over a record: what it cannot bear (nesting without end) is that record's fault, not the program's. */
const guarded = <T>(
  where: string,
  read: () => T,
): T | { readonly where: string; readonly skip: string; readonly detail: string } => {
  try {
    return read()
  } catch (error) {
    if (error instanceof UserError) throw error
    return {
      where,
      skip: error instanceof RangeError ? 'nested-too-deeply' : 'not-understood',
      detail: messageOf(error),
    }
  }
}

const isSkip = (found: readonly WrittenPiece[] | Skip): found is Skip => 'skip' in found

/** Written at once: what is nested too deeply for that is the record's fault. */
const writtenOf = (found: readonly Piece[] | Skip): readonly WrittenPiece[] | Skip =>
  'skip' in found ? found : found.map(({ body, ...piece }) => ({ ...piece, body: JSON.stringify(body) }))

/** Ids of sessions go where a NUL ends a text. */
const withoutNul = (found: LogRecord): LogRecord =>
  'session' in found && `${found.session.id}${found.session.queryId ?? ''}`.includes('\0')
    ? { where: found.where, skip: 'nul-in-id', detail: 'a NUL in the id of a session or question' }
    : found

async function* joined(
  records: AsyncIterable<LoggedRecord>,
  reading: Extract<Reading, { kind: 'pieces' }>,
  scratch: string | undefined,
): AsyncGenerator<LogRecord> {
  const skipped: LogRecord[] = []
  let left = 0
  async function* pieces(): AsyncGenerator<WrittenPiece> {
    for await (const logged of records) {
      const { where } = logged
      const found =
        'malformed' in logged
          ? malformed(where, logged.malformed)
          : guarded(where, () => writtenOf(reading.pieces(logged.record)))
      if (isSkip(found)) {
        // Counted all, kept a few: a log may hold millions.
        if (skipped.length < 1000) skipped.push({ ...found, where })
        else left += 1
      } else yield* found
    }
  }
  for await (const { trace, bodies } of joinPieces(pieces(), scratch))
    yield withoutNul(guarded(trace, () => reading.join(trace, bodies)))
  yield* skipped
  for (let i = 0; i < left; i += 1) yield { where: '', skip: 'not-understood', detail: 'one of many' }
}

async function* one(
  records: AsyncIterable<LoggedRecord>,
  reading: Extract<Reading, { kind: 'sessions' }>,
): AsyncGenerator<LogRecord> {
  for await (const logged of records) {
    const { where } = logged
    yield 'malformed' in logged
      ? malformed(where, logged.malformed)
      : withoutNul(guarded(where, () => reading.session(logged.record, where)))
  }
}

async function* after(held: readonly LoggedRecord[], rest: AsyncGenerator<LoggedRecord>): AsyncGenerator<LoggedRecord> {
  yield* held
  yield* rest
}

/** Errors: UserError as `detectFormat` and the readers of files throw them; a log without any record. */
export const openLogs = async (path: string, { format, scratch }: LogOptions): Promise<OpenedLogs> => {
  const records = readRecords(path)
  try {
    const held: LoggedRecord[] = []
    if (format === 'auto')
      for (let next = await records.next(); next.done !== true; next = await records.next()) {
        held.push(next.value)
        if (held.filter((logged) => 'record' in logged).length >= SAMPLE || held.length >= 10 * SAMPLE) break
      }
    const sample = held.flatMap((logged) => ('record' in logged ? [logged.record] : []))
    if (format === 'auto' && sample.length === 0) {
      const [broken] = held
      throw new UserError({
        where: path,
        expected: 'logs of agents: JSON, JSON Lines, CSV or Parquet',
        found:
          broken !== undefined && 'malformed' in broken ? `${broken.where}: ${excerpt(broken.malformed)}` : 'no record',
        fix: 'Point trajectories.import at a file, folder or archive of them.',
      })
    }
    const found = format === 'auto' ? detectFormat(sample, path) : { format, why: undefined }
    const { reading } = formats[found.format]
    const all = after(held, records)
    return { ...found, sessions: reading.kind === 'sessions' ? one(all, reading) : joined(all, reading, scratch) }
  } catch (error) {
    await records.return(undefined)
    throw error
  }
}
