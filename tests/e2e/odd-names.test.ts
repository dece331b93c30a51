// The whole pipeline in folders with odd names makes the tables that it makes in a plainly named one.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lrat-odd-'))
const config = join(folder, 'small.yaml')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (name: string, to: string): string => {
  const path = join(folder, 'runs', name)
  execFileSync(process.execPath, [main, 'run', '-c', config, '--set', `run=${JSON.stringify(path)}`, '--to', to], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return path
}

/** Content by path of what a run made, without what names the run itself. */
const made = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(parquet|jsonl)$/.test(file) && !/timings/.test(file))
      .sort()
      .map((file) => [file, readFileSync(join(path, file)).toString('base64')]),
  )

let plain: Record<string, string>
beforeAll(() => {
  writeFileSync(
    config,
    `run: unused
corpus: { format: synthetic, articles: 100, questions: 20 }
queries: { test_share: 0.3 }
generate: { max_steps: 8 }
train: { seeds: [1], weightings: [lrat], dimensions: 16, vocabulary: 500, epochs: 1, batch_size: 4 }
evaluate: { resamples: 100 }
`,
  )
  plain = made(run('plain', 'report'))
  expect(Object.keys(plain).length).toBeGreaterThan(10)
})

const named = [
  ['columns', 'weight=4/split=test/docid=/text=x/query_id=1/filename=2'],
  ['what a pattern would match', 'p/a1/bxc/1/{x}'],
  ['patterns', 'p/a*/b?c/[1]/{x}'],
  ['addresses', 's3:/two words/a#b/a%20b/~'],
  ['quotes', `it's "quoted"; --/ünïcødé 漢字 😀`],
] as const

it.each(named)('%s', (_, name) => {
  const found = made(run(name, 'report'))
  expect(Object.keys(found)).toEqual(Object.keys(plain))
  for (const [file, content] of Object.entries(found)) expect(content === plain[file], file).toBe(true)
})
