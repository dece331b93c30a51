// SIGINT and SIGTERM in the midst of a training step: a process of its own stops between two micro-batches.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { hashFile } from '../../pipeline/fingerprint.ts'
import { runCli, startCli } from '../helpers/cli.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'
import { bareFolder, tinyBert } from '../model/tiny.ts'
import { rows } from '../stages/train/helpers.ts'

const cwd = tempFolders()()
const at = (...names: string[]): string => join(cwd, ...names)
let model = ''
beforeAll(async () => {
  model = await bareFolder(tinyBert)
})

/** Steps of some twenty micro-batches and more; no checkpoint but the one that an interruption makes. */
const prepared = (run: string): string[] => {
  const train = {
    ...{ data: `${run}.jsonl`, model, random_start: true, learning_rate: 0.01, temperature: 0.1 },
    ...{ epochs: 2, batch_size: 8, group_size: 4, micro_batch_tokens: 24, checkpoint_every: 1000 },
  }
  writeFiles(cwd, { [`${run}.jsonl`]: jsonl(rows(24)), [`${run}.yaml`]: { run, train } })
  return ['train', '-c', `${run}.yaml`]
}

/**
 * Code for the process to load first: in the fifth run of a graph after two steps it sends itself the signal, and then
 * goes on or hangs. It writes down how many runs were begun since.
 */
const signalling = (run: string, signal: string, then: 'goes on' | 'hangs'): Record<string, string> => {
  const path = at(`${run}.mjs`)
  writeFileSync(
    path,
    `import { readFileSync, writeFileSync } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import ort from ${JSON.stringify(import.meta.resolve('onnxruntime-node'))}
const steps = () => {
  try {
    return JSON.parse(readFileSync(${JSON.stringify(at(run, 'train/progress.json'))}, 'utf8')).done
  } catch {
    return 0
  }
}
const { create } = ort.InferenceSession
let runs = 0
ort.InferenceSession.create = async (...given) => {
  const session = await create.apply(ort.InferenceSession, given)
  const work = session.run.bind(session)
  session.run = async (...feeds) => {
    if (runs > 0 || steps() >= 2) {
      runs += 1
      writeFileSync(${JSON.stringify(at(`${run}.runs`))}, String(Math.max(0, runs - 5)))
    }
    if (runs === 5) {
      process.kill(process.pid, ${JSON.stringify(signal)})
      await setImmediate()
      ${then === 'hangs' ? 'for (;;) await setTimeout(1000)' : ''}
    }
    return work(...feeds)
  }
  return session
}
`,
  )
  return { NODE_OPTIONS: `--import=${path}` }
}

const checkpoints = (run: string): string[] => readdirSync(at(run, 'train/lrat-1/work/checkpoints'))
const weights = (run: string): string => hashFile(at(run, 'train/lrat-1/model/model.safetensors'))

test.each(['SIGINT', 'SIGTERM'])('%s stops within a step and keeps the last completed one', async (signal) => {
  const run = `within-${signal}`
  const args = prepared(run)
  const { code, stderr } = await runCli(args, { cwd, env: signalling(run, signal, 'goes on') })
  expect([code, stderr]).toEqual([130, expect.stringMatching(/stopping at the next safe point[^]*interrupted/)])
  // The run of the graph that was under way was the last one.
  expect(readFileSync(at(`${run}.runs`), 'utf8')).toBe('0')
  expect(checkpoints(run)).toEqual(['step-000000002.safetensors'])

  const [resumed, whole] = await Promise.all([runCli(args, { cwd }), runCli(prepared(`${run}-not`), { cwd })])
  expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('going on after step 2')])
  expect(whole.code).toBe(0)
  expect(weights(run)).toBe(weights(`${run}-not`))
})

test('a second SIGINT ends a process that hangs', async () => {
  const run = 'twice'
  const { child, result, waitFor } = startCli(prepared(run), { cwd, env: signalling(run, 'SIGINT', 'hangs') })
  await waitFor('once more to stop at once')
  child.kill('SIGINT')
  await result
  expect([child.signalCode, child.exitCode]).toEqual(['SIGINT', null])
  expect(existsSync(at(run, 'train/manifest.json'))).toBe(false)
})
