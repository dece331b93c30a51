// Files that are either whole or absent: written under a temporary name, fsynced, renamed.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf, UserError } from './errors.ts'

/** What an unfinished file is called. */
export const temporary = (path: string): string => `${path}.tmp`

const sync = (path: string): void => {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Makes `temporary(path)` durable under its final name. */
export const publish = (path: string): void => {
  sync(temporary(path))
  renameSync(temporary(path), path)
  sync(dirname(path))
}

/** Writes a whole file atomically. Errors: UserError when the disk is full. */
export const writeFileAtomic = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(path), { recursive: true })
  try {
    writeFileSync(temporary(path), content)
    publish(path)
  } catch (error) {
    throw diskError(error, path)
  }
}

/** Replaces a full disk's bare error by one that says what to do; other errors stay as they are. */
export const diskError = (error: unknown, path: string): unknown => {
  if (error instanceof UserError) return error
  const full = codeOf(error) === 'ENOSPC' || /No space left on device|ENOSPC|disk full/i.test(String(error))
  return full
    ? new UserError({
        where: path,
        expected: 'room to write',
        found: 'a full disk',
        fix: 'What is complete is kept: free some space and run the same command again.',
        cause: error,
      })
    : error
}

/** Removes what a killed process left half-written below `folder`. */
export const removeTemporaries = (folder: string): void => {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.name.endsWith('.tmp')) rmSync(join(entry.parentPath, entry.name), { recursive: true, force: true })
}
