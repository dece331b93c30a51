// Keeps two processes out of one run folder; the lock of a dead process is taken over.
import { existsSync, linkSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { codeOf, UserError } from '../core/errors.ts'
import { diskError, makeFolder } from '../core/files.ts'

const ownerSchema = z.object({
  pid: z.int().min(0),
  host: z.string().max(1000),
  /** Start time of the process, so that a reused process id is not mistaken for the owner. */
  started: z.string().regex(/^[\w.-]{0,100}$/),
})
type Owner = z.output<typeof ownerSchema>

// Field 22 of /proc/PID/stat is the start time in clock ticks; elsewhere than on Linux the id alone must do.
const startOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const alive = (owner: Owner): boolean => {
  if (owner.host !== hostname()) return true
  if (owner.pid <= 0) return false
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  return startOf(owner.pid) === owner.started
}

/** Stands for the owner of a lock file that says nothing: nobody. */
const nobody = (): Owner => ({ pid: 0, host: hostname(), started: '' })

/** No lock of ours is longer. */
const MOST_BYTES = 10_000

/** Who holds the lock at `path`; undefined if there is none. Errors: UserError when something else lies there. */
const ownerOf = (path: string): Owner | undefined => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  if (!found.isFile())
    throw new UserError({
      where: path,
      expected: 'a lock, which is a file',
      found: found.isDirectory() ? 'a folder' : 'something else',
      fix: 'Nothing of lrat makes that: see what it holds, and move it away.',
    })
  if (found.size > MOST_BYTES) return nobody()
  try {
    const parsed = ownerSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return parsed.success ? parsed.data : nobody()
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return undefined
    if (code !== undefined) throw error
    return nobody()
  }
}

const nameOf = ({ pid, started }: Owner): string => `${pid}-${started}`

/**
 * Links `mine` to `path`, or says which live process holds it. A dead owner's lock is removed only by whoever holds a
 * second lock named after that owner, so that nobody removes the lock of a process that was faster.
 */
const acquire = (path: string, mine: string): Owner | undefined => {
  for (;;) {
    try {
      // A hard link appears whole or not at all, and fails if the lock exists.
      linkSync(mine, path)
      return undefined
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const other = ownerOf(path)
    if (!other) continue
    if (alive(other)) return other
    const breaking = `${path}.${nameOf(other)}`
    const busy = acquire(breaking, mine)
    if (busy) return busy
    try {
      const still = ownerOf(path)
      if (still && nameOf(still) === nameOf(other)) rmSync(path)
    } finally {
      rmSync(breaking)
    }
  }
}

// Where nothing could be written there is nothing to remove, and no reason to hide the first error.
const removeIfThere = (path: string): void => {
  if (existsSync(path)) rmSync(path, { force: true })
}

/** Takes the run folder's lock; call the result to give it back. Errors: UserError when a live process holds it. */
export const lockRun = (folder: string): (() => void) => {
  const path = join(folder, 'lock')
  const mine = `${path}.${process.pid}.tmp`
  const owner: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) }
  try {
    makeFolder(folder)
    writeFileSync(mine, JSON.stringify(owner))
    const other = acquire(path, mine)
    if (!other)
      return () => {
        const holder = ownerOf(path)
        if (holder && nameOf(holder) === nameOf(owner)) rmSync(path, { force: true })
      }
    throw new UserError({
      where: folder,
      expected: 'a run folder that no other process works in',
      found: `process ${other.pid} on ${other.host} at work there`,
      fix: `Wait for it or stop it. If it is surely gone, delete ${path}.`,
    })
  } catch (error) {
    throw diskError(error, folder)
  } finally {
    removeIfThere(mine)
  }
}
