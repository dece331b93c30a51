// Trajectories that ended badly: why is written, told, and exactly their questions are asked again.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { all, parquet, writer } from '../../../core/database.ts'
import { trajectories, type Trajectory } from '../../../data/schemas.ts'
import { readManifest } from '../../../pipeline/manifest.ts'
import { listParts } from '../../../pipeline/parts.ts'
import { runStages } from '../../../pipeline/runner.ts'
import { hash, searcher } from '../../../scripts/fake-openai/scripts.ts'
import { startFake, type FakeServer } from '../../../scripts/fake-openai/server.ts'
import { stages } from '../../../stages/all.ts'
import { configSchema } from '../../../stages/config.ts'
import { noteRetry } from '../../../stages/generate/retry.ts'
import { tempFolders } from '../../helpers/temp.ts'

const temp = tempFolders()
const ended = async (promise: Promise<unknown>): Promise<string> => promise.then(() => '', String)
let server: FakeServer
const asked = new Set<string>()
beforeAll(async () => {
  server = await startFake({ script: () => ({}) })
})
afterAll(() => server.close())

/** Refuses about a quarter of the questions, or none; answers the others by searching. */
const serve = (refuses: 'some' | 'none'): void => {
  asked.clear()
  server.set({
    script: (request) => {
      asked.add(request.question)
      if (refuses === 'some' && hash(request.question) % 4 === 0) throw new Error('unsupported question 123')
      return searcher(4)(request)
    },
  })
}

const sample = () => {
  const config = configSchema.parse({
    run: join(temp(), 'run'),
    corpus: { format: 'synthetic', articles: 200, questions: 24 },
    generate: { agent: 'tools' },
    llm: { agent: { model: 'fake', endpoints: [{ base_url: server.url }], retries: 0 } },
  })
  const lines: string[] = []
  const say = (text: string): void => void lines.push(text)
  const progress = { start: () => undefined, update: () => undefined, finish: say, say }
  const folder = join(config.run, 'generate')
  return {
    config,
    go: async (options: { regenerate?: readonly string[]; signal?: AbortSignal } = {}) => {
      lines.length = 0
      const { regenerate = [], signal = new AbortController().signal } = options
      await runStages({ run: config.run, config, stages, progress, signal, to: 'generate', regenerate })
      const rows = await all<Trajectory>(await writer(), `SELECT * FROM ${parquet(listParts(folder, trajectories))}`)
      return { rows, lines: lines.join('\n'), fingerprint: readManifest(folder)?.fingerprint }
    },
  }
}

test('reasons and statuses are written and told; --retry asks those questions again, and no other', async () => {
  const { config, go } = sample()
  serve('some')
  const first = await go()
  const failed = first.rows.filter(({ status }) => status === 'api-error')
  expect(failed.length).toBeGreaterThan(1)
  expect(failed.length).toBeLessThan(20)
  for (const row of failed)
    expect([row.reason, row.http_status]).toEqual([expect.stringContaining('unsupported question 123'), 400])
  expect(first.rows.filter(({ status }) => status === 'completed').every(({ reason }) => reason === null)).toBe(true)
  expect(first.lines).toMatch(new RegExp(`${failed.length}  api-error +400 .*unsupported question #`))
  expect(first.lines).toContain('--retry api-error')

  expect(await noteRetry(config.run, ['format-error'])).toBe(0)
  expect((await go()).lines).toContain('up to date')

  serve('none')
  expect(await noteRetry(config.run, ['api-error', 'format-error'])).toBe(failed.length)
  // Without being asked nothing is paid for again; what was finished stays where it was.
  expect(await ended(go())).toMatch(/no longer up to date/)
  const second = await go({ regenerate: ['generate'] })
  expect(asked.size).toBe(failed.length)
  expect(second.rows.map((row) => row.query_id)).toEqual(first.rows.map((row) => row.query_id))
  const again = new Set(failed.map(({ query_id }) => query_id))
  const others = (rows: readonly Trajectory[]) => rows.filter(({ query_id }) => !again.has(query_id))
  expect(others(second.rows)).toEqual(others(first.rows))
  expect(new Set(second.rows.map(({ status }) => status))).toEqual(new Set(['completed']))
  expect(second.fingerprint).not.toBe(first.fingerprint)

  const third = await go()
  expect([third.lines, third.fingerprint]).toEqual([
    expect.stringContaining('generate  up to date'),
    second.fingerprint,
  ])
})

test('a retry that is interrupted goes on with what is left of it', async () => {
  const { config, go } = sample()
  serve('some')
  const first = await go()
  await noteRetry(config.run, ['api-error'])
  const controller = new AbortController()
  server.set({
    script: (request) => {
      controller.abort()
      return searcher(4)(request)
    },
  })
  expect(await ended(go({ regenerate: ['generate'], signal: controller.signal }))).toMatch(/Interrupted/)
  serve('none')
  const second = await go()
  expect(second.rows).toHaveLength(24)
  expect(asked.size).toBe(first.rows.filter(({ status }) => status === 'api-error').length)
})

test('a run without finished trajectories says so', async () => {
  expect(await ended(noteRetry(sample().config.run, ['api-error']))).toMatch(/expected finished trajectories/i)
})
