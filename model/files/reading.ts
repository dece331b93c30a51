// Reading files that a user named.
import { codeOf, messageOf, UserError } from '../../core/errors.ts'

/** What `read` gives; when the file cannot be read, an error that says which. */
export const readable = async <T>(path: string, read: () => Promise<T>): Promise<T> => {
  try {
    return await read()
  } catch (error) {
    if (error instanceof UserError || codeOf(error) === undefined) throw error
    throw new UserError({
      where: path,
      expected: 'a file that can be read',
      found: codeOf(error) === 'ENOENT' ? 'no such file' : messageOf(error),
      fix: 'Correct the path.',
      cause: error,
    })
  }
}
