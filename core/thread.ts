// The thread's side of a pool, and how an error comes back from there.
import { parentPort, workerData, type TransferListItem } from 'node:worker_threads'
import { UserError, type Problem } from './errors.ts'

export type Answer<R> = { readonly result: R } | Failed
interface Failed {
  readonly message: string
  readonly stack: string | undefined
  /** What a UserError says; copies of errors between threads lose it. */
  readonly problem: Problem | undefined
}

const failed = (error: unknown): Failed => ({
  message: error instanceof Error ? error.message : String(error),
  stack: error instanceof Error ? error.stack : undefined,
  problem: error instanceof UserError ? { ...error.problem, cause: undefined } : undefined,
})

/** The error that an answer tells of. */
export const errorOf = ({ message, stack, problem }: Failed): Error => {
  if (problem !== undefined) return new UserError(problem)
  const error = new Error(message)
  return stack === undefined ? error : Object.assign(error, { stack })
}

/**
 * Answers the tasks that a pool sends, one after the other; does nothing where no pool started the thread.
 * `transfer` names what of a result is handed over instead of copied.
 */
export const serveTasks = <D, T, R>(
  open: (data: D) => (task: T) => R,
  transfer: (result: R) => TransferListItem[] = () => [],
): void => {
  const port = parentPort
  if (port === null) return
  const handle = open(workerData as D)
  port.on('message', (task: T) => {
    try {
      const result = handle(task)
      port.postMessage({ result } satisfies Answer<R>, transfer(result))
    } catch (error) {
      port.postMessage(failed(error) satisfies Answer<R>)
    }
  })
}
