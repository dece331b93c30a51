// Random numbers that follow from named integers alone, so that any of them can be drawn again at any time.
import { at } from './at.ts'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export interface Random {
  /** A 32-bit unsigned integer. */
  bits(): number
  /** 0 ≤ integer < n, for n up to 2³². */
  below(n: number): number
  /** A draw from the standard normal distribution. */
  normal(): number
}

/** Murmur3's finaliser: every bit of the key changes every bit of the result. */
const scramble = (key: number): number => {
  let h = key | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** The stream that belongs to these integers, such as (seed, epoch, example). */
export const randomOf = (...key: readonly number[]): Random => {
  const seed = key.reduce((state, part) => scramble(Math.imul(state, 31) + scramble(part + 0x9e3779b9)), key.length)
  const generator = xoroshiro128plus(seed)
  const bits = (): number => generator.next() >>> 0
  const unit = (): number => (bits() + 0.5) / 4294967296
  return {
    bits,
    below: (n) => {
      // Draws from the incomplete last round are dropped, so every integer is equally likely.
      const limit = 4294967296 - (4294967296 % n)
      for (;;) {
        const draw = bits()
        if (draw < limit) return draw % n
      }
    },
    // Box and Muller's transform.
    normal: () => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit()),
  }
}

/** 0 … n−1 in random order. */
export const shuffled = (n: number, random: Random): Uint32Array => {
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const held = at(order, i)
    order[i] = at(order, j)
    order[j] = held
  }
  return order
}

/**
 * k of the items without replacement; when there are fewer, all of them, and then again from the start as often as
 * needed, as FlagEmbedding does.
 */
export const sample = <T>(items: ArrayLike<T>, k: number, random: Random): T[] => {
  const order = shuffled(items.length, random)
  return items.length === 0 ? [] : Array.from({ length: k }, (_, i) => at(items, at(order, i % order.length)))
}
