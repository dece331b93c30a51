// A share of the training rows, for curves over the amount of data.
import { randomOf } from '../../core/random.ts'
import type { Dataset } from './dataset.ts'

/** A stream of random numbers of its own: others of training are 1, 2 and 3. */
const SHARE = 4

/**
 * Of these examples those of queries drawn by `seed`, in their order: queries are taken in a random order, each with all
 * its rows, until they are `share` of the rows. So a smaller share lies within a larger one, and 1 is all.
 */
export const drawShare = (
  dataset: Dataset,
  examples: Uint32Array,
  { share, seed }: { readonly share: number; readonly seed: number },
): Uint32Array => {
  if (share === 1) return examples
  const rows = new Map<number, number[]>()
  for (const index of examples) {
    const { query } = dataset.example(index)
    const known = rows.get(query)
    if (known) known.push(index)
    else rows.set(query, [index])
  }
  const ordered = [...rows]
    .map(([query, indices]) => ({ query, indices, place: randomOf(SHARE, seed, query).bits() }))
    .sort((a, b) => a.place - b.place || a.query - b.query)
  const drawn: number[] = []
  for (const { indices } of ordered) {
    if (drawn.length >= share * examples.length) break
    drawn.push(...indices)
  }
  return Uint32Array.from(drawn).sort()
}
