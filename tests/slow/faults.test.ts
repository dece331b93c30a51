// Agents of a model whose server fails, is killed, or goes away: the same table, nothing lost, nothing doubled.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Trajectory } from '../../data/schemas.ts'
import { openJournal } from '../../pipeline/journal.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { createLlmAgent, llmLimits } from '../../agents/llm/agent.ts'
import { tools as spec } from '../../agents/presets/own.ts'
import { generateItems } from '../../stages/generate/trajectories.ts'
import { testLlm } from '../helpers/fake-client.ts'
import { fakeTools, searcher } from '../../scripts/fake-openai/scripts.ts'
import { faultKinds, someFaults, startFake, type FakeServer } from '../../scripts/fake-openai/server.ts'

const QUESTIONS = Array.from({ length: 2000 }, (_, at) => ({
  query_id: `q${at}`,
  question: `Which place is number ${at}?`,
}))

let folder: string
let server: FakeServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lrat-generate-'))
  server = await startFake({ script: searcher(4) })
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const generate = async (llm: Llm, name: string, questions = QUESTIONS) => {
  const journal = await openJournal<readonly Trajectory[]>(join(folder, name))
  try {
    const outcome = await generateItems({
      queries: questions,
      agent: createLlmAgent(llm, 'tools', spec),
      tools: fakeTools,
      retriever: 'fake',
      limits: llmLimits(spec),
      seed: 1,
      concurrency: 64,
      journal,
      signal: new AbortController().signal,
      llm,
    })
    const rows: Trajectory[] = []
    for (const key of outcome.keys) if (journal.has(key)) rows.push(...(await journal.read(key)))
    return { ...outcome, rows }
  } finally {
    await journal.close()
    llm.close()
  }
}

describe('2,000 questions', () => {
  it('with a tenth of the calls failing give the same table as without faults', async () => {
    const clean = await generate(testLlm([server.url]), 'clean')
    expect(clean.rows).toHaveLength(2000)
    expect(new Set(clean.rows.map((row) => row.status))).toEqual(new Set(['completed']))

    const other = await startFake({ script: searcher(4), fault: someFaults(0.1, faultKinds, 2) })
    server.set({ fault: someFaults(0.1) })
    const llm = testLlm([server.url, other.url], { request_timeout: 0.5 })
    const faulty = await generate(llm, 'faulty')
    await other.close()
    expect(faulty.rows).toEqual(clean.rows)
    expect([...server.faults.keys()].sort()).toEqual([...faultKinds].sort())
    const { calls, requests, failures } = llm.spending.totals()
    expect(calls).toBe(
      clean.rows.reduce((sum, row) => sum + row.steps.filter((step) => step.type !== 'reasoning').length, 0),
    )
    expect(requests).toBe(calls + failures)
    expect(failures / requests).toBeGreaterThan(0.08)
  })
})

describe('interruptions', () => {
  it('stops cleanly at the budget, and goes on with a larger one', async () => {
    const few = QUESTIONS.slice(0, 200)
    const clean = await generate(testLlm([server.url]), 'clean', few)
    const total = clean.rows.reduce((sum, row) => sum + row.prompt_tokens! + row.completion_tokens!, 0)
    const small = testLlm([server.url], { budget: { tokens: total / 2 } })
    const half = await generate(small, 'budget', few)
    expect(half.stopped).toBe(true)
    const { promptTokens, completionTokens } = small.spending.totals()
    expect((promptTokens + completionTokens) / total).toBeGreaterThan(0.4)
    expect((promptTokens + completionTokens) / total).toBeLessThan(0.55)
    expect(half.rows.length).toBeGreaterThan(60)
    const rest = await generate(testLlm([server.url], { budget: { tokens: total * 1.2 } }), 'budget', few)
    expect(rest.stopped).toBe(false)
    expect(rest.rows).toEqual(clean.rows)
    expect(rest.fresh).toBe(200 - half.rows.length)
  })

  it('stops when no endpoint answers for long, and goes on when one is back', async () => {
    const few = QUESTIONS.slice(0, 150)
    const clean = await generate(testLlm([server.url]), 'clean', few)
    let arrivals = 0
    server.set({ fault: () => ((arrivals += 1) > 300 ? '502' : undefined) })
    const settings = { outage: 0.2, breaker: { rest: 0.02, max_rest: 0.05 } }
    await expect(generate(testLlm([server.url], settings), 'outage', few)).rejects.toThrow(/failures only/)
    server.set({ fault: () => undefined })
    const { rows, fresh } = await generate(testLlm([server.url], settings), 'outage', few)
    expect(rows).toEqual(clean.rows)
    expect(fresh).toBeLessThan(150)
  })

  const dist = join(import.meta.dirname, '../../dist')
  it('loses and doubles nothing when it is killed (SIGKILL) in the middle, five times', async () => {
    const few = QUESTIONS.slice(0, 400)
    const clean = await generate(testLlm([server.url]), 'clean', few)
    const at = (path: string): string => JSON.stringify(pathToFileURL(join(dist, path)).href)
    const program = `
        import { openJournal } from ${at('pipeline/journal.js')}
        import { createLlm } from ${at('pipeline/llm/client.js')}
        import { llmSchema } from ${at('pipeline/llm/settings.js')}
        import { createLlmAgent, llmLimits } from ${at('agents/llm/agent.js')}
        import { tools as spec } from ${at('agents/presets/own.js')}
        import { generateItems } from ${at('stages/generate/trajectories.js')}
        const { url, path, questions } = JSON.parse(process.argv[1])
        const passage = (docid) => ({ docid, title: 'T', text: 'text ' + docid })
        const tools = { search: async () => [passage('1'), passage('2')], getDocument: async (docid) => passage(docid) }
        const llm = createLlm(llmSchema.parse({ model: 'fake', endpoints: [{ base_url: url }] }))
        const journal = await openJournal(path)
        await generateItems({ queries: questions, agent: createLlmAgent(llm, 'tools', spec), tools, retriever: 'fake',
          limits: llmLimits(spec), seed: 1, concurrency: 32, journal, signal: new AbortController().signal, llm })
        await journal.close()
        llm.close()`
    const path = join(folder, 'killed')
    /** Runs the program; with a number, kills it after so many more replies of the server. */
    const run = (replies = Infinity) =>
      new Promise<number | null>((resolve) => {
        const argument = JSON.stringify({ url: server.url, path, questions: few })
        const child = spawn(process.execPath, ['--input-type=module', '-e', program, argument], {
          stdio: ['ignore', 'ignore', 'inherit'],
        })
        const mind = searcher(4)
        let left = replies
        server.set({
          script: (request) => {
            left -= 1
            if (left === 0) child.kill('SIGKILL')
            return mind(request)
          },
        })
        child.on('close', resolve)
      })
    for (const replies of [150, 250, 200, 300, 180]) expect(await run(replies)).toBeNull()
    const before = readFileSync(path, 'utf8').split('\n').length
    expect(before).toBeGreaterThan(10)
    expect(await run()).toBe(0)
    const keys = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as [string])[0])
    expect([...keys].sort()).toEqual(few.map((query) => query.query_id).sort())
    // The child's tools are smaller than ours, so what is compared is the end of each trajectory.
    const journal = await openJournal<readonly Trajectory[]>(path)
    for (const row of clean.rows) expect((await journal.read(row.query_id))[0].answer).toBe(row.answer)
    await journal.close()
  })
})
