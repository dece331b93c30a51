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
import { dirname, join, resolve } from 'node:path'
import { diskError } from './disk-error.ts'
import { codeOf } from './errors.ts'

export { diskError }

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

// Node says of parents that could not be made that they are not there: the first missing one tells why.
const reasonOf = (error: unknown, path: string): unknown => {
  if (codeOf(error) !== 'ENOENT') return error
  let missing = resolve(path)
  while (!existsSync(dirname(missing))) missing = dirname(missing)
  try {
    mkdirSync(missing)
    return error
  } catch (reason) {
    return reason
  }
}

/** Makes a folder with its parents. Errors: UserError where it cannot be. */
export const makeFolder = (path: string): void => {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    throw diskError(reasonOf(error, path), path)
  }
}

const replace = (path: string, content: string | Uint8Array, finish: () => void): void => {
  makeFolder(dirname(path))
  try {
    writeFileSync(temporary(path), content)
    finish()
  } catch (error) {
    throw diskError(error, path)
  }
}

/** Writes a whole file atomically. Errors: UserError when the file system refuses it. */
export const writeFileAtomic = (path: string, content: string | Uint8Array): void =>
  replace(path, content, () => publish(path))

/** The same for what may be lost with the machine's power, as a mark of progress: whole or not at all, but not synced. */
export const writeFileLightly = (path: string, content: string | Uint8Array): void =>
  replace(path, content, () => renameSync(temporary(path), path))

/** Removes what a killed process left half-written below `folder`. */
export const removeTemporaries = (folder: string): void => {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.name.endsWith('.tmp')) rmSync(join(entry.parentPath, entry.name), { recursive: true, force: true })
}
