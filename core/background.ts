// Work that goes on beside the caller's, so many pieces at a time: a part is compressed while the next one is read.

export interface Background {
  /** Begins a piece of work, waiting for a place first. Errors: the first error of an earlier piece. */
  add(work: () => Promise<unknown>): Promise<void>
  /** Waits for all of it. Errors: the first error of any piece. */
  drain(): Promise<void>
}

export const createBackground = (limit: number): Background => {
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  const check = (): void => {
    if (failure) throw failure.error
  }
  return {
    add: async (work) => {
      while (running.size >= limit) await Promise.race(running)
      check()
      const piece: Promise<void> = work()
        .then(
          () => undefined,
          (error: unknown) => {
            failure ??= { error }
          },
        )
        .finally(() => running.delete(piece))
      running.add(piece)
    },
    drain: async () => {
      await Promise.all(running)
      check()
    },
  }
}
