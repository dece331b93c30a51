// Keeps two processes out of one run folder; the lock of a dead process is taken over.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { codeOf, UserError } from '../core/errors.ts'
import { diskError } from '../core/files.ts'

interface Owner {
  readonly pid: number
  readonly host: string
  /** Start time of the process, so that a reused process id is not mistaken for the owner. */
  readonly started: string
}

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

/** Who holds the lock at `path`; undefined if there is none. */
const ownerOf = (path: string): Owner | undefined => {
  try {
    return { ...nobody(), ...(JSON.parse(readFileSync(path, 'utf8')) as Owner) }
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : nobody()
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

/** Takes the run folder's lock; call the result to give it back. Errors: UserError when a live process holds it. */
export const lockRun = (folder: string): (() => void) => {
  const path = join(folder, 'lock')
  const mine = `${path}.${process.pid}.tmp`
  const owner: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) }
  try {
    mkdirSync(folder, { recursive: true })
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
    rmSync(mine, { force: true })
  }
}
