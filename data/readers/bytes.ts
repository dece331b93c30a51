// Opens a file as a stream of bytes, decompressing it by its name or its first bytes.
import { open, type FileHandle } from 'node:fs/promises'
import { messageOf, UserError } from '../../core/errors.ts'
import { noteOnce } from '../../core/notes.ts'
import { decompress, type Compression, type Pieces } from './decompress.ts'
import { fileError } from './errors.ts'

const pieceBytes = 1 << 20

const formats: readonly { compression: Compression; extension: RegExp; magic: readonly number[] }[] = [
  { compression: 'gzip', extension: /\.(gz|tgz)$/i, magic: [0x1f, 0x8b] },
  { compression: 'zstd', extension: /\.(zst|tzst)$/i, magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { compression: 'bzip2', extension: /\.(bz2|tbz2)$/i, magic: [0x42, 0x5a, 0x68] },
]

async function* readPieces(file: FileHandle, first: Buffer): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  for (let position = first.length; ;) {
    const buffer = Buffer.allocUnsafeSlow(pieceBytes)
    const { bytesRead } = await file.read(buffer, 0, pieceBytes, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield bytesRead === pieceBytes ? buffer : buffer.subarray(0, bytesRead)
  }
}

const startsWith = (bytes: Buffer, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[i] === byte)

// A name that promises a compression binds: a damaged first byte must not turn the rest into "text".
const compressionOf = (path: string, head: Buffer): Compression | undefined => {
  const named = formats.find((format) => format.extension.test(path))
  if (named !== undefined && !startsWith(head, named.magic)) {
    throw new UserError({
      where: path,
      expected: `${named.compression} data, as the file's name says`,
      found: head.length === 0 ? 'an empty file' : `a file that begins with bytes ${head.toString('hex', 0, 4)}`,
      fix: 'Fetch or write the file again, or rename it if it is not compressed.',
    })
  }
  if (/\.(xz|lzma|lz4|7z|rar|br)$/i.test(path)) {
    throw new UserError({
      where: path,
      expected: 'a plain, .gz, .zst or .bz2 file',
      found: 'a compression that is not supported',
      fix: 'Decompress it first.',
    })
  }
  return (named ?? formats.find((format) => startsWith(head, format.magic)))?.compression
}

const unchecked = (path: string): void =>
  noteOnce(`${path} has no checksums: damage to it cannot be noticed (zstd --check writes them)`)

async function* counted(path: string, source: Pieces, compression: Compression): AsyncGenerator<Buffer> {
  let bytes = 0
  try {
    for await (const piece of decompress(source, compression, () => unchecked(path))) {
      bytes += piece.length
      yield piece
    }
  } catch (error) {
    throw new UserError({
      where: path,
      expected: `whole ${compression} data`,
      found: `${messageOf(error)} after ${bytes.toLocaleString('en')} decompressed bytes`,
      fix: 'The file is cut short or damaged: fetch or write it again.',
      cause: error,
    })
  }
}

/**
 * The bytes of a file, in fresh buffers of about 1 MiB, decompressed if its name (.gz, .zst, .bz2 …) or else its first
 * bytes say so. Throws UserError where the file is missing, a folder, unreadable, or its compressed data is cut short
 * or damaged (then after yielding everything before the damage).
 */
export async function* openBytes(path: string): AsyncGenerator<Buffer> {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (error) {
    throw fileError(path, error)
  }
  try {
    const head = Buffer.allocUnsafe(16)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    const first = head.subarray(0, bytesRead)
    const compression = compressionOf(path, first)
    const pieces = readPieces(file, first)
    yield* compression === undefined ? pieces : counted(path, pieces, compression)
  } catch (error) {
    throw fileError(path, error)
  } finally {
    await file.close()
  }
}
