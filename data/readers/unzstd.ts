// Decompresses zstd and holds it to what its frames promise: the checksum and the size of their content.
import { Decompress } from 'fzstd'
import loadXxhash from 'xxhash-wasm'

export type Pieces = AsyncIterable<Buffer>

const FRAME = 0xfd2fb528
/** The first of the sixteen numbers that begin a frame of no content. */
const SKIPPABLE = 0x184d2a50
const MOST_IN_BLOCK = 1 << 17
const CHECKSUM_BYTES = 4
const MOST_WINDOW_BITS = 31

const [RLE, RESERVED] = [1, 3]

interface Header {
  /** The frame's beginning as the decoder is given it: it would trust sizes, which are checked here. */
  readonly bytes: Buffer
  readonly hasChecksum: boolean
  /** Bytes of content, where the frame says. */
  readonly size: bigint | undefined
}

/** Takes so many bytes of a stream at a time. */
const openBytesOf = (source: Pieces) => {
  const pieces = source[Symbol.asyncIterator]()
  let held = Buffer.alloc(0)
  const fill = async (bytes: number): Promise<boolean> => {
    const more: Buffer[] = [held]
    let length = held.length
    while (length < bytes) {
      const next = await pieces.next()
      if (next.done) break
      more.push(next.value)
      length += next.value.length
    }
    if (more.length > 1) held = Buffer.concat(more, length)
    return length >= bytes
  }
  return {
    isAtEnd: async () => !(await fill(1)),
    take: async (bytes: number): Promise<Buffer> => {
      if (!(await fill(bytes))) throw new Error('unexpected end of data')
      const taken = held.subarray(0, bytes)
      held = held.subarray(bytes)
      return taken
    },
    close: async () => void (await pieces.return?.()),
  }
}
type Bytes = ReturnType<typeof openBytesOf>

const skip = async (bytes: Bytes): Promise<void> => {
  for (let left = (await bytes.take(4)).readUInt32LE(); left > 0;) {
    const step = Math.min(left, MOST_IN_BLOCK)
    await bytes.take(step)
    left -= step
  }
}

const sizeOf = (field: Buffer): bigint | undefined => {
  switch (field.length) {
    case 0:
      return undefined
    case 2:
      return BigInt(field.readUInt16LE() + 256)
    case 8:
      return field.readBigUInt64LE()
    default:
      return BigInt(field.readUIntLE(0, field.length))
  }
}

/** A window that holds so many bytes, as a frame's beginning says it. */
const windowOf = (size: bigint): Buffer => {
  const exponent = Math.max(10, (size - 1n).toString(2).length)
  if (exponent > MOST_WINDOW_BITS) throw new Error(`a zstd frame that promises ${size} bytes in one piece`)
  return Buffer.from([(exponent - 10) << 3])
}

const readHeader = async (bytes: Bytes, magic: Buffer): Promise<Header> => {
  const flags = await bytes.take(1)
  const flag = flags.readUInt8()
  const isSingleSegment = (flag & 0b10_0000) !== 0
  if ((flag & 0b1000) !== 0) throw new Error('an unknown kind of zstd frame')
  const window = await bytes.take(isSingleSegment ? 0 : 1)
  const dictionary = await bytes.take([0, 1, 2, 4][flag & 0b11] ?? 0)
  if (dictionary.some((byte) => byte !== 0)) throw new Error('a zstd frame that needs a dictionary')
  const field = await bytes.take([isSingleSegment ? 1 : 0, 2, 4, 8][flag >> 6] ?? 0)
  const size = sizeOf(field)
  return {
    bytes: Buffer.concat([magic, Buffer.from([0]), isSingleSegment ? windowOf(size ?? 0n) : window]),
    hasChecksum: (flag & 0b100) !== 0,
    size,
  }
}

/** The next block with its header, and whether it is the frame's last. */
const readBlock = async (bytes: Bytes): Promise<{ block: Buffer; isLast: boolean }> => {
  const head = await bytes.take(3)
  const word = head.readUIntLE(0, 3)
  const [kind, size] = [(word >> 1) & 0b11, word >> 3]
  if (kind === RESERVED || size > MOST_IN_BLOCK) throw new Error('an impossible block in a zstd frame')
  return { block: Buffer.concat([head, await bytes.take(kind === RLE ? 1 : size)]), isLast: (word & 1) === 1 }
}

/**
 * The content of zstd frames. `onUnchecked` is called for a frame without a checksum, whose damage may go unnoticed.
 * Throws an Error where the data is corrupt, ends too early, or is not what its frame promises.
 */
export async function* unzstd(source: Pieces, onUnchecked: () => void = () => undefined): AsyncGenerator<Buffer> {
  const xxhash = await loadXxhash()
  const bytes = openBytesOf(source)
  try {
    while (!(await bytes.isAtEnd())) {
      const magic = await bytes.take(4)
      const number = magic.readUInt32LE()
      if (number >= SKIPPABLE && number < SKIPPABLE + 16) {
        await skip(bytes)
        continue
      }
      if (number !== FRAME) throw new Error('bytes that begin no zstd frame')
      const header = await readHeader(bytes, magic)
      if (!header.hasChecksum) onUnchecked()
      const hash = header.hasChecksum ? xxhash.create64() : undefined
      let ready: Buffer[] = []
      let size = 0n
      const decoder = new Decompress((content) => {
        if (content.length === 0) return
        hash?.update(content)
        size += BigInt(content.length)
        ready.push(Buffer.from(content.buffer, content.byteOffset, content.byteLength))
      })
      const drain = (): Buffer[] => {
        const drained = ready
        ready = []
        return drained
      }
      decoder.push(header.bytes)
      for (let isDone = false; !isDone;) {
        const { block, isLast } = await readBlock(bytes)
        decoder.push(block)
        yield* drain()
        isDone = isLast
      }
      const checksum = await bytes.take(hash === undefined ? 0 : CHECKSUM_BYTES)
      decoder.push(new Uint8Array(0), true)
      yield* drain()
      if (header.size !== undefined && header.size !== size)
        throw new Error(`${size} bytes in a zstd frame that promises ${header.size}`)
      if (hash !== undefined && Number(hash.digest() & 0xffffffffn) !== checksum.readUInt32LE())
        throw new Error('a zstd frame whose checksum is another')
    }
  } finally {
    await bytes.close()
  }
}
