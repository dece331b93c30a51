// Counts by name, whatever the names: an object would inherit some ("constructor") and lose one ("__proto__").

export interface Tally {
  add(name: string, times?: number): void
  readonly total: number
  /** Names with their counts, in the order of first sight. */
  entries(): (readonly [name: string, times: number])[]
  /** The same as an object without a prototype. */
  counts(): Readonly<Record<string, number>>
}

/** An object of these entries and nothing else: no name in it is inherited or special. */
export const plainObject = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> => {
  const object = Object.create(null) as Record<string, T>
  for (const [name, value] of entries) object[name] = value
  return object
}

export const createTally = (): Tally => {
  const counts = new Map<string, number>()
  return {
    add: (name, times = 1) => void counts.set(name, (counts.get(name) ?? 0) + times),
    get total() {
      return [...counts.values()].reduce((sum, times) => sum + times, 0)
    },
    entries: () => [...counts],
    counts: () => plainObject(counts),
  }
}
