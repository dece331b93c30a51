// A small file of a folder or archive, and what it must satisfy before it is read.
import { UserError } from '../../core/errors.ts'

export interface Entry {
  /** Relative to the folder or archive, with `/` as separator. */
  readonly name: string
  readonly bytes: Buffer
}

/** Throws UserError where an entry is larger than allowed. */
export const checkSize = (where: string, size: number, maxBytes: number): void => {
  if (size <= maxBytes) return
  throw new UserError({
    where,
    expected: `at most ${maxBytes.toLocaleString('en')} bytes`,
    found: size.toLocaleString('en'),
    fix: 'Is it the right file? Remove it from the folder or archive.',
  })
}

/** Throws UserError where an entry's name is absolute or points out of its archive. */
export const checkName = (archive: string, name: string): void => {
  const parts = name.split(/[/\\]/)
  if (!/^([/\\]|[a-z]:)/i.test(name) && !parts.includes('..') && !name.includes('\0')) return
  throw new UserError({
    where: archive,
    expected: 'entries within the archive',
    found: `one named ${JSON.stringify(name)}, which points outside`,
    fix: 'Do not trust this archive; make it again from the files.',
  })
}
