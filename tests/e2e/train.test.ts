// `lrat train -c FILE` as its users meet it: odd and bad input, devices that fail.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { all, parquet, writer } from '../../core/database.ts'
import { hashFile } from '../../pipeline/fingerprint.ts'
import type { Manifest } from '../../pipeline/manifest.ts'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'
import { bareFolder, tinyBert } from '../model/tiny.ts'
import { rows } from '../stages/train/helpers.ts'

const cwd = tempFolders()()
let bert = ''
beforeAll(async () => {
  bert = await bareFolder(tinyBert)
})

interface Setting {
  readonly data?: readonly object[]
  readonly train?: object
  readonly env?: Readonly<Record<string, string>>
}

const SMALL = { epochs: 2, batch_size: 4, group_size: 3, checkpoint_every: 1, temperature: 0.1 }
const STATIC = { ...SMALL, dimensions: 8, vocabulary: 200, learning_rate: 0.01 }
const scratch = () => ({ ...SMALL, model: bert, random_start: true, learning_rate: 0.01, micro_batch_tokens: 128 })

/** Writes rows and a config for a run, and gives the command's arguments. */
const prepared = (run: string, { data = rows(12), train = STATIC }: Setting): string[] => {
  writeFiles(cwd, {
    [`${run}.jsonl`]: jsonl(data),
    [`${run}.yaml`]: { run, train: { data: `${run}.jsonl`, ...train } },
  })
  return ['train', '-c', `${run}.yaml`]
}
const train = (run: string, setting: Setting): Promise<CliResult> =>
  runCli(prepared(run, setting), { cwd, ...(setting.env && { env: setting.env }) })

/** Expects a failure in words meant for people, and gives them. */
const failing = async (run: string, setting: Setting): Promise<string> => {
  const { code, stderr } = await train(run, setting)
  expect(stderr).toContain('error: ')
  expect(stderr, 'no stack trace').not.toMatch(/^ {4}at /m)
  expect(code).toBe(1)
  return stderr.slice(stderr.indexOf('error: '))
}
const succeeding = async (run: string, setting: Setting): Promise<string> => {
  const { code, stderr } = await train(run, setting)
  expect([code, stderr]).toEqual([0, expect.stringMatching(/lrat-1: \d+ steps, loss \d+\.\d{3} -> \d+\.\d{3}/)])
  return stderr
}
const at = (...names: string[]): string => join(cwd, ...names)
const manifestOf = (run: string): Manifest =>
  JSON.parse(readFileSync(at(run, 'train/manifest.json'), 'utf8')) as Manifest
