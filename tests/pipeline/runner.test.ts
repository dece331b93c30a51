// The runner: what is up to date is skipped, what changed is redone, what was begun goes on.
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { Interrupted } from '../../core/errors.ts'
import { hashFile } from '../../pipeline/fingerprint.ts'
import type { Manifest } from '../../pipeline/manifest.ts'
import { listParts, partPath } from '../../pipeline/parts.ts'
import { plan } from '../../pipeline/expected.ts'
import { statusOf } from '../../pipeline/status.ts'
import { tempFolders } from '../helpers/temp.ts'
import {
  doubles,
  fakeStages,
  newWork,
  numbers,
  readNumbers,
  runFake,
  silent,
  sums,
  type FakeConfig,
} from './fake-stages.ts'

const temp = tempFolders()

const world = (changes: Partial<FakeConfig> = {}): { run: string; config: FakeConfig } => {
  const folder = temp()
  writeFileSync(join(folder, 'file'), '1')
  const base = { file: join(folder, 'file'), shards: 3, factor: 2, add: 0, aside: 'a', withAside: false }
  return { run: join(folder, 'run'), config: { ...base, ...changes } }
}

const ALL = ['numbers', 'doubles', 'sums']
const sumsOf = (run: string): Promise<number[]> => readNumbers(listParts(join(run, 'sums'), sums))

const bytesOf = (run: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(run, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(run.length), hashFile(path)]),
  )

const statesOf = (run: string, config: FakeConfig): Record<string, string> =>
  Object.fromEntries(
    statusOf(run, config, fakeStages(newWork())).map(({ stage, state, detail }) => [
      stage,
      detail === '' ? state : `${state}: ${detail}`,
    ]),
  )

const failureOf = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected an error')
}

describe('what is run', () => {
  test('everything at first, in order; nothing the second time', async () => {
    const { run, config } = world()
    expect((await runFake(run, config)).began).toEqual(ALL)
    expect(await sumsOf(run)).toEqual([204, 208, 212])
    expect((await runFake(run, config)).began).toEqual([])
  })

  test('nothing of a run that was killed between a manifest and the removal of its mark, which goes', async () => {
    const { run, config } = world()
    await runFake(run, config)
    const mark = join(run, 'sums/progress.json')
    writeFileSync(mark, '{}')
    expect((await runFake(run, config)).began).toEqual([])
    expect(existsSync(mark)).toBe(false)
  })

  test('only what the wanted stage needs', async () => {
    const { run, config } = world()
    expect((await runFake(run, config, { to: 'doubles' })).began).toEqual(['numbers', 'doubles'])
    expect((await runFake(run, { ...config, withAside: true })).began).toEqual(['aside', 'sums'])
    expect(plan(fakeStages(newWork()), config, 'aside').map((stage) => stage.name)).toEqual(['aside'])
  })

  test('of a changed parameter, its stage and what depends on it', async () => {
    const { run, config } = world()
    await runFake(run, config)
    expect((await runFake(run, { ...config, factor: 3 })).began).toEqual(['doubles', 'sums'])
    expect(await sumsOf(run)).toEqual([306, 312, 318])
    expect((await runFake(run, { ...config, factor: 3, add: 1 })).began).toEqual(['sums'])
    expect((await runFake(run, { ...config, factor: 3, add: 1, aside: 'other' })).began).toEqual([])
    expect((await runFake(run, { ...config, factor: 3, add: 1, shards: 2 })).began).toEqual(ALL)
    expect(await sumsOf(run)).toHaveLength(2)
  })

  test('nothing that depends on a stage that does not change', async () => {
    const { run, config } = world()
    await runFake(run, config)
    await runFake(run, { ...config, factor: 3 }, { to: 'doubles' })
    expect((await runFake(run, config, { to: 'doubles' })).began).toEqual(['doubles'])
    expect((await runFake(run, config)).began).toEqual([])
  })

  test('with --from, that stage and what depends on it, to the same bytes', async () => {
    const { run, config } = world()
    await runFake(run, config)
    const before = bytesOf(run)
    expect((await runFake(run, config, { from: 'doubles' })).began).toEqual(['doubles', 'sums'])
    expect((await runFake(run, config, { from: 'doubles', to: 'doubles' })).began).toEqual(['doubles'])
    expect((await runFake(run, config)).began).toEqual([])
    expect(bytesOf(run)).toEqual(before)
  })

  test('nothing, with a clear error, for names that are no stages', async () => {
    const { run, config } = world()
    await expect(runFake(run, config, { to: 'summs' })).rejects.toThrow(
      /Did you mean 'sums'\?.*numbers, aside, doubles, sums/s,
    )
    await expect(runFake(run, config, { from: 'nothing' })).rejects.toThrow(/expected .*numbers, aside, doubles, sums/s)
    await expect(runFake(run, config, { from: 'sums', to: 'numbers' })).rejects.toThrow(/--from sums/)
  })

  test('of an outside file: nothing when it was touched, everything when it says something else', async () => {
    const { run, config } = world()
    await runFake(run, config)
    writeFileSync(config.file, '1')
    expect((await runFake(run, config)).began).toEqual([])
    writeFileSync(config.file, '2')
    expect(statesOf(run, config).numbers).toBe(`stale: other content in ${config.file}`)
    expect((await runFake(run, config)).began).toEqual(ALL)
    expect(await sumsOf(run)).toEqual([208, 212, 216])
  })

  test("a stage's new code version redoes it", async () => {
    const { run, config } = world()
    await runFake(run, config)
    const work = newWork()
    const stages = fakeStages(work).map((stage) => (stage.name === 'doubles' ? { ...stage, version: 2 } : stage))
    const status = statusOf(run, config, stages).map(({ state, detail }) => `${state}: ${detail}`)
    expect(status).toEqual(['up to date: ', "stale: the stage's code changed", 'stale: depends on doubles'])
    await runFake(run, config, { stages })
    expect(work.began).toEqual(['doubles', 'sums'])
  })
})

