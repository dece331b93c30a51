// A pool of worker threads: each task goes to an idle one. What a thread runs is a module that calls `serveTasks`.
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import './telemetry.ts'
import { Interrupted } from './errors.ts'
import { errorOf, type Answer } from './thread.ts'
import { packageRoot } from './versions.ts'

export interface Threads<T, R> {
  /** How many tasks the pool works on at once. */
  readonly size: number
  /**
   * Errors: what the task threw (a UserError stays one), Interrupted after the signal, and an Error when the thread
   * ended, be it for want of memory.
   */
  readonly run: (task: T) => Promise<R>
  /** Ends the threads; tasks that are under way fail with Interrupted. */
  readonly close: () => Promise<void>
}

export interface ThreadsOptions<D, T, R> {
  /** The module that a thread runs, compiled, as seen from the one that opens the pool. */
  readonly module: `./${string}.js`
  /** `import.meta.url` of the one that opens the pool. */
  readonly from: string
  /** What the module opens its handler with. */
  readonly data: D
  /** Threads; 0 does all work here. Default: one a core, and none on one core. */
  readonly threads?: number
  /** The same handler for use in this thread, for what is too little to start threads for. */
  readonly here: (task: T) => R
  /** How much a task is, in the unit of `patience`. */
  readonly cost: (task: T) => number
  /** So much is worked off here before threads are started. */
  readonly patience: number
  readonly signal?: AbortSignal
}

/** Threads that a setting of `workers` asks for. */
export const threadsFor = (workers: number | undefined): number => {
  const cores = availableParallelism()
  return workers ?? (cores > 1 ? cores : 0)
}

// Node runs no TypeScript in a thread: the sources (in tests) start the compiled module.
const compiled = (module: string, from: string): string => {
  const folder = dirname(fileURLToPath(from))
  return from.endsWith('.ts') ? join(packageRoot, 'dist', relative(packageRoot, folder), module) : join(folder, module)
}

interface Task<T, R> {
  readonly value: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

/** Opens a pool; threads start when they are first needed. Results are the same however many there are. */
export const openThreads = <D, T, R>(options: ThreadsOptions<D, T, R>): Threads<T, R> => {
  const { module, from, data, here, cost, patience, signal } = options
  const size = threadsFor(options.threads)
  const workers: Worker[] = []
  const idle: Worker[] = []
  const waiting: Task<T, R>[] = []
  const busy = new Map<Worker, Task<T, R>>()
  let done = 0
  let failure: { readonly error: unknown } | undefined

  const fail = (error: unknown): void => {
    failure ??= { error }
    for (const { reject } of [...busy.values(), ...waiting.splice(0)]) reject(failure.error)
    busy.clear()
  }
  const start = (): Worker => {
    const worker = new Worker(compiled(module, from), { workerData: data })
    worker.on('message', (answer: Answer<R>) => {
      const task = busy.get(worker)
      busy.delete(worker)
      worker.unref()
      idle.push(worker)
      if ('result' in answer) task?.resolve(answer.result)
      else task?.reject(errorOf(answer))
      dispatch()
    })
    worker.on('error', fail)
    worker.on('exit', (code) => fail(new Error(`a worker thread ended with code ${code}`)))
    workers.push(worker)
    return worker
  }
  const dispatch = (): void => {
    for (let task = waiting[0]; task !== undefined; task = waiting[0]) {
      const worker = idle.pop() ?? (workers.length < size ? start() : undefined)
      if (worker === undefined) return
      waiting.shift()
      busy.set(worker, task)
      worker.ref()
      worker.postMessage(task.value)
    }
  }
  const close = async (): Promise<void> => {
    signal?.removeEventListener('abort', abort)
    fail(new Interrupted())
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  const abort = (): void => void close()
  signal?.addEventListener('abort', abort)

  return {
    size: Math.max(1, size),
    close,
    run: async (value) => {
      if (signal?.aborted === true) throw new Interrupted()
      if (failure !== undefined) throw failure.error
      if (size === 0) return here(value)
      if (done < patience) {
        done += cost(value)
        return here(value)
      }
      return new Promise((resolve, reject) => {
        waiting.push({ value, resolve, reject })
        dispatch()
      })
    },
  }
}
