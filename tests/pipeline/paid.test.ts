// Paid work: what a model was asked for is not asked for again unless the user names the stage.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runStages } from '../../pipeline/runner.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { tempFolders } from '../helpers/temp.ts'
import { silent } from './fake-stages.ts'

const temp = tempFolders()

interface Told {
  readonly model: string
  readonly chunk: number
}

const listOf = (asked: string[], version: number): Stage<Told>[] => [
  {
    name: 'cut',
    version: 1,
    summary: '',
    reads: {},
    writes: [],
    parameters: ({ chunk }) => ({ chunk }),
    run: async ({ folder }) => {
      writeFileSync(join(folder, 'cut.txt'), 'x')
      return { counts: {} }
    },
  },
  {
    name: 'ask',
    version,
    summary: '',
    reads: { cut: { stage: 'cut', file: 'cut.txt' } },
    writes: [],
    parameters: ({ model }) => ({ model }),
    paid: (told) => (told !== null && typeof told === 'object' && 'model' in told ? told.model : undefined),
    run: async (context) => {
      const { config, folder } = context
      asked.push(config.model)
      context.mark(1, 2, 'questions')
      if (config.model === 'fails') throw new Error('the model failed')
      writeFileSync(join(folder, 'answers.txt'), config.model)
      return { counts: {} }
    },
  },
]

const world = (version = 1) => {
  const asked: string[] = []
  const run = join(temp(), 'run')
  const go = (config: Told, options: { from?: string; regenerate?: string[]; version?: number } = {}) =>
    runStages({
      ...{ run, config, progress: silent, signal: new AbortController().signal },
      ...{ stages: listOf(asked, options.version ?? version), from: options.from, regenerate: options.regenerate },
    })
  return { asked, run, go }
}
const A = { model: 'a', chunk: 1 }

test('a change of the model, of what it reads, or of the code stops and asks; naming the stage does it', async () => {
  const { asked, run, go } = world()
  await go(A)
  for (const [change, version] of [
    [{ ...A, model: 'b' }, 1],
    [{ ...A, chunk: 2 }, 1],
    [A, 2],
  ] as const) {
    await expect(go(change, { version })).rejects.toThrow(
      /stage ask .*: expected to keep what was paid for; found .* no longer up to date .*--regenerate ask/,
    )
    expect(existsSync(join(run, 'ask', 'answers.txt'))).toBe(true)
  }
  await go(A)
  expect(asked).toEqual(['a'])
  await go({ ...A, model: 'b' }, { regenerate: ['ask'] })
  expect(asked).toEqual(['a', 'b'])
})

test('work half done counts too, and goes on with the settings it was begun with', async () => {
  const { asked, go } = world()
  await expect(go({ ...A, model: 'fails' })).rejects.toThrow('the model failed')
  await expect(go(A)).rejects.toThrow(/found 1 questions that a model was asked for.*--regenerate ask/)
  await expect(go({ ...A, model: 'fails' })).rejects.toThrow('the model failed')
  expect(asked).toEqual(['fails', 'fails'])
})

test('--from an earlier stage does not throw it away; --from the stage itself does', async () => {
  const { asked, run, go } = world()
  await go(A)
  await expect(go(A, { from: 'cut' })).rejects.toThrow(
    /--from cut: expected to keep what was paid for; found stage ask/,
  )
  expect(existsSync(join(run, 'cut', 'manifest.json'))).toBe(true)
  await go(A, { from: 'ask' })
  expect(asked).toEqual(['a', 'a'])
})
