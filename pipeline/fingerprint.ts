// Fingerprints: SHA-256 over canonical JSON, and over the bytes of outside files (cached by size and time, as make does).
import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { codeOf, UserError } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'

/** JSON with sorted keys, so that equal values have equal text. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? 'null'

export const digest = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex')

const buffer = Buffer.allocUnsafe(1 << 20)
const hashInto = (hash: ReturnType<typeof createHash>, path: string): void => {
  const file = openSync(path, 'r')
  try {
    for (let read = 0; (read = readSync(file, buffer, 0, buffer.length, null)) > 0;)
      hash.update(buffer.subarray(0, read))
  } finally {
    closeSync(file)
  }
}

/** SHA-256 of a file's bytes, in hex. */
export const hashFile = (path: string): string => {
  const hash = createHash('sha256')
  hashInto(hash, path)
  return hash.digest('hex')
}

interface Listed {
  readonly name: string
  readonly path: string
  readonly stamp: string
  readonly bytes: number
}

/** Size, and what changes when a file is written to: size, time, inode. */
const look = (path: string): { bytes: number; stamp: string } => {
  const { size, mtimeNs, ino } = statSync(path, { bigint: true })
  return { bytes: Number(size), stamp: `${size}:${mtimeNs}:${ino}` }
}
export const stampOf = (path: string): string => look(path).stamp

const describe = (path: string, name: string): Listed => ({ name, path, ...look(path) })

const listing = (path: string): Listed[] => {
  try {
    if (!statSync(path).isDirectory()) return [describe(path, '')]
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .flatMap((entry) => {
        const file = join(entry.parentPath, entry.name)
        // A cache of models holds links to its files.
        return entry.isFile() ||
          (entry.isSymbolicLink() && statSync(file, { throwIfNoEntry: false })?.isFile() === true)
          ? [file]
          : []
      })
      .sort()
      .map((file) => describe(file, file.slice(path.length)))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error
    throw new UserError({
      where: path,
      expected: 'a file or folder',
      found: 'nothing at that path',
      fix: 'Correct the path in the config (paths are relative to where the command runs).',
    })
  }
}

export interface OutsideFile {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}
const cacheSchema = z.record(z.string(), z.object({ stamp: z.string(), sha256: z.string() }))
type Cache = z.output<typeof cacheSchema>

/** A cache that cannot be read is as good as none: every hash is taken anew. */
const readCache = (path: string): Cache => {
  try {
    return cacheSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return {}
  }
}

/**
 * Content hashes of files and folders that lie outside the run. A hash is taken from `cacheFile` while size, time and
 * inode of every file are as they were; new ones are added to it only when `save`: looking at a run changes nothing in it.
 */
export const hashOutside = (paths: readonly string[], cacheFile: string, save = true): OutsideFile[] => {
  const cache = readCache(cacheFile)
  let changed = false
  const files = paths.map((path) => {
    const listed = listing(path)
    const stamp = digest(listed.map((file) => [file.name, file.stamp]))
    const bytes = listed.reduce((sum, file) => sum + file.bytes, 0)
    const known = cache[path]
    if (known?.stamp === stamp) return { path, sha256: known.sha256, bytes }
    const hash = createHash('sha256')
    for (const file of listed) {
      if (file.name !== '') hash.update(`${file.name}\0${file.bytes}\0`)
      hashInto(hash, file.path)
    }
    const sha256 = hash.digest('hex')
    cache[path] = { stamp, sha256 }
    changed = true
    return { path, sha256, bytes }
  })
  if (changed && save) writeFileAtomic(cacheFile, `${JSON.stringify(cache, null, 1)}\n`)
  return files
}
