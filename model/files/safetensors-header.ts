// The header of a safetensors file: what each tensor is and where its bytes lie. Whatever is not as the format has it is
// refused, so that no byte of a header or of another tensor is taken for a weight.
import { isObject } from '../../core/json.ts'
import { messageOf, UserError } from '../../core/errors.ts'

export interface TensorEntry {
  readonly name: string
  readonly dtype: string
  readonly dims: readonly number[]
  /** Bytes of the file. */
  readonly start: number
  readonly end: number
}
export interface Header {
  readonly tensors: readonly TensorEntry[]
  readonly metadata: Readonly<Record<string, string>>
}

/** Bytes of an element. */
const WIDTHS: ReadonlyMap<unknown, number> = new Map([
  ...(['F64', 'I64', 'U64'] as const).map((type) => [type, 8] as const),
  ...(['F32', 'I32', 'U32'] as const).map((type) => [type, 4] as const),
  ...(['F16', 'BF16', 'I16', 'U16'] as const).map((type) => [type, 2] as const),
  ...(['I8', 'U8', 'BOOL'] as const).map((type) => [type, 1] as const),
])

const FIX = 'Fetch or write the file again.'

/** A number of elements or a place in a file. */
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** The header in `text`, of a file of `size` bytes whose tensors begin at `begin`. Throws UserError naming file and tensor. */
export const parseHeader = (path: string, text: string, { begin, size }: { begin: number; size: number }): Header => {
  const header = json(path, text)
  if (!isObject(header))
    throw new UserError({ where: path, expected: 'a header that is a JSON object', found: text.slice(0, 40), fix: FIX })
  const metadata = metadataOf(path, header.__metadata__)
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => entryOf(path, name, entry, begin))
  let place = begin
  for (const { name, start, end } of [...tensors].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== place) {
      const found = `byte ${start}, ${start < place ? 'within another' : 'after a gap'}`
      throw wrong(path, name, `its first byte at ${place}, where the one before it ends`, found)
    }
    if (end > size) throw wrong(path, name, `bytes of the file's ${size}`, `${start} to ${end}`)
    place = end
  }
  if (place !== size) {
    const found = `${size - place} bytes after the last tensor`
    throw new UserError({ where: path, expected: 'a file that ends with its last tensor', found, fix: FIX })
  }
  return { tensors, metadata }
}

const wrong = (path: string, name: string, expected: string, found: string): UserError =>
  new UserError({ where: `${path}, tensor ${name}`, expected, found, fix: FIX })

const json = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new UserError({ where: path, expected: 'a header of JSON', found: messageOf(error), fix: FIX, cause: error })
  }
}

const metadataOf = (path: string, value: unknown): Record<string, string> => {
  if (value === undefined) return {}
  const entries = isObject(value) ? Object.entries(value) : undefined
  const texts = entries?.flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : []))
  if (texts !== undefined && texts.length === entries?.length) return Object.fromEntries(texts)
  const found = JSON.stringify(value).slice(0, 60)
  throw new UserError({ where: `${path}, __metadata__`, expected: 'texts by name', found, fix: FIX })
}

const entryOf = (path: string, name: string, entry: unknown, begin: number): TensorEntry => {
  const fail = (expected: string, value: unknown): UserError =>
    wrong(path, name, expected, value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing').slice(0, 60))
  if (!isObject(entry)) throw fail('dtype, shape and data_offsets', entry)
  const { dtype, shape, data_offsets: offsets } = entry
  const width = WIDTHS.get(dtype)
  if (typeof dtype !== 'string' || width === undefined) {
    throw new UserError({
      where: `${path}, tensor ${name}`,
      expected: 'F32, F16 or BF16',
      found: typeof dtype === 'string' ? dtype : JSON.stringify(dtype ?? 'no dtype'),
      fix: 'Use weights that are not quantised.',
    })
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) throw fail('a shape of sizes of 0 and more', shape)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw fail('data_offsets of two places, counted from 0', offsets)
  const [start, end] = [offsets[0] ?? 0, offsets[1] ?? 0]
  const bytes = shape.reduce((product, dim) => product * dim, width)
  if (end - start !== bytes) throw fail(`${bytes} bytes, for ${dtype} [${shape.join(', ')}]`, offsets)
  return { name, dtype, dims: shape, start: begin + start, end: begin + end }
}
