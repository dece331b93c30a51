// A development set out of training pairs that shares nothing with what is trained on.
import { createHash } from 'node:crypto'
import { at } from '../../core/at.ts'
import { findOverlap, normaliseText } from '../../data/overlap.ts'

export interface SplitPair {
  readonly pair_id: string
  readonly query: string
  /** Ids of its positive documents. */
  readonly positives: readonly string[]
}

export interface DevSplit {
  readonly train: readonly string[]
  /** Ids of the pairs set aside, at most as many as asked for. */
  readonly dev: readonly string[]
  /** Pairs first chosen for development and given back, since a training query nearly says the same. */
  readonly returned: number
}

/** Group of each index: those that share a key, directly or through others, have the same. */
const groupsByKeys = (keys: readonly (readonly string[])[]): number[] => {
  const parent = keys.map((_, i) => i)
  const root = (i: number): number => {
    // Halves the way on the way.
    for (let above = at(parent, i); above !== i; above = at(parent, i)) i = parent[i] = at(parent, above)
    return i
  }
  const first = new Map<string, number>()
  keys.forEach((own, i) => {
    for (const key of own) {
      const other = first.get(key)
      if (other === undefined) first.set(key, i)
      else parent[root(Math.max(root(i), root(other)))] = Math.min(root(i), root(other))
    }
  })
  return keys.map((_, i) => root(i))
}

const hashOf = (seed: number, text: string): string => createHash('sha256').update(`${seed}\0${text}`).digest('hex')

/**
 * Splits pairs so that no query (case and punctuation aside), no query of at least `threshold` similarity (Jaccard of
 * word pairs) and no positive document is on both sides. Pairs that share a query or a positive stay together; such
 * groups go to development in the order of a hash while they fit into `rows` pairs, or `share` of them. The order of the
 * pairs does not matter, the results come in theirs.
 */
export const splitForDevelopment = (
  pairs: readonly SplitPair[],
  options: {
    readonly share?: number
    readonly rows?: number
    readonly threshold?: number
    readonly seed?: number
  } = {},
): DevSplit => {
  const { share = 0.05, rows = Math.floor(share * pairs.length), threshold = 0.8, seed = 0 } = options
  const groups = groupsByKeys(
    pairs.map(({ query, positives }) => [`q${normaliseText(query)}`, ...positives.map((docid) => `d${docid}`)]),
  )
  const members = new Map<number, number[]>()
  groups.forEach((group, i) => {
    const list = members.get(group)
    if (list) list.push(i)
    else members.set(group, [i])
  })
  const ordered = [...members]
    .map(([group, indices]) => {
      const name = indices.map((i) => at(pairs, i).pair_id).reduce((least, id) => (id < least ? id : least))
      return { group, indices, hash: hashOf(seed, name) }
    })
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
  const dev = new Set<number>()
  let room = rows
  for (const { group, indices } of ordered) {
    if (indices.length > room) continue
    dev.add(group)
    room -= indices.length
  }
  const chosen = groups.filter((group) => dev.has(group)).length
  const queriesOf = (wanted: (group: number) => boolean) =>
    pairs.flatMap(({ query }, i) => (wanted(at(groups, i)) ? [{ query_id: String(i), question: query }] : []))
  // What goes back to training can be near to other development queries: repeat until nothing is.
  let added = queriesOf((group) => !dev.has(group))
  while (added.length > 0 && dev.size > 0) {
    const near = findOverlap(
      queriesOf((group) => dev.has(group)),
      added,
      threshold,
    )
    const back = new Set(near.map(({ test }) => at(groups, Number(test))))
    back.forEach((group) => dev.delete(group))
    added = queriesOf((group) => back.has(group))
  }
  const ids = (inDev: boolean) => pairs.filter((_, i) => dev.has(at(groups, i)) === inDev).map(({ pair_id }) => pair_id)
  return { train: ids(false), dev: ids(true), returned: chosen - ids(true).length }
}