describe('a stage that stopped in the middle', () => {
  const stopAt = (stage: string, shard: number, stop: () => void) => (name: string, index: number) => {
    if (name === stage && index === shard) stop()
  }

  test('after an error keeps its finished shards, and the next run does the others, to the same bytes', async () => {
    const [whole, broken] = [world(), world()]
    await runFake(whole.run, whole.config)
    const fail = stopAt('doubles', 2, () => {
      throw new Error('shard 2 is bad')
    })
    await expect(runFake(broken.run, broken.config, { onShard: fail })).rejects.toThrow('shard 2 is bad')
    expect(listParts(join(broken.run, 'doubles'), doubles)).toHaveLength(2)
    expect(statesOf(broken.run, broken.config)).toEqual({
      numbers: 'up to date',
      doubles: 'partial: 2 of 3 shards',
      sums: 'missing',
    })
    const next = await runFake(broken.run, broken.config)
    expect(next.filled).toEqual(['doubles:2', 'sums:0', 'sums:1', 'sums:2'])
    expect(bytesOf(broken.run)).toEqual(bytesOf(whole.run))
  })

  test('after an interrupt likewise', async () => {
    const { run, config } = world()
    const controller = new AbortController()
    const onShard = stopAt('doubles', 1, () => controller.abort())
    await expect(runFake(run, config, { onShard, signal: controller.signal })).rejects.toThrow(Interrupted)
    expect((await runFake(run, config)).filled).toEqual(['doubles:2', 'sums:0', 'sums:1', 'sums:2'])
  })

  test('an error that follows from the interrupt shows as the interrupt', async () => {
    const { run, config } = world()
    const controller = new AbortController()
    const onShard = stopAt('numbers', 0, () => {
      controller.abort()
      throw new Error('connection aborted')
    })
    await expect(runFake(run, config, { onShard, signal: controller.signal })).rejects.toThrow(Interrupted)
  })

  test('is begun anew when its parameters changed meanwhile', async () => {
    const { run, config } = world()
    const fail = stopAt('doubles', 2, () => {
      throw new Error('no')
    })
    await runFake(run, config, { onShard: fail }).catch(() => undefined)
    const changed = { ...config, factor: 5 }
    expect(statesOf(run, changed).doubles).toBe('stale: begun with other parameters or inputs')
    expect((await runFake(run, changed, { to: 'doubles' })).filled).toEqual(['doubles:0', 'doubles:1', 'doubles:2'])
  })

  test('an interrupt before anything begins changes nothing', async () => {
    const { run, config } = world()
    await runFake(run, config)
    const before = bytesOf(run)
    const signal = AbortSignal.abort()
    await expect(runFake(run, { ...config, factor: 9 }, { signal })).rejects.toThrow(Interrupted)
    expect(bytesOf(run)).toEqual(before)
  })

  test('leaves no scratch behind', async () => {
    const { run, config } = world()
    const fail = stopAt('doubles', 1, () => {
      throw new Error('no')
    })
    await runFake(run, config, { onShard: fail }).catch(() => undefined)
    expect(readdirSync(join(run, 'doubles')).sort()).toEqual(['doubles', 'progress.json'])
  })

  test('a full disk becomes an error that says what to do', async () => {
    const { run, config } = world()
    const onShard = stopAt('doubles', 1, () => {
      throw Object.assign(new Error('write'), { code: 'ENOSPC' })
    })
    await expect(runFake(run, config, { onShard })).rejects.toThrow(/a full disk\. What is complete is kept: free some/)
  })
})

