// Texts of different lengths in one rectangle.
import { tensor } from '../execute/executor.ts'

/** What starting another batch costs, in tokens: about what a small batch loses in slow matrix products. */
const BATCH_COST = 64
/** Texts of a batch at most: beyond it nothing is gained, and the search for the best cut grows with it. */
const LARGEST_BATCH = 1024

/**
 * Indices of the texts in batches of similar length, longest first, each within the budget of padded tokens (a text
 * longer than the budget is alone). Of all ways to cut the sorted list it is the one with the least padding, a new
 * batch counting as `BATCH_COST` tokens of it.
 */
export const batchesByLength = (ids: readonly ArrayLike<number>[], budget: number): number[][] => {
  const order = [...ids.keys()].sort((a, b) => ids[b].length - ids[a].length || a - b)
  const width = (place: number): number => Math.max(1, ids[order[place]].length)
  // cost[n] is the least cost of the first n texts, and start[n] where its last batch begins.
  const cost = new Float64Array(order.length + 1).fill(Infinity)
  const start = new Uint32Array(order.length + 1)
  cost[0] = 0
  for (let end = 1; end <= order.length; end++) {
    for (let first = end - 1; first >= 0; first--) {
      const size = (end - first) * width(first)
      if ((size > budget || end - first > LARGEST_BATCH) && first < end - 1) break
      if (cost[first] + size + BATCH_COST >= cost[end]) continue
      cost[end] = cost[first] + size + BATCH_COST
      start[end] = first
    }
  }
  const batches: number[][] = []
  for (let end = order.length; end > 0; end = start[end]) batches.unshift(order.slice(start[end], end))
  return batches
}

/** Token ids padded to the longest, and their mask: i32 [texts, length] each. */
export const padded = (ids: readonly ArrayLike<number>[], padId: number) => {
  const length = Math.max(1, ...ids.map((x) => x.length))
  const data = new Int32Array(ids.length * length).fill(padId)
  const mask = new Int32Array(ids.length * length)
  for (const [row, text] of ids.entries()) {
    data.set(text, row * length)
    mask.fill(1, row * length, row * length + text.length)
  }
  return { input_ids: tensor(data, ids.length, length), attention_mask: tensor(mask, ids.length, length) }
}
