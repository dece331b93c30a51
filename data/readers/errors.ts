// What goes wrong with files, in words a user can act on.
import { codeOf, messageOf, UserError } from '../../core/errors.ts'

/** Turns the system's error about a path into a UserError; other errors come back unchanged. */
export const fileError = (path: string, error: unknown, expected = 'a file'): unknown => {
  const found = {
    ENOENT: 'nothing there',
    ENOTDIR: 'a file where a folder should be',
    EISDIR: 'a folder',
    EACCES: 'no permission to read it',
    EPERM: 'no permission to read it',
    ELOOP: 'symbolic links that lead in a circle',
  }[codeOf(error) ?? '']
  if (found === undefined) return error
  return new UserError({ where: path, expected, found, fix: 'Check the path.', cause: error })
}

/** Wraps any error of a decoder into a UserError about `where`, unless it already is one. */
export const decodeError = (where: string, expected: string, error: unknown, fix: string): UserError =>
  error instanceof UserError ? error : new UserError({ where, expected, found: messageOf(error), fix, cause: error })

/** The beginning of some input as an error message shows it: one line, at most 80 characters. */
export const excerpt = (text: string): string => {
  const shown = text.slice(0, 80).replace(/[\x00-\x1f\x7f]/g, ' ')
  return text.length > 80 ? `"${shown}…"` : `"${shown}"`
}
