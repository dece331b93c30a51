// Whatever a header says, no byte is taken for what it is not.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../core/errors.ts'
import { readSafeTensors } from '../../../model/files/safetensors.ts'

const folder = await mkdtemp(join(tmpdir(), 'lrat-header-'))
const path = join(folder, 'model.safetensors')

const write = (header: unknown, bytes: number): Promise<void> => {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return writeFile(path, Buffer.concat([length, text, Buffer.alloc(bytes, 7)]))
}
const tensor = (shape: unknown, ...offsets: unknown[]) => ({ dtype: 'F32', shape, data_offsets: offsets })

describe('a header', () => {
  it.each([
    ['negative offsets', { a: tensor([2], -8, 0) }, 8, /tensor a.*data_offsets/],
    ['fractional offsets', { a: tensor([1], 0.5, 4.5) }, 8, /tensor a.*data_offsets/],
    ['offsets past what numbers hold', { a: tensor([1], 2 ** 53, 2 ** 53 + 4) }, 8, /tensor a.*data_offsets/],
    ['one offset', { a: tensor([1], 0) }, 4, /tensor a.*data_offsets/],
    ['overlapping tensors', { a: tensor([2], 0, 8), b: tensor([2], 4, 12) }, 12, /tensor b.*within another/],
    ['the same bytes twice', { a: tensor([1], 0, 4), b: tensor([1], 0, 4) }, 4, /tensor b.*within another/],
    ['a gap', { a: tensor([1], 0, 4), b: tensor([1], 8, 12) }, 12, /tensor b.*after a gap/],
    ['a gap before the first', { a: tensor([1], 4, 8) }, 8, /tensor a.*after a gap/],
    ['bytes that are no tensor', { a: tensor([1], 0, 4) }, 8, /ends with its last tensor.*4 bytes/],
    ['bytes that the file lacks', { a: tensor([4], 0, 16) }, 8, /tensor a.*bytes of the file/],
    ['a negative shape', { a: tensor([-1, -2], 0, 8) }, 8, /tensor a.*shape/],
    ['a fractional shape', { a: tensor([0.5], 0, 2) }, 2, /tensor a.*shape/],
    ['a shape that is no list', { a: tensor(2, 0, 8) }, 8, /tensor a.*shape/],
    ['a size that does not match', { a: tensor([3], 0, 8) }, 8, /tensor a.*12 bytes/],
    ['an unknown type', { a: { ...tensor([1], 0, 4), dtype: 'constructor' } }, 4, /tensor a.*constructor/],
    ['no type', { a: { shape: [1], data_offsets: [0, 4] } }, 4, /tensor a.*no dtype/],
    ['an entry that is no object', { a: null }, 0, /tensor a.*dtype/],
    ['metadata that are no texts', { __metadata__: { a: 1 } }, 0, /__metadata__/],
    ['a list', [], 0, /JSON object/],
    ['no JSON', '{', 0, /header of JSON/],
  ])('with %s is refused', async (_name, header, bytes, message) => {
    await write(header, bytes)
    const found = await readSafeTensors(path).catch((error: unknown) => error)
    expect(found).toBeInstanceOf(UserError)
    expect(String(found)).toMatch(message)
    expect(String(found)).toContain(path)
  })

  it('may name tensors in any order, empty ones and odd names among them', async () => {
    const text = `{"z": ${JSON.stringify(tensor([0], 8, 8))}, "__proto__": ${JSON.stringify(tensor([1], 4, 8))}, "a": ${JSON.stringify(tensor([], 0, 4))}}`
    await write(text, 8)
    const { tensors } = await readSafeTensors(path)
    expect([...tensors].map(([name, { dims, data }]) => [name, dims, data.length])).toEqual([
      ['z', [0], 0],
      ['__proto__', [1], 1],
      ['a', [], 1],
    ])
  })

  it('is read whole or refused, whatever is changed in it', async () => {
    const good = {
      a: tensor([2, 1], 0, 8),
      b: { dtype: 'F16', shape: [3], data_offsets: [8, 14] },
      c: tensor([], 14, 18),
    }
    const text = JSON.stringify(good)
    const odd = fc.oneof(
      fc.integer({ min: -40, max: 40 }),
      fc.double(),
      fc.string(),
      fc.constant(null),
      fc.constant([]),
    )
    const bytes = fc.record({ at: fc.nat(text.length - 1), by: fc.string({ minLength: 1, maxLength: 3 }) })
    const place = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      key: fc.constantFrom('dtype', 'shape', 'data_offsets'),
      at: fc.nat(2),
      value: odd,
    })
    const mutated = fc.oneof(
      bytes.map(({ at, by }) => text.slice(0, at) + by + text.slice(at + by.length)),
      place.map(({ name, key, at, value }) => {
        const entry: Record<string, unknown> = { ...Object.entries(good).find(([other]) => other === name)?.[1] }
        const old = entry[key]
        entry[key] = Array.isArray(old) ? (old as unknown[]).map((x, i) => (i === at ? value : x)) : value
        return JSON.stringify({ ...good, [name]: entry })
      }),
    )
    await fc.assert(
      fc.asyncProperty(mutated, async (header) => {
        await write(header, 18)
        const found = await readSafeTensors(path).catch((error: unknown) => error)
        if (found instanceof Error) {
          expect(found).toBeInstanceOf(UserError)
          return
        }
        const { tensors, others } = await readSafeTensors(path)
        const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1)
        for (const { dims, data } of tensors.values()) expect(data.length).toBe(size(dims))
        const raw = [...others.values()].reduce((sum, { bytes: own }) => sum + own.length, 0)
        expect(tensors.size > 0 || raw === 18).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
