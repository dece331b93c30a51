// `lrat train` killed at several steps ends with the bytes of one that was never killed.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readManifest, readProgress } from '../../pipeline/manifest.ts'
import { runCli, startCli } from '../helpers/cli.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'
import { bareFolder, tinyBert } from '../model/tiny.ts'
import { rows } from '../stages/train/helpers.ts'

const cwd = tempFolders()()
const at = (...names: string[]): string => join(cwd, ...names)

/** SHA-256 of what must not depend on how often training was killed. */
const contents = (run: string): Record<string, string> => {
  const manifest = readManifest(at(run, 'train'))
  expect(manifest).toBeDefined()
  const { tables = {}, files = [], counts = {} } = manifest ?? {}
  const parts = [...Object.values(tables).flat(), ...files].filter(({ file }) => !file.includes('timings'))
  return { ...Object.fromEntries(parts.map(({ file, sha256 }) => [file, sha256])), counts: JSON.stringify(counts) }
}

test('with SIGKILL at several steps, a transformer ends with the same bytes and the same best step', async () => {
  const train = {
    data: 'rows.jsonl',
    model: await bareFolder(tinyBert),
    random_start: true,
    epochs: 4,
    batch_size: 4,
    group_size: 3,
    micro_batch_tokens: 128,
    temperature: 0.1,
    learning_rate: 0.05,
    checkpoint_every: 3,
    dev: { share: 0.25, every: 2, negatives: 4 },
  }
  writeFiles(cwd, {
    'rows.jsonl': jsonl(rows(32)),
    'never.yaml': { run: 'never', train },
    'often.yaml': { run: 'often', train },
  })
  const never = await runCli(['train', '-c', 'never.yaml'], { cwd })
  expect([never.code, never.stderr]).toEqual([0, expect.stringMatching(/lrat-1: 24 steps/)])
  const expected = contents('never')
  expect(Object.keys(expected)).toEqual(
    expect.arrayContaining(['development/part-00000.parquet', 'lrat-1/model/model.safetensors']),
  )
  const report = JSON.parse(readFileSync(at('never/report.json'), 'utf8')) as { training: unknown }
  expect(report.training).toMatchObject([{ model: 'lrat-1', steps: 24, development: { rows: 8, metric: 'mrr@10' } }])

  const args = ['train', '-c', 'often.yaml']
  const killedAt: number[] = []
  for (const step of [2, 7, 15, 22]) {
    const { child, result } = startCli(args, { cwd })
    const doneSteps = (): number => readProgress(at('often/train'))?.done ?? 0
    while (doneSteps() < step && child.exitCode === null) await sleep(3)
    child.kill('SIGKILL')
    if ((await result).code === null) killedAt.push(doneSteps())
  }
  expect(killedAt.length).toBeGreaterThanOrEqual(3)
  const { code, stderr } = await runCli(args, { cwd })
  expect([code, stderr]).toEqual([0, expect.stringMatching(/going on after step \d+/)])
  expect(existsSync(at('often/train/lrat-1/work'))).toBe(false)
  expect(contents('often')).toEqual(expected)
})
