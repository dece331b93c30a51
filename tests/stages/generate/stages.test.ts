// The stages that ask models, wired together over real HTTP: generate, filter, mine.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { browses, relevance, trajectories, verdicts } from '../../../data/schemas.ts'
import type { Table } from '../../../core/columns.ts'
import { all, parquet, writer } from '../../../core/database.ts'
import { listParts } from '../../../pipeline/parts.ts'
import { runStages } from '../../../pipeline/runner.ts'
import { stages } from '../../../stages/all.ts'
import { configSchema } from '../../../stages/config.ts'
import { JUDGE } from '../../../agents/judges/answer-prompts.ts'
import { RELEVANCE } from '../../../agents/judges/relevance-prompts.ts'
import type { FakeReply, FakeRequest } from '../../../scripts/fake-openai/protocol.ts'
import { hash, searcher } from '../../../scripts/fake-openai/scripts.ts'
import { someFaults, startFake, type FakeServer } from '../../../scripts/fake-openai/server.ts'

const KEY = 'key-that-nobody-may-see-42'
const script = (request: FakeRequest): FakeReply => {
  const yes = hash(request.question) % 3 > 0 ? 'yes' : 'no'
  if (request.system === JUDGE) return { content: `extracted: x\nrationale: because\ncorrect: ${yes}` }
  if (request.system === RELEVANCE) return { content: `rationale: because\nuseful: ${yes}` }
  return searcher(6)(request)
}

let folder: string
let server: FakeServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lrat-stages-'))
  process.env['LRAT_TEST_KEY'] = KEY
  server = await startFake({ script, key: KEY })
})
afterAll(async () => {
  delete process.env['LRAT_TEST_KEY']
  await server.close()
  rmSync(folder, { recursive: true })
})

const run = async (name: string, agent: string, budget?: number) => {
  const lines: string[] = []
  const say = (text: string): void => void lines.push(text)
  const endpoint = { base_url: server.url, api_key_env: 'LRAT_TEST_KEY', concurrency: 8 }
  const config = configSchema.parse({
    run: join(folder, name),
    corpus: { format: 'synthetic', articles: 200, questions: 24 },
    generate: { agent },
    filter: { correctness: 'llm' },
    mine: { relevance: 'llm' },
    llm: {
      agent: {
        model: 'fake',
        endpoints: [endpoint],
        backoff: { first: 0.01 },
        request_timeout: 2,
        budget: { tokens: budget },
      },
      judge: { model: 'judge', endpoints: [endpoint], backoff: { first: 0.01 }, request_timeout: 2 },
    },
  })
  await runStages({
    run: config.run,
    config,
    stages,
    progress: { start: () => undefined, update: () => undefined, finish: say, say },
    signal: new AbortController().signal,
    to: 'mine',
  })
  const rows = async (stage: string, table: Table): Promise<unknown[]> =>
    all(await writer(), `SELECT * FROM ${parquet(listParts(join(config.run, stage), table))}`)
  return {
    lines,
    trajectories: (await rows('generate', trajectories)) as { status: string; agent: string; query_id: string }[],
    verdicts: (await rows('filter', verdicts)) as { correct: boolean | null; judge: string }[],
    browses: await rows('mine', browses),
    relevance: (await rows('mine', relevance)) as { relevant: boolean; judge: string }[],
  }
}

it(
  'generates, judges and mines, the same with and without faults, and leaves no journal',
  { timeout: 60_000 },
  async () => {
    const clean = await run('clean', 'tools')
    expect(clean.trajectories).toHaveLength(24)
    expect(new Set(clean.trajectories.map((row) => `${row.agent} ${row.status}`))).toEqual(new Set(['fake completed']))
    expect(new Set(clean.verdicts.map((row) => `${row.judge} ${row.correct}`))).toEqual(
      new Set(['llm judge true', 'llm judge false']),
    )
    expect(clean.relevance.length).toBe(clean.browses.length)
    expect(new Set(clean.relevance.map((row) => row.relevant))).toEqual(new Set([true, false]))
    for (const stage of ['generate', 'filter', 'mine'])
      expect(readdirSync(join(folder, 'clean', stage))).not.toContain('journal.ndjson')

    server.set({ fault: someFaults(0.1) })
    const faulty = await run('faulty', 'tools')
    server.set({ fault: () => undefined })
    expect({ ...faulty, lines: [] }).toEqual({ ...clean, lines: [] })
  },
)

it(
  'stops at the budget with what is finished, goes on with a larger one, and is then up to date',
  { timeout: 60_000 },
  async () => {
    await expect(run('budget', 'react', 150_000)).rejects.toThrow(/a spent budget after \d+ .*raise the budget/)
    const journal = readFileSync(join(folder, 'budget', 'generate', 'journal.ndjson'), 'utf8')
      .trim()
      .split('\n')
    expect(journal.length).toBeGreaterThan(1)
    const before = server.stats.requests
    const { trajectories: rows } = await run('budget', 'react', 10_000_000)
    expect(rows).toHaveLength(24)
    const spent = server.stats.requests
    expect(spent).toBeGreaterThan(before)
    const { lines } = await run('budget', 'react', 20_000_000)
    expect(server.stats.requests).toBe(spent)
    expect(lines.filter((line) => line.includes('up to date')).length).toBeGreaterThanOrEqual(4)
  },
)

it('writes the key into no file', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(20)
  for (const file of files) expect(readFileSync(join(file.parentPath, file.name)).includes(KEY)).toBe(false)
})
