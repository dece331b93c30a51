// Reads and writes safetensors files: an 8-byte length, a JSON header, the tensors' bytes.
import { open, type FileHandle } from 'node:fs/promises'
import { messageOf, UserError } from '../../core/errors.ts'
import { readable } from './reading.ts'

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

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** Bytes of an element. */
const WIDTHS: Readonly<Record<string, number>> = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 },
}

/** What turns the bytes of a floating-point tensor, alone in their buffer, to F32. */
const DECODE: Readonly<Record<string, (bytes: Uint8Array) => Float32Array>> = {
  F64: ({ buffer }) => Float32Array.from(new Float64Array(buffer)),
  F32: ({ buffer }) => new Float32Array(buffer),
  F16: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), halfToFloat),
  BF16: ({ buffer }) => new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer),
}

/** IEEE 754 binary16 to a number. */
const halfToFloat = (half: number): number => {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

const broken = (path: string, found: string, cause?: unknown): UserError =>
  new UserError({
    where: path,
    expected: 'a whole safetensors file',
    found,
    fix: 'Fetch or write the file again.',
    cause,
  })

const unknownType = (path: string, name: string, dtype: string): UserError =>
  new UserError({
    where: `${path}, tensor ${name}`,
    expected: 'F32, F16 or BF16',
    found: dtype,
    fix: 'Use weights that are not quantised.',
  })

/** The file's tensors and metadata. Throws UserError when it is missing, cut short or malformed. */
export const readSafeTensors = async (path: string): Promise<SafeTensors> => {
  const file = await readable(path, () => open(path))
  try {
    const { size } = await file.stat()
    if (size < 8) throw broken(path, `${size} bytes`)
    const headerEnd = 8 + Number(Buffer.from(await readRange(file, 0, 8)).readBigUInt64LE())
    if (headerEnd > size) throw broken(path, `${size} bytes, with a header up to byte ${headerEnd}`)
    const header = parseHeader(path, Buffer.from(await readRange(file, 8, headerEnd)).toString('utf8'))
    const tensors = new Map<string, NamedTensor>()
    const others = new Map<string, RawTensor>()
    for (const [name, { dtype, shape, data_offsets: range }] of Object.entries(header.tensors)) {
      const [start, end] = range.map((offset) => headerEnd + offset)
      const width = WIDTHS[dtype] as number | undefined
      if (width === undefined) throw unknownType(path, name, dtype)
      const bytes = shape.reduce((a, b) => a * b, width)
      if (end > size || end - start !== bytes)
        throw broken(path, `tensor ${name} (${dtype} [${shape.join(', ')}]) at ${start}–${end} of ${size} bytes`)
      const data = await readRange(file, start, end)
      const decode = DECODE[dtype] as (typeof DECODE)[string] | undefined
      if (decode === undefined) others.set(name, { dtype, dims: shape, bytes: data })
      else tensors.set(name, { dims: shape, data: decode(data) })
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

const parseHeader = (
  path: string,
  text: string,
): { tensors: Record<string, Entry>; metadata: Record<string, string> } => {
  try {
    const { __metadata__: metadata = {}, ...tensors } = JSON.parse(text) as Record<string, Entry> & {
      __metadata__?: Record<string, string>
    }
    return { tensors, metadata }
  } catch (error) {
    throw broken(path, `a header that is not JSON: ${messageOf(error)}`, error)
  }
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
