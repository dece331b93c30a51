// Memory that C functions are told the address of: 64-bit words, read and written as JavaScript's numbers.
import type { Ffi } from './ffi.ts'

export interface Words {
  /** Where word i lies. */
  at(i: number): number
  /** An integer of at most 53 bits and a sign. */
  set(i: number, value: number): void
  get(i: number): number
  setDouble(i: number, value: number): void
  getDouble(i: number): number
  /** Writes integers one after the other from word i on and gives the address of the first. */
  list(i: number, values: readonly number[]): number
}

const HIGH = 2 ** 32

export const wordsOf = (ffi: Ffi, count: number): Words => {
  const buffer = new ArrayBuffer(8 * count)
  const base = ffi.address(buffer)
  const [low, high, doubles] = [new Uint32Array(buffer), new Int32Array(buffer), new Float64Array(buffer)]
  const set = (i: number, value: number): void => {
    if (i >= count) throw new RangeError(`word ${i} of ${count}`)
    const upper = Math.floor(value / HIGH)
    low[2 * i] = value - upper * HIGH
    high[2 * i + 1] = upper
  }
  return {
    at: (i) => base + 8 * i,
    set,
    get: (i) => (high[2 * i + 1] ?? 0) * HIGH + (low[2 * i] ?? 0),
    setDouble: (i, value) => {
      doubles[i] = value
    },
    getDouble: (i) => doubles[i] ?? 0,
    list: (i, values) => {
      for (const [k, value] of values.entries()) set(i + k, value)
      return base + 8 * i
    },
  }
}

/** Gives the address of a text as C has them, the same for the same text. */
export const textsOf = (ffi: Ffi): ((text: string) => number) => {
  const known = new Map<string, { readonly buffer: ArrayBuffer; readonly address: number }>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found.address
    const bytes = new TextEncoder().encode(`${text}\0`)
    const buffer = new ArrayBuffer(bytes.length)
    new Uint8Array(buffer).set(bytes)
    const address = ffi.address(buffer)
    known.set(text, { buffer, address })
    return address
  }
}
