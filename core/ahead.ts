// Work on the next items while the current one is used: a database or other threads compute while JavaScript does.

/**
 * Results in the order of the items; `depth` of them are always computed ahead, and no item is drawn before it is that
 * near. Errors come when their item's turn comes.
 */
export async function* ahead<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T, index: number) => Promise<R>,
  depth = 1,
): AsyncGenerator<R> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  const begun: Promise<R>[] = []
  let index = 0
  let ended = false
  const hold = (result: Promise<R>): void => {
    result.catch(() => undefined)
    begun.push(result)
  }
  const fill = async (): Promise<void> => {
    while (!ended && begun.length < depth) {
      try {
        const drawn = await source.next()
        if (drawn.done === true) ended = true
        else hold(work(drawn.value, index++))
      } catch (error) {
        ended = true
        hold(
          (async () => {
            throw error
          })(),
        )
      }
    }
  }
  try {
    await fill()
    for (let first = begun[0]; first !== undefined; first = begun[0]) {
      const current = await first
      void begun.shift()
      await fill()
      yield current
    }
  } finally {
    // Whoever stops early closes what the work reads from: only after the work is over.
    await Promise.allSettled(begun)
    if (!ended) await source.return?.()
  }
}
