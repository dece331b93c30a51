// A file that grows piece by piece and survives a kill: what is on record is kept, what came after is cut off.
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { diskError } from '../../core/files.ts'

export interface GrowingFile {
  /** How many pieces are durable. */
  readonly pieces: number
  write(text: string): void
  /** Makes everything written so far durable, as one piece. */
  endPiece(): void
  /** Gives the file its name. */
  publish(): void
  close(): void
}

/** Ends of the pieces that are durable: on record, and within the file. */
const recordedOffsets = (path: string, partial: string): number[] => {
  if (!existsSync(path) || !existsSync(partial)) return []
  const { size } = statSync(partial)
  const lines = readFileSync(path, 'utf8').split('\n')
  // What follows the last newline is a record that a kill cut short.
  const offsets = lines.slice(0, -1).map(Number)
  const bad = offsets.findIndex((offset) => !(offset <= size))
  return bad < 0 ? offsets : offsets.slice(0, bad)
}

/** Opens `path` to be written in pieces, or goes on where a killed process stopped. Errors: UserError on a full disk. */
export const openGrowing = (path: string): GrowingFile => {
  const [partial, record] = [`${path}.partial`, `${path}.offsets`]
  let offsets = recordedOffsets(record, partial)
  const file = openSync(partial, existsSync(partial) ? 'r+' : 'w+')
  let at = offsets.at(-1) ?? 0
  ftruncateSync(file, at)
  const log = openSync(record, 'w')
  writeSync(log, offsets.map((offset) => `${offset}\n`).join(''))
  const guarded = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      throw diskError(error, path)
    }
  }
  const close = (): void => {
    closeSync(file)
    closeSync(log)
  }
  return {
    get pieces() {
      return offsets.length
    },
    write: (text) =>
      guarded(() => {
        const bytes = Buffer.from(text)
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done)
        at += bytes.length
      }),
    endPiece: () =>
      guarded(() => {
        fsyncSync(file)
        writeSync(log, `${at}\n`)
        fsyncSync(log)
        offsets = [...offsets, at]
      }),
    publish: () => {
      close()
      renameSync(partial, path)
      rmSync(record)
    },
    close,
  }
}
