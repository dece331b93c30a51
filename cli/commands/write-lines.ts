// Writes lines as they come, whole or not at all.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { diskError, publish, temporary } from '../../core/files.ts'

/** A line for each row; the file appears when all are written. Returns how many. Errors: UserError of the file system. */
export const writeLines = async <T>(
  path: string,
  batches: AsyncIterable<readonly T[]>,
  line: (row: T) => string,
  head = '',
): Promise<number> => {
  let rows = 0
  const guarded = <R>(work: () => R): R => {
    try {
      return work()
    } catch (error) {
      throw diskError(error, path)
    }
  }
  const file = guarded(() => openSync(temporary(path), 'w'))
  const write = (text: string): void => {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length;) at += guarded(() => writeSync(file, bytes, at))
  }
  try {
    write(head)
    for await (const batch of batches) {
      write(batch.map((row) => `${line(row)}\n`).join(''))
      rows += batch.length
    }
    closeSync(file)
  } catch (error) {
    closeSync(file)
    rmSync(temporary(path), { force: true })
    throw error
  }
  guarded(() => publish(path))
  return rows
}