describe('a complete result', () => {
  const kept = (run: string): string => join(run, 'previous')
  const failing = {
    onShard: (stage: string, shard: number): void => {
      if (stage === 'doubles' && shard === 1) throw new Error('bad row')
    },
  }

  test('is kept aside while another is made, whole, and dropped when that one is complete', async () => {
    const { run, config } = world()
    await runFake(run, config)
    const before = bytesOf(join(run, 'doubles'))
    const changed = { ...config, factor: 3 }
    await expect(runFake(run, changed, failing)).rejects.toThrow('bad row')
    expect(bytesOf(join(kept(run), 'doubles'))).toEqual(before)
    expect(await sumsOf(run)).toEqual([204, 208, 212])
    expect((await runFake(run, changed)).filled).toEqual(['doubles:1', 'doubles:2', 'sums:0', 'sums:1', 'sums:2'])
    expect(existsSync(kept(run))).toBe(false)
  })

  test('comes back, without work, when the change is taken back', async () => {
    const { run, config } = world()
    await runFake(run, config)
    const before = bytesOf(run)
    await expect(runFake(run, { ...config, factor: 3 }, failing)).rejects.toThrow('bad row')
    await expect(runFake(run, { ...config, factor: 4 }, failing)).rejects.toThrow('bad row')
    expect(statesOf(run, config).doubles).toMatch(/^stale: .* is kept and comes back/)
    expect((await runFake(run, config)).began).toEqual([])
    expect(bytesOf(run)).toEqual(before)
    expect(existsSync(kept(run))).toBe(false)
  })

  test('is not kept of a stage that --from redoes', async () => {
    const { run, config } = world()
    await runFake(run, config)
    await expect(runFake(run, config, { ...failing, from: 'doubles' })).rejects.toThrow('bad row')
    expect(existsSync(kept(run))).toBe(false)
    expect((await runFake(run, config)).began).toEqual(['doubles', 'sums'])
  })
})

