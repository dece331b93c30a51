// Reads and writes safetensors files: an 8-byte length, a JSON header, the tensors' bytes.
import { open, type FileHandle } from 'node:fs/promises'
import { UserError } from '../../core/errors.ts'
import { decodeHalf } from '../../core/half.ts'
import { readable } from './reading.ts'
import { parseHeader } from './safetensors-header.ts'

export interface NamedTensor {
  readonly dims: readonly number[]
  readonly data: Float32Array
}
export type Parameters = ReadonlyMap<string, NamedTensor>

/** A tensor that is no parameter (position ids), kept as it is. */
export interface RawTensor {
  readonly dtype: string
  readonly dims: readonly number[]
  readonly bytes: Uint8Array
}
export interface SafeTensors {
  /** Floating-point tensors, as F32. */
  readonly tensors: Parameters
  readonly others: ReadonlyMap<string, RawTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/** What turns the bytes of a floating-point tensor, alone in their buffer, to F32. */
const DECODE: ReadonlyMap<string, (bytes: Uint8Array) => Float32Array> = new Map([
  ['F64', ({ buffer }: Uint8Array) => Float32Array.from(new Float64Array(buffer))],
  ['F32', ({ buffer }: Uint8Array) => new Float32Array(buffer)],
  ['F16', ({ buffer }: Uint8Array) => decodeHalf(new Uint16Array(buffer))],
  [
    'BF16',
    ({ buffer }: Uint8Array) => new Float32Array(Uint32Array.from(new Uint16Array(buffer), (x) => x << 16).buffer),
  ],
])

const broken = (path: string, found: string, cause?: unknown): UserError =>
  new UserError({
    where: path,
    expected: 'a whole safetensors file',
    found,
    fix: 'Fetch or write the file again.',
    cause,
  })

/** The file's tensors and metadata. Throws UserError when it is missing, cut short or malformed. */
export const readSafeTensors = async (path: string): Promise<SafeTensors> => {
  const file = await readable(path, () => open(path))
  try {
    const { size } = await file.stat()
    if (size < 8) throw broken(path, `${size} bytes`)
    const headerEnd = 8 + Number(Buffer.from(await readRange(file, 0, 8)).readBigUInt64LE())
    if (headerEnd > size) throw broken(path, `${size} bytes, with a header up to byte ${headerEnd}`)
    const text = Buffer.from(await readRange(file, 8, headerEnd)).toString('utf8')
    const header = parseHeader(path, text, { begin: headerEnd, size })
    const tensors = new Map<string, NamedTensor>()
    const others = new Map<string, RawTensor>()
    for (const { name, dtype, dims, start, end } of header.tensors) {
      const bytes = await readRange(file, start, end)
      const decode = DECODE.get(dtype)
      if (decode === undefined) others.set(name, { dtype, dims, bytes })
      else tensors.set(name, { dims, data: decode(bytes) })
    }
    return { tensors, others, metadata: header.metadata }
  } finally {
    await file.close()
  }
}

const LARGEST_READ = 1 << 28

const readRange = async (file: FileHandle, start: number, end: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(end - start)
  for (let at = 0; at < bytes.length;) {
    const { bytesRead } = await file.read(bytes, at, Math.min(LARGEST_READ, bytes.length - at), start + at)
    if (bytesRead === 0) throw new RangeError('the file ended while it was read')
    at += bytesRead
  }
  return bytes
}

const bytesOf = ({ data }: NamedTensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** Writes tensors in F32, and others as they are, in order of name; durable, but not atomic by itself. */
export const writeSafeTensors = async (
  path: string,
  tensors: Parameters,
  options: { readonly metadata?: Readonly<Record<string, string>>; readonly others?: SafeTensors['others'] } = {},
): Promise<void> => {
  const { metadata = { format: 'pt' }, others = new Map<string, RawTensor>() } = options
  const all = new Map<string, RawTensor>(others)
  for (const [name, value] of tensors) all.set(name, { dtype: 'F32', dims: value.dims, bytes: bytesOf(value) })
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1))
  let offset = 0
  const entries = sorted.map(([name, { dtype, dims, bytes }]) => {
    const start = offset
    offset += bytes.length
    return [name, { dtype, shape: dims, data_offsets: [start, offset] }] as const
  })
  const text = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }))
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  const file = await open(path, 'w')
  try {
    for (const bytes of [length, padded, ...sorted.map(([, tensor]) => tensor.bytes)]) await writeAll(file, bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

const writeAll = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(bytes.length - at, LARGEST_READ))
    at += bytesWritten
  }
}
