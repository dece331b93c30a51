// The most that one record may take, so that no file can fill the memory.
import { UserError } from '../../core/errors.ts'

const MIB = 1 << 20
const DEFAULT_MIB = 64
const VARIABLE = 'LRAT_MAX_RECORD_MIB'

/** Bytes of one record at most, decompressed: a line, a JSON file, an element, a row of a table. */
export const mostRecordBytes = (): number => {
  const set = process.env[VARIABLE]
  if (set === undefined || set === '') return DEFAULT_MIB * MIB
  const number = Number(set)
  if (Number.isInteger(number) && number > 0 && number <= 512) return number * MIB
  throw new UserError({
    where: VARIABLE,
    expected: 'a whole number of MiB from 1 to 512',
    found: set.slice(0, 80),
    fix: `Correct or unset it; it is ${DEFAULT_MIB} without.`,
  })
}

/** The error for a record that is larger than that; `missing` says what did not come. */
export const recordTooLong = (where: string, expected: string, missing: string): UserError =>
  new UserError({
    where,
    expected,
    found: `more than ${mostRecordBytes() / MIB} MiB without ${missing}`,
    fix: `Is the file of another format, or damaged? ${VARIABLE} allows larger records.`,
  })
