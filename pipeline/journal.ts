// An append-only file of finished items: durable as soon as `append` resolves, and read back by key.
import { mkdirSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { diskError } from '../core/files.ts'

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

const parse = (line: string): readonly [string, unknown] | undefined => {
  try {
    const value: unknown = JSON.parse(line)
    return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string'
      ? [value[0], value[1] as unknown]
      : undefined
  } catch {
    return undefined
  }
}

/** Complete lines of the file with their places; whatever follows the last line feed is left out. */
async function* completeLines(file: FileHandle): AsyncGenerator<{ line: string } & Place> {
  const buffer = Buffer.allocUnsafe(CHUNK)
  const decoder = new StringDecoder('utf8')
  let line = ''
  let start = 0
  let length = 0
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, position)
    if (bytesRead === 0) return
    position += bytesRead
    for (let from = 0; from < bytesRead;) {
      const feed = buffer.indexOf(10, from)
      const until = feed === -1 || feed >= bytesRead ? bytesRead : feed
      line += decoder.write(buffer.subarray(from, until))
      length += until - from
      if (until === bytesRead) break
      yield { line, offset: start, length }
      start += length + 1
      line = ''
      length = 0
      from = until + 1
    }
  }
}

/**
 * Opens (or makes) the journal at `path`: one JSON array `[key, value]` a line. A torn last line, left by a killed process, is
 * cut off. Only keys and places are held in memory. Errors: UserError when the disk is full.
 */
export const openJournal = async <T>(path: string): Promise<Journal<T>> => {
  mkdirSync(dirname(path), { recursive: true })
  const file = await open(path, 'a+')
  const places = new Map<string, Place>()
  let damaged = 0
  let end = 0
  for await (const { line, offset, length } of completeLines(file)) {
    const entry = parse(line)
    if (!entry) damaged += 1
    else if (!places.has(entry[0])) places.set(entry[0], { offset, length })
    end = offset + length + 1
  }
  await file.truncate(end)

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

  const readAt = async ({ offset, length }: Place): Promise<T> => {
    const buffer = Buffer.allocUnsafe(length)
    for (let got = 0; got < length;) {
      const { bytesRead } = await file.read(buffer, got, length - got, offset + got)
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was in use`)
      got += bytesRead
    }
    const entry = parse(buffer.toString('utf8'))
    if (!entry) throw new Error(`${path} changed while it was in use`)
    return entry[1] as T
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
