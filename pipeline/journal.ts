// An append-only file of finished items: durable as soon as `append` resolves, and read back by key.
import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { UserError } from '../core/errors.ts'
import { diskError, makeFolder } from '../core/files.ts'

export interface Journal<T> {
  has(key: string): boolean
  readonly size: number
  /** Complete lines found at opening that were no entries (a damaged disk); their items are done again. */
  readonly damaged: number
  /** Resolves when the entry is on the disk. A key that is there already is left as it is. */
  append(key: string, value: T): Promise<void>
  /** The value under `key`. Throws if there is none. */
  read(key: string): Promise<T>
  /** All entries in the order of writing. */
  entries(): AsyncGenerator<readonly [string, T]>
  close(): Promise<void>
}

interface Place {
  readonly offset: number
  readonly length: number
}

interface Pending {
  readonly line: Buffer
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** A journal that keeps nothing beyond the process. */
export const openMemoryJournal = <T>(): Journal<T> => {
  const values = new Map<string, T>()
  return {
    damaged: 0,
    has: (key) => values.has(key),
    get size() {
      return values.size
    },
    append: async (key, value) => void values.set(key, value),
    read: async (key) => values.get(key) as T,
    entries: async function* () {
      yield* values
    },
    close: async () => undefined,
  }
}

const CHUNK = 1 << 20
/** No entry is longer; what is, has lost its line feeds. */
const LONGEST = 256 << 20

const entrySchema = z.tuple([z.string(), z.unknown()])

const json = (line: Buffer): unknown => {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Complete lines of the file with their places (undefined: too long to be one); what follows the last line feed is left out. */
async function* completeLines(file: FileHandle): AsyncGenerator<{ line: Buffer | undefined } & Place> {
  const buffer = Buffer.allocUnsafe(CHUNK)
  let pieces: Buffer[] = []
  let start = 0
  let length = 0
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, position)
    if (bytesRead === 0) return
    position += bytesRead
    for (let from = 0; from < bytesRead;) {
      const feed = buffer.indexOf(10, from)
      const until = feed === -1 || feed >= bytesRead ? bytesRead : feed
      length += until - from
      if (length > LONGEST) pieces = []
      else pieces.push(Buffer.from(buffer.subarray(from, until)))
      if (until === bytesRead) break
      yield { line: length > LONGEST ? undefined : Buffer.concat(pieces), offset: start, length }
      start += length + 1
      pieces = []
      length = 0
      from = until + 1
    }
  }
}

/**
 * Opens (or makes) the journal at `path`: one JSON array `[key, value]` a line. A torn last line, left by a killed process,
 * is cut off; a line whose value is not what `schema` says is damaged. Only keys and places are held in memory. Errors:
 * UserError when the file system refuses it.
 */
export const openJournal = async <T>(path: string, schema?: z.ZodType<T>): Promise<Journal<T>> => {
  const parse = (line: Buffer): readonly [string, T] | undefined => {
    const entry = entrySchema.safeParse(json(line))
    return entry.success ? [entry.data[0], entry.data[1] as T] : undefined
  }
  const conforms = (value: T): boolean => schema === undefined || schema.safeParse(value).success
  makeFolder(dirname(path))
  const file = await open(path, 'a+').catch((error: unknown) => {
    throw diskError(error, path)
  })
  const places = new Map<string, Place>()
  let damaged = 0
  let end = 0
  try {
    for await (const { line, offset, length } of completeLines(file)) {
      const entry = line && parse(line)
      if (!entry || !conforms(entry[1])) damaged += 1
      else if (!places.has(entry[0])) places.set(entry[0], { offset, length })
      end = offset + length + 1
    }
    await file.truncate(end)
  } catch (error) {
    await file.close()
    throw diskError(error, path)
  }

  let pending: Pending[] = []
  let writing: Promise<void> | undefined
  let failure: Error | undefined

  // While one batch is being synced, the next gathers: many finished items cost one fsync.
  const write = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending
      pending = []
      try {
        // After a failed write the file may end in half a line: nothing may follow that.
        if (failure) throw failure
        await file.appendFile(Buffer.concat(batch.map((entry) => entry.line)))
        await file.datasync()
        for (const entry of batch) entry.resolve()
      } catch (error) {
        failure ??= diskError(error, path) as Error
        for (const entry of batch) entry.reject(failure)
      }
    }
    writing = undefined
  }

  const changed = (found: string): UserError =>
    new UserError({
      where: path,
      expected: 'a journal that nobody else writes to while it is in use',
      found,
      fix: 'Leave it alone and run the same command again.',
    })

  const readAt = async ({ offset, length }: Place): Promise<T> => {
    const buffer = Buffer.allocUnsafe(length)
    for (let got = 0; got < length;) {
      const { bytesRead } = await file.read(buffer, got, length - got, offset + got)
      if (bytesRead === 0) throw changed('less of it than before')
      got += bytesRead
    }
    const entry = parse(buffer)
    if (!entry) throw changed('another entry than was written')
    return entry[1]
  }

  return {
    damaged,
    has: (key) => places.has(key),
    get size() {
      return places.size
    },
    append: (key, value) => {
      if (places.has(key)) return Promise.resolve()
      const line = Buffer.from(`${JSON.stringify([key, value])}\n`)
      places.set(key, { offset: end, length: line.length - 1 })
      end += line.length
      return new Promise((resolve, reject) => {
        pending.push({ line, resolve, reject })
        writing ??= write()
      })
    },
    read: async (key) => {
      const place = places.get(key)
      if (!place) throw new Error(`${path} has no entry ${key}`)
      await writing
      return readAt(place)
    },
    entries: async function* () {
      for (const [key, place] of places) {
        await writing
        yield [key, await readAt(place)] as const
      }
    },
    close: async () => {
      await writing
      await file.close()
    },
  }
}