const checkpointsOf = (run: string): string[] => readdirSync(at(run, 'train/lrat-1/work/checkpoints')).toSorted()
const stepFile = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`
const losses = async (run: string): Promise<number[]> => {
  const path = at(run, 'train/training/part-00000.parquet')
  const found = await all<{ loss: number }>(await writer(), `SELECT loss FROM ${parquet(path)}`)
  return found.map(({ loss }) => loss)
}

describe('rows', () => {
  test('none at all, or none to train on', async () => {
    const [row] = rows(1)
    const [empty, dropped] = await Promise.all([
      failing('empty', { data: [] }),
      failing('dropped', {
        data: [
          { ...row, satisfied: false },
          { ...row, neg: [] },
        ],
      }),
    ])
    expect(empty).toMatch(/empty\.jsonl: expected at least one row to train on; found none of 0/)
    expect(dropped).toMatch(/none of 2: 1 unsatisfied, .* 1 without a negative\. .*train\.keep/)
    await succeeding('dropped', {
      data: [
        { ...row, satisfied: false },
        { ...row, neg: [] },
      ],
      train: { ...STATIC, keep: ['unsatisfied', 'no_negative'] },
    })
    expect(manifestOf('dropped').counts).toMatchObject({ pairs: 2, trained_on: 2 })
  })

  test('whose texts are all equal teach nothing, and break nothing', async () => {
    const data = Array.from({ length: 6 }, () => ({ query: 'same', pos: ['same'], neg: ['same', 'same'] }))
    await Promise.all([succeeding('equal', { data }), succeeding('equal-bert', { data, train: scratch() })])
    // The only document is the positive: it never counts as its own negative.
    for (const run of ['equal', 'equal-bert']) for (const loss of await losses(run)) expect(loss).toBeCloseTo(0, 6)
  })

  test('with empty, one-token and 10,000-token texts, fewer than a batch', async () => {
    const long = Array.from({ length: 10_000 }, (_, i) => `w${i % 97}`).join(' ')
    const data = [
      { query: 'a', pos: ['b'], neg: ['', long] },
      { query: long, pos: ['c'], neg: ['a', 'b', long] },
      { query: 'd', pos: [''], neg: ['e'] },
      { query: '', pos: ['x'], neg: ['y'] },
    ]
    const large = { batch_size: 64, keep: ['empty_query'] }
    const [, said] = await Promise.all([
      succeeding('odd', { data, train: { ...STATIC, ...large } }),
      succeeding('odd-bert', { data, train: { ...scratch(), ...large } }),
    ])
    expect(said).toMatch(/texts are cut to 24 tokens, the most that the model takes/)
    expect(said).toMatch(/4 rows, 2 steps on cpu/)
    for (const run of ['odd', 'odd-bert']) {
      expect(await losses(run)).toHaveLength(2)
      expect((await losses(run)).every(Number.isFinite)).toBe(true)
    }
  })

  test('with a weight beyond all bounds: training stops, the last good checkpoint stays', async () => {
    const data = rows(12).map((row, i) => (i === 5 ? { ...row, reweight_rate: 1e39 } : row))
    const one = { batch_size: 1, group_size: 3 }
    const errors = await Promise.all([
      failing('huge', { data, train: { ...STATIC, ...one } }),
      failing('huge-bert', { data, train: { ...scratch(), ...one } }),
    ])
    for (const [i, run] of ['huge', 'huge-bert'].entries()) {
      const [, step] = /training step (\d+): expected a finite loss.*train\.learning_rate/.exec(errors[i]) ?? []
      expect(Number(step)).toBeGreaterThan(2)
      expect(errors[i]).toContain(`the checkpoint of step ${Number(step) - 1} is kept`)
      expect(checkpointsOf(run)).toEqual([stepFile(Number(step) - 2), stepFile(Number(step) - 1)])
    }
  })
})

describe('what training starts from', () => {
  test('a vocabulary that does not match the model', async () => {
    const wide = at('wide')
    cpSync(bert, wide, { recursive: true })
    writeFileSync(join(wide, 'vocab.txt'), `${readFileSync(join(bert, 'vocab.txt'), 'utf8')}surplus\n`)
    const error = await failing('vocabulary', { train: { ...scratch(), model: 'wide' } })
    expect(error).toMatch(/wide.*a tokenizer of at most \d+ tokens, as config\.json says; found one of \d+/)
  })

  test('a checkpoint from another config', async () => {
    const data = rows(12).map((row, i) => (i === 5 ? { ...row, reweight_rate: 1e39 } : row))
    const one = { ...STATIC, batch_size: 1 }
    await Promise.all([
      failing('here', { data, train: one }),
      failing('there', { data, train: { ...one, seeds: [1], warmup: 0.5 } }),
    ])
    rmSync(at('here/train/lrat-1/work/checkpoints'), { recursive: true })
    cpSync(at('there/train/lrat-1/work/checkpoints'), at('here/train/lrat-1/work/checkpoints'), { recursive: true })
    const { code, stderr } = await runCli(['train', '-c', 'here.yaml'], { cwd })
    expect(code).toBe(1)
    expect(stderr).toMatch(/step-\d+\.safetensors: expected a checkpoint of this data and config; found one of another/)
  })

  test('device auto says which device it took', async () => {
    const said = await succeeding('auto', { train: { ...scratch(), device: 'auto' } })
    expect(said).toMatch(/12 rows, 6 steps on (cpu|webgpu|cuda)/)
    expect(said).toContain("note: auto.yaml: 'train.device' is called 'device' now; it was read as such")
  })
})

/** Makes every run of ONNX Runtime fail once a file exists. */
const failingOnce = (exists: string, message: string): Readonly<Record<string, string>> => {
  const path = at(`${message.replaceAll(/\W/g, '-')}.mjs`)
  writeFileSync(
    path,
    `import { existsSync } from 'node:fs'
import ort from ${JSON.stringify(import.meta.resolve('onnxruntime-node'))}
const { create } = ort.InferenceSession
ort.InferenceSession.create = async (...given) => {
  const session = await create.apply(ort.InferenceSession, given)
  const run = session.run.bind(session)
  session.run = async (...feeds) => {
    if (existsSync(${JSON.stringify(exists)})) throw new Error(${JSON.stringify(message)})
    return run(...feeds)
  }
  return session
}
`,
  )
  return { NODE_OPTIONS: `--import=${path}`, ORT_DISABLE_TELEMETRY: '1' }
}

test('a device that is lost midway, or full: what to do, and it goes on from there', async () => {
  const setting = { train: scratch() }
  const third = (run: string): string => at(run, 'train/lrat-1/work/checkpoints', stepFile(3))
  const full = 'Failed to allocate memory for requested buffer of size 805306368'
  const [lostError, fullError, said] = await Promise.all([
    failing('lost', { ...setting, env: failingOnce(third('lost'), 'WebGPU device is lost') }),
    failing('full', { ...setting, env: failingOnce(third('full'), full) }),
    succeeding('spared', setting),
  ])
  expect(said).toMatch('12 rows, 6 steps on cpu')
  expect(lostError).toMatch(/expected a device that stays.*Run the same command again.*last checkpoint/)
  expect(fullError).toMatch(/expected enough memory.*train\.micro_batch_tokens/)
  for (const run of ['lost', 'full']) expect(checkpointsOf(run)).toEqual([stepFile(2), stepFile(3)])
  const [again, smaller] = await Promise.all([
    runCli(['train', '-c', 'lost.yaml'], { cwd }),
    runCli(['train', '-c', 'full.yaml', '--set', 'train.micro_batch_tokens=64'], { cwd }),
  ])
  for (const { code, stderr } of [again, smaller])
    expect([code, stderr]).toEqual([0, expect.stringMatching('going on after step 3')])
  const model = 'train/lrat-1/model/model.safetensors'
  expect(hashFile(at('lost', model))).toBe(hashFile(at('spared', model)))
})
