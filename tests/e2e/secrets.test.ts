// A server that says the key back in every way it can: neither the run's files nor the terminal ever show it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { all, connect, literal } from '../../core/database.ts'
import type { FakeRequest } from '../../scripts/fake-openai/protocol.ts'
import { startFake, type FakeServer } from '../../scripts/fake-openai/server.ts'
import { runCli } from '../helpers/cli.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'

const KEY = 'R4nd"0m\\T0k3n/of+ours'
const temp = tempFolders()

const echoes = (): string =>
  [
    KEY,
    JSON.stringify({ KEY: KEY }),
    encodeURIComponent(KEY),
    Buffer.from(KEY).toString('base64'),
    Buffer.from(`user:${KEY}`).toString('base64'),
    `${KEY.slice(0, 8)}\n${KEY.slice(8)}`,
  ].join(' | ')

const script = ({ turns }: FakeRequest) => {
  if (turns > 1) return { reasoning: echoes(), content: `paris ${echoes()}` }
  const call = turns === 0 ? { name: 'search', arguments: { query: [`paris ${echoes()}`] } } : undefined
  return { reasoning: echoes(), calls: [call ?? { name: 'get_document', arguments: { docid: `d1 ${echoes()}` } }] }
}

let server: FakeServer
beforeAll(async () => {
  server = await startFake({ script, key: KEY })
})
afterAll(() => server.close())

const prepare = (endpoint: object, more: object = {}): string => {
  const folder = temp()
  writeFiles(folder, {
    'corpus.jsonl': jsonl([1, 2, 3].map((n) => ({ docid: `d${n}`, text: `Paris ${n}\nA town on the river.` }))),
    'queries.jsonl': jsonl([{ query_id: 'q1', question: 'Which town?', answers: ['paris'] }]),
    'config.yaml': stringify({
      run: 'run',
      corpus: { format: 'jsonl', path: 'corpus.jsonl' },
      queries: { path: 'queries.jsonl' },
      generate: { agent: 'tools' },
      filter: { correctness: 'llm' },
      llm: { agent: { model: 'fake', endpoints: [endpoint], retries: 0 } },
      ...more,
    }),
  })
  return folder
}

/** Everything that is left of a run, Parquet as JSON. */
const writtenBelow = async (folder: string): Promise<Map<string, string>> => {
  const connection = await connect()
  const found = new Map<string, string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const text = path.endsWith('.parquet')
      ? JSON.stringify(
          (
            await all<{ row: string }>(
              connection,
              `SELECT to_json(t)::VARCHAR AS row FROM read_parquet(${literal(path)}) t`,
            )
          ).map(({ row }) => row),
        )
      : readFileSync(path, 'latin1')
    found.set(path.slice(folder.length), text)
  }
  connection.closeSync()
  return found
}

/** Pieces of the key or of its base64 that are long enough to be told from chance. */
const pieces = [
  KEY,
  Buffer.from(KEY).toString('base64'),
  Buffer.from(`user:${KEY}`).toString('base64').slice(7),
].flatMap((text) => Array.from({ length: text.length - 6 }, (_, at) => text.slice(at, at + 7)))
const shows = (text: string): string | undefined => {
  const plain = text.replaceAll(/\\+n|\s|\\+(?=["\\/])/g, '')
  return pieces.map((piece) => piece.replaceAll('\\', '')).find((piece) => plain.replaceAll('\\', '').includes(piece))
}

describe('a key', () => {
  test('that a server says back in its answers is in no file of the run and not on the terminal', async () => {
    const folder = prepare({ base_url: server.url, api_key_env: 'OUR_KEY' })
    const { code, stdout, stderr } = await runCli(['run', '-c', 'config.yaml', '--to', 'filter'], {
      cwd: folder,
      env: { OUR_KEY: KEY },
    })
    expect(stderr).toMatch(/filter +1 rows/)
    expect(code).toBe(0)
    const written = await writtenBelow(join(folder, 'run'))
    const trajectories = [...written].filter(([path]) => path.includes('/trajectories/')).map(([, text]) => text)
    expect(trajectories.join().match(/\[key\]/g)?.length).toBeGreaterThan(15)
    for (const [path, text] of [...written, ['the terminal', stdout + stderr] as const])
      expect(shows(text), path).toBeUndefined()
    expect(shows(echoes())).toBeDefined()
  })

  test('that is refused is not in the error', async () => {
    const folder = prepare({ base_url: server.url, api_key_env: 'OUR_KEY' })
    const wrong = { OUR_KEY: `${KEY}-wrong` }
    const { code, stderr } = await runCli(['run', '-c', 'config.yaml', '--to', 'filter'], { cwd: folder, env: wrong })
    expect(stderr).toMatch(/expected a request that is let in; found 401 Incorrect API key provided: .*\[key\]/)
    expect(shows(stderr)).toBeUndefined()
    expect(code).toBe(1)
  })

  test('inside base_url is refused, and the error names the key of the configuration that does it right', async () => {
    const folder = prepare({ base_url: 'http://me:s3cret-word@localhost:1/v1' })
    const { code, stderr } = await runCli(['run', '-c', 'config.yaml'], { cwd: folder })
    expect(stderr).toMatch(
      /line \d+, llm\.agent\.endpoints\.0\.base_url: expected an address without user.*api_key_env/,
    )
    expect(stderr).not.toMatch(/s3cret/)
    expect(code).toBe(1)
    expect(readdirSync(folder)).not.toContain('run')
  })

  test('in a parameter of base_url is sent, and written nowhere', async () => {
    const folder = prepare({
      base_url: `${server.url}?api-version=7&subscription-key=0ur-s3cret`,
      api_key_env: 'OUR_KEY',
    })
    const { code, stderr } = await runCli(['run', '-c', 'config.yaml', '--to', 'generate'], {
      cwd: folder,
      env: { OUR_KEY: KEY },
    })
    expect(stderr).toMatch(/generate +1 rows/)
    expect(code).toBe(0)
    const written = await writtenBelow(join(folder, 'run'))
    for (const [path, text] of written) expect(text.includes('s3cret'), path).toBe(false)
    expect(written.get('/config.yaml')).toContain('?api-version=7&subscription-key=[key]')
  })

  test('among the fields of a request is refused without showing it', async () => {
    const folder = prepare(
      { base_url: server.url },
      { generate: { agent: 'tools', policy: { extra: { api_key: 's3cret' } } } },
    )
    const { code, stderr } = await runCli(['run', '-c', 'config.yaml'], { cwd: folder })
    expect(stderr).toMatch(/generate\.policy\.extra\.api_key: expected no secret in a configuration/)
    expect(stderr).not.toMatch(/s3cret/)
    expect(code).toBe(1)
  })
})
