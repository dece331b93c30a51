// A pool of threads: what it gives, what it does with errors and threads that end, and that it stops when told.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { Interrupted } from '../../core/errors.ts'
import { openThreads, threadsFor, type Threads } from '../../core/threads.ts'
import { tempFolders } from '../helpers/temp.ts'

const temp = tempFolders()

/** A pool whose threads run these lines of JavaScript for each `task`. */
const poolOf = (
  body: string,
  { threads = 2, patience = 0, signal }: { threads?: number; patience?: number; signal?: AbortSignal } = {},
): Threads<number, unknown> => {
  const folder = temp()
  const serve = pathToFileURL('dist/core/thread.js').href
  const lines = [`import { serveTasks } from '${serve}'`, `serveTasks((data) => (task) => { ${body} })`]
  writeFileSync(join(folder, 'thread.js'), lines.join('\n'))
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  return openThreads<number, number, unknown>({
    module: './thread.js',
    from: pathToFileURL(join(folder, 'pool.js')).href,
    data: 100,
    threads,
    here: () => 'here',
    cost: () => 1,
    patience,
    ...(signal && { signal }),
  })
}

test('work is done by the threads, each with its data', async () => {
  const pool = poolOf('return data + task')
  const tasks = Array.from({ length: 50 }, (_, i) => i)
  expect(await Promise.all(tasks.map(pool.run))).toEqual(tasks.map((i) => 100 + i))
  await pool.close()
})

test('a little work, and all of it without threads, is done here', async () => {
  const little = poolOf('return task', { patience: 3 })
  const found: unknown[] = []
  for (let i = 0; i < 5; i++) found.push(await little.run(i))
  expect(found).toEqual(['here', 'here', 'here', 3, 4])
  await little.close()
  const none = poolOf('return task', { threads: 0 })
  expect(await none.run(1)).toBe('here')
  expect(none.size).toBe(1)
  expect(threadsFor(0)).toBe(0)
  expect(threadsFor(3)).toBe(3)
})

test('an error in a task is that of this task alone', async () => {
  const pool = poolOf('if (task === 1) throw new TypeError("one"); return task', { threads: 1 })
  const results = await Promise.allSettled([0, 1, 2].map(pool.run))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await expect(pool.run(1)).rejects.toThrow('one')
  await pool.close()
})

test('a thread that ends takes its tasks, and those to come, with it', async () => {
  const pool = poolOf('process.exit(3)', { threads: 1 })
  const results = await Promise.allSettled([0, 1].map(pool.run))
  for (const result of results)
    expect(result).toMatchObject({ reason: { message: 'a worker thread ended with code 3' } })
  await expect(pool.run(2)).rejects.toThrow('code 3')
  await pool.close()
})

test('a module that does not load is the error of every task', async () => {
  const pool = poolOf('return task }); throw new Error("at the door"); (() => {', { threads: 1 })
  await expect(pool.run(1)).rejects.toThrow('at the door')
  await pool.close()
})

test('the signal ends threads in the middle of their work', async () => {
  const controller = new AbortController()
  const pool = poolOf('for (;;);', { signal: controller.signal })
  const results = [0, 1, 2, 3].map(pool.run)
  controller.abort()
  for (const result of results) await expect(result).rejects.toThrow(Interrupted)
  await expect(pool.run(4)).rejects.toThrow(Interrupted)
  // Resolves when the threads have ended.
  await pool.close()
})
