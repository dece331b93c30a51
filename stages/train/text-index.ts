// Numbers distinct texts in order of first sight, holding 16 bytes a text instead of the text.
import { createHash } from 'node:crypto'
import { at } from '../../core/at.ts'

export interface TextIndex {
  /** The text's number, and whether it is new. `kind` keeps texts apart that are encoded differently. */
  add(kind: string, text: string): { readonly id: number; readonly fresh: boolean }
  readonly size: () => number
}

/** Two texts are taken for equal when 96 bits of their SHA-1 agree: among a billion texts, a chance of 10⁻¹¹. */
export const textIndex = (): TextIndex => {
  let capacity = 1 << 12
  let size = 0
  let table = new Int32Array(capacity).fill(-1)
  let keys = new Uint32Array(capacity * 3)

  const find = (a: number, b: number, c: number): number => {
    for (let slot = a & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
      const id = table[slot] ?? -1
      if (id < 0 || (keys[id * 3] === a && keys[id * 3 + 1] === b && keys[id * 3 + 2] === c)) return slot
    }
  }
  const grow = (): void => {
    capacity *= 2
    table = new Int32Array(capacity).fill(-1)
    const larger = new Uint32Array(capacity * 3)
    larger.set(keys)
    keys = larger
    for (let id = 0; id < size; id++) table[find(at(keys, id * 3), at(keys, id * 3 + 1), at(keys, id * 3 + 2))] = id
  }
  return {
    size: () => size,
    add: (kind, text) => {
      const digest = createHash('sha1').update(kind).update('\0').update(text).digest()
      const [a, b, c] = [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8)]
      const slot = find(a, b, c)
      const known = at(table, slot)
      if (known >= 0) return { id: known, fresh: false }
      const id = size++
      table[slot] = id
      keys.set([a, b, c], id * 3)
      if (size * 2 > capacity) grow()
      return { id, fresh: true }
    },
  }
}
