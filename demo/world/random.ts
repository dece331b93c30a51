// Seeded randomness: splitmix32, and the draws that the world needs.

export interface Random {
  /** Uniform in [0, 1). */
  unit(): number
  /** Uniform integer in [low, high], both included. */
  int(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
}

/** A generator whose sequence depends on nothing but its seed. */
export const random = (seed: number): Random => {
  let state = seed | 0
  const unit = (): number => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
  const int = (low: number, high: number): number => low + Math.floor(unit() * (high - low + 1))
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('pick: nothing to pick from')
    return items[Math.floor(unit() * items.length)]
  }
  const shuffle = <T>(items: readonly T[]): T[] => {
    const mixed = [...items]
    for (let i = mixed.length - 1; i > 0; i--) {
      const j = Math.floor(unit() * (i + 1))
      ;[mixed[i], mixed[j]] = [mixed[j], mixed[i]]
    }
    return mixed
  }
  return { unit, int, chance: (probability) => unit() < probability, pick, shuffle }
}

/** Another seed, for a part of the work that must not depend on how much another part drew. */
export const derive = (seed: number, salt: number): number =>
  Math.imul((seed ^ Math.imul(salt + 1, 0x85ebca6b)) | 0, 0xc2b2ae35) ^ (salt >>> 3)
