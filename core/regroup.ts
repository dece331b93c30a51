// Batches of one size out of batches of any.

/** Cuts batches of any size into batches of `size` rows (the last may be shorter), so that fragments are always alike. */
export async function* regroup<T>(batches: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<T[]> {
  let held: T[] = []
  for await (const batch of batches) {
    for (const row of batch) {
      held.push(row)
      if (held.length === size) {
        yield held
        held = []
      }
    }
  }
  if (held.length > 0) yield held
}
