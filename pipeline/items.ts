// Works on many items at once, each finished one durable in a journal; a restart does the rest.
import { setMaxListeners } from 'node:events'
import { Interrupted } from '../core/errors.ts'
import type { Journal } from './journal.ts'

export interface ItemProgress {
  /** Items in the journal, from this run and earlier ones. */
  readonly done: number
  /** Items finished in this run. */
  readonly fresh: number
  readonly running: number
}

export interface ItemOptions<I, O> {
  readonly items: AsyncIterable<I> | Iterable<I>
  /** Unique name of an item; the same in every run. */
  readonly key: (item: I) => string
  /** Items worked on at once. */
  readonly concurrency: number
  readonly work: (item: I, signal: AbortSignal) => Promise<O>
  readonly journal: Journal<O>
  readonly signal: AbortSignal
  /** Asked before each item; false starts no more, lets the running ones end, and returns `stopped`. */
  readonly admit?: (running: number) => boolean
  /** What an error of `work` does: true ends the run like `admit`, leaving the item undone; false (default) fails it. */
  readonly stops?: (error: unknown) => boolean
  readonly onProgress?: (progress: ItemProgress) => void
}

export interface ItemOutcome {
  /** Keys of all items seen, in input order, first occurrences. */
  readonly keys: readonly string[]
  /** Items of this run. */
  readonly fresh: number
  /** True when it ended before all items were done. */
  readonly stopped: boolean
}

/**
 * Runs `work` on every item whose key the journal lacks. Memory does not grow with the results. Errors: Interrupted when the
 * signal fires; the first error of `work`, after the other running items were stopped.
 */
export const runItems = async <I, O>(options: ItemOptions<I, O>): Promise<ItemOutcome> => {
  const { items, key, concurrency, work, journal, signal, admit, stops, onProgress } = options
  const controller = new AbortController()
  // Every running item listens to it; Node takes more than ten for a leak.
  setMaxListeners(0, controller.signal)
  const abort = (): void => controller.abort(new Interrupted())
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()

  const seen = new Set<string>()
  let running = 0
  let wake: (() => void) | undefined
  let done = 0
  let fresh = 0
  let stopped = false
  let failure: { readonly error: unknown } | undefined

  const fail = (error: unknown): void => {
    failure ??= { error }
    controller.abort(error)
  }

  const one = async (item: I, name: string): Promise<void> => {
    try {
      await journal.append(name, await work(item, controller.signal))
      done += 1
      fresh += 1
    } catch (error) {
      if (controller.signal.aborted) return
      if (stops?.(error) === true) stopped = true
      else fail(error)
    }
  }

  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => (wake = resolve))
  }

  try {
    for await (const item of items) {
      if (controller.signal.aborted || stopped) break
      const name = key(item)
      if (seen.has(name)) continue
      seen.add(name)
      if (journal.has(name)) {
        done += 1
        continue
      }
      await until(() => running < concurrency)
      // The state may have changed while waiting for a place.
      if (controller.signal.aborted || stopped) break
      if (admit?.(running) === false) {
        stopped = true
        break
      }
      running += 1
      void one(item, name)
        .then(() => onProgress?.({ done, fresh, running: running - 1 }))
        .catch(fail)
        .finally(() => {
          running -= 1
          wake?.()
        })
    }
  } catch (error) {
    fail(error)
  }
  await until(() => running === 0)
  signal.removeEventListener('abort', abort)
  if (failure) throw failure.error
  if (signal.aborted) throw new Interrupted()
  return { keys: [...seen], fresh, stopped }
}
