// Cuts text files into large pieces of whole lines, without looking at the lines themselves.
import { openBytes } from './bytes.ts'
import { mostRecordBytes } from './limit.ts'
import { countLines, tooLong, withoutBom } from './lines.ts'

export interface LineChunk {
  /** 0-based over all files. */
  readonly index: number
  readonly path: string
  /** 1-based number in its file of the chunk's first line. */
  readonly firstLine: number
  readonly bytes: Buffer
}

const newline = 10

// The end of the longest run of whole lines within `limit` bytes, or of the first line if that alone is longer.
const cut = (bytes: Buffer, limit: number): number => {
  const within = bytes.lastIndexOf(newline, limit - 1) + 1
  return within > 0 ? within : bytes.indexOf(newline, limit) + 1
}

async function* chunksOf(path: string, limit: number): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let heldBytes = 0
  let started = false
  const take = (): Buffer => {
    const [only] = held
    const all = only !== undefined && held.length === 1 ? only : Buffer.concat(held, heldBytes)
    held = []
    heldBytes = 0
    if (started) return all
    started = true
    return withoutBom(all)
  }
  const hold = (rest: Buffer): void => {
    if (rest.length > 0) held.push(rest)
    heldBytes = rest.length
  }
  let wanted = limit
  for await (const piece of openBytes(path)) {
    held.push(piece)
    heldBytes += piece.length
    if (heldBytes < wanted) continue
    let rest = take()
    wanted = limit
    while (rest.length >= limit) {
      const end = cut(rest, limit)
      if (end === 0) {
        wanted = rest.length * 2
        break
      }
      yield rest.subarray(0, end)
      rest = rest.subarray(end)
    }
    hold(rest)
    if (wanted > mostRecordBytes() * 2) {
      yield rest
      return
    }
  }
  let rest = take()
  while (rest.length > 0) {
    const end = rest.length < limit ? rest.length : cut(rest, limit) || rest.length
    yield rest.subarray(0, end)
    rest = rest.subarray(end)
  }
}

/**
 * Whole lines of text files (compressed or not) in chunks of at most `bytes` bytes; a longer line is a chunk of its own.
 * Where the cuts fall follows from the files' contents alone. Chunks never span files; a byte order mark is left out.
 * Throws UserError as `openBytes` does and at a line that is longer than a record may be.
 */
export async function* readLineChunks(paths: readonly string[], bytes: number): AsyncGenerator<LineChunk> {
  let index = 0
  for (const path of paths) {
    let firstLine = 1
    for await (const chunk of chunksOf(path, bytes)) {
      if (chunk.length > mostRecordBytes() && chunk.length > bytes) throw tooLong(path, firstLine)
      yield { index: index++, path, firstLine, bytes: chunk }
      firstLine += countLines(chunk)
    }
  }
}
