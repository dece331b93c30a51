// The commands for trajectories, as a user calls them.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { searcher } from '../../../scripts/fake-openai/scripts.ts'
import { startFake, type FakeServer } from '../../../scripts/fake-openai/server.ts'

const main = join(import.meta.dirname, '../../../dist/cli/main.js')
const run = promisify(execFile)

describe.skipIf(!existsSync(main))('command line', () => {
  let folder: string
  let server: FakeServer
  const lrat = async (...args: string[]): Promise<string> => (await run(process.execPath, [main, ...args])).stdout
  const at = (...parts: string[]): string => join(folder, ...parts)
  const config = (name: string, text: string): string => {
    writeFileSync(at(`${name}.yaml`), `run: ${JSON.stringify(at(name))}\n${text}`)
    return at(`${name}.yaml`)
  }
  const llm = (): string =>
    `llm: { agent: { model: fake, price: { prompt: 1000, completion: 1000 }, endpoints: [{ base_url: '${server.url}', concurrency: 4 }] } }`
  const corpus = 'corpus: { format: synthetic, articles: 200, questions: 20 }\n'
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lrat-cli-'))
    server = await startFake({ script: searcher(4) })
  })
  afterAll(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })

  it('estimates, generates, shows, exports and imports again', async () => {
    const settings = config('one', `${corpus}generate: { agent: tools }\n${llm()}\n`)
    const estimate = await lrat('generate', '-c', settings, '--dry-run', '4')
    expect(estimate).toMatch(/tried 4 of 20 questions: 4 completed/)
    expect(estimate).toMatch(/money {14}\d+\.\d\d/)
    expect(server.stats.requests).toBeLessThan(24)
    await lrat('generate', '-c', settings)
    const table = await lrat('show', at('one'), 'trajectories', '--limit', '100', '--json')
    const { trajectory_id: id } = JSON.parse(table.split('\n')[0]) as { trajectory_id: string }
    const shown = await lrat('show', at('one'), 'trajectory', id)
    expect(shown).toMatch(/^trajectory .* fake with bm25\nquestion .*\nstatus {5}completed/)
    expect(shown).toMatch(/Exact answer: City \d+/)
    await lrat('export-trajectories', at('one'), '--out', at('json'))
    await lrat('generate', '-c', config('two', `${corpus}trajectories: { import: ${JSON.stringify(at('json'))} }\n`))
    const again = await lrat('show', at('two'), 'trajectories', '--limit', '100', '--json')
    expect(again.split('\n').sort()).toEqual(table.split('\n').sort())
  })

  it('compares judgements with labels', async () => {
    const settings = config('three', `${corpus}generate: { agent: offline }\n`)
    await lrat('filter', '-c', settings)
    const table = await lrat('show', at('three'), 'verdicts', '--limit', '100', '--json')
    const rows = table
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { trajectory_id: string; correct: boolean })
    const labels = rows.map(({ trajectory_id, correct }, index) =>
      JSON.stringify({ trajectory_id, correct: index === 0 ? !correct : correct }),
    )
    writeFileSync(at('labels.jsonl'), labels.join('\n'))
    const text = await lrat('judge-agreement', at('three'), '--labels', at('labels.jsonl'), '--of', 'correctness')
    expect(text).toMatch(/compared {3}20 \(only given: 0, only judged: 0\)\naccuracy {3}0\.9500/)
    await expect(lrat('judge-agreement', at('three'), '--labels', at('labels.jsonl'))).rejects.toThrow(
      /what stage mine writes/,
    )
  })
})