describe('a part that is no longer what was written', () => {
  // What this process wrote itself is trusted: a new process is what these are about.
  const runAnew = async (run: string, config: FakeConfig): Promise<Error> => {
    vi.resetModules()
    const { runStages } = await import('../../pipeline/runner.ts')
    const signal = new AbortController().signal
    const stages = fakeStages(newWork())
    return failureOf(runStages({ run, config, stages, progress: silent, signal }))
  }

  const damages: Record<string, [(path: string) => void, RegExp]> = {
    'cut short': [(path) => truncateSync(path, 50), /found 50 bytes/],
    altered: [
      (path) => {
        const bytes = readFileSync(path)
        bytes[bytes.length >> 1] ^= 1
        writeFileSync(path, bytes)
      },
      /found other content \(its SHA-256 differs\)/,
    ],
    gone: [(path) => rmSync(path), /found no such file/],
  }
  for (const [name, [damage, found]] of Object.entries(damages))
    test(`${name}: the next stage names it and says what to do`, async () => {
      const { run, config } = world()
      await runFake(run, config)
      const path = partPath(join(run, 'numbers'), numbers, 1)
      damage(path)
      const error = await runAnew(run, { ...config, factor: 7 })
      expect(error.name).toBe('UserError')
      expect(error.message).toContain(path)
      expect(error.message).toMatch(found)
      expect(error.message).toContain('--from numbers')
      expect(listParts(join(run, 'doubles'), doubles)).toHaveLength(3)
      expect((await runFake(run, { ...config, factor: 7 }, { from: 'numbers' })).began).toEqual(ALL)
    })
})

describe('status', () => {
  test('before, between and after', async () => {
    const { run, config } = world()
    expect(statesOf(run, config)).toEqual({ numbers: 'missing', doubles: 'missing', sums: 'missing' })
    expect(existsSync(run)).toBe(false)
    await runFake(run, config, { to: 'numbers' })
    expect(statesOf(run, config)).toEqual({ numbers: 'up to date', doubles: 'missing', sums: 'missing' })
    await runFake(run, config)
    expect(statesOf(run, { ...config, factor: 4 })).toEqual({
      numbers: 'up to date',
      doubles: 'stale: changed: times.factor',
      sums: 'stale: depends on doubles',
    })
    const [first] = statusOf(run, config, fakeStages(newWork()))
    expect(first).toMatchObject({ rows: 6 })
    expect(first.bytes).toBeGreaterThan(100)
    expect(first.seconds).toBeGreaterThanOrEqual(0)
  })

  test('a broken manifest is named', async () => {
    const { run, config } = world()
    await runFake(run, config, { to: 'numbers' })
    writeFileSync(join(run, 'numbers', 'manifest.json'), '{')
    expect(() => statesOf(run, config)).toThrow(
      /manifest\.json: expected the manifest of a stage; found text that is no JSON.*delete it/,
    )
  })
})

test('the manifest says what was read, how it was set, and what was written', async () => {
  const { run, config } = world()
  await runFake(run, config)
  const read = (stage: string): Manifest =>
    JSON.parse(readFileSync(join(run, stage, 'manifest.json'), 'utf8')) as Manifest
  const [first, second] = [read('numbers'), read('doubles')]
  expect(first).toMatchObject({
    stage: 'numbers',
    stageVersion: 1,
    parameters: { count: 3 },
    inputs: {},
    outside: [{ path: config.file, bytes: 1, sha256: hashFile(config.file) }],
    counts: { shards: 3 },
    warnings: [],
    files: [],
  })
  expect(second.inputs).toEqual({ numbers: first.fingerprint })
  expect(Object.keys(first.versions)).toEqual(expect.arrayContaining(['lrat', 'node']))
  expect(first.tables.numbers.map(({ file, rows, sha256 }) => ({ file, rows, sha256 }))).toEqual(
    [0, 1, 2].map((shard) => ({
      file: `numbers/part-0000${shard}.parquet`,
      rows: 2,
      sha256: hashFile(partPath(join(run, 'numbers'), numbers, shard)),
    })),
  )
  expect(readdirSync(join(run, 'numbers')).sort()).toEqual(['manifest.json', 'numbers'])
})
