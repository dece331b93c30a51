// A run that version 0.1 wrote, before stages declared what they read: an agent and judges over a fake model server, a
// synthetic corpus, all stages done. Its server is gone: whoever asks a model again fails.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { hashFile } from '../../pipeline/fingerprint.ts'
import { runCli } from '../helpers/cli.ts'
import { tempFolders } from '../helpers/temp.ts'

const temp = tempFolders()
const folder = temp()
const fixture = fileURLToPath(new URL('../fixtures/run-0.1.tar.gz', import.meta.url))
beforeAll(() => void execFileSync('tar', ['xzf', fixture, '-C', folder]))

const lrat = (...args: string[]) => runCli(args, { cwd: folder, env: { K: 'k' } })
const hashes = (stage: string): string[] =>
  readdirSync(join(folder, 'run', stage), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet'))
    .map((entry) => hashFile(join(entry.parentPath, entry.name)))

test('is shown, exported, and known to be up to date where it is', async () => {
  const status = await lrat('status', '-c', 'config.yaml')
  expect(status.stderr).toContain("'train.device' is called 'device' now")
  for (const stage of ['ingest', 'index', 'generate', 'filter'])
    expect(status.stdout).toMatch(new RegExp(`^${stage} +up to date`, 'm'))
  const show = await lrat('show', 'run', 'verdicts', '--json', '--limit', '20')
  expect(show.stdout.trim().split('\n')).toHaveLength(12)
  const exported = await lrat('export-trajectories', 'run', '--out', 'out')
  expect([exported.code, exported.stderr]).toEqual([0, expect.stringContaining('12 files in out')])
})

test('goes on without asking a model again', { timeout: 60_000 }, async () => {
  const before = ['generate', 'filter'].map(hashes)
  const { code, stderr } = await lrat('run', '-c', 'config.yaml')
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^generate +up to date$/m)])
  expect(stderr).toMatch(/^filter +up to date$/m)
  expect(['generate', 'filter'].map(hashes)).toEqual(before)
  expect((await lrat('status', '-c', 'config.yaml')).stdout).not.toMatch(/stale|missing|partial/)
})

test('is not paid for anew by a change, unless the stage is named', async () => {
  const { code, stderr } = await lrat('run', '-c', 'config.yaml', '--set', 'generate.k=4')
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /stage generate in run: expected to keep what was paid for; .*changed: k.*--regenerate generate/,
  )
  expect(hashes('generate')).toHaveLength(1)
})
