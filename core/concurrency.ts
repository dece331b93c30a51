// Runs many small jobs a few at a time.

/**
 * Results of `work` over `items`, in the order of the items, with at most `limit` running at once. The first failure
 * is thrown after the jobs that were already running have ended, and nothing more is started.
 */
export const mapConcurrent = async <T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> => {
  const results = new Array<R>(items.length)
  const failures: unknown[] = []
  // All lanes take from the same one.
  const left = items.entries()
  const lane = async (): Promise<void> => {
    for (const [index, item] of left) {
      if (failures.length > 0) return
      try {
        results[index] = await work(item, index)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
  if (failures.length > 0) throw failures[0]
  return results
}
