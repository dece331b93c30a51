// What reaches the parameters: schedule, clipping, decay and its exemptions.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readSafeTensors } from '../../../model/files/safetensors.ts'
import { openModel } from '../../../model/folder.ts'
import { ADAMW, scheduled } from '../../../model/training/optimizer.ts'
import { Interrupted } from '../../../core/errors.ts'
import type { ModelConfig } from '../../../stages/train/config.ts'
import { bareFolder, tinyBert } from '../../model/tiny.ts'
import { rows, small, stepsOf, temporaryFolder, trainModel, writeRows } from './helpers.ts'

it('rises to the peak over the warm-up, then stays, falls in a line, or as a cosine', () => {
  const course = (schedule: 'linear' | 'cosine' | 'constant', steps = 20, warmup = 0.2): number[] =>
    Array.from({ length: steps }, (_, step) => scheduled(schedule, step, steps, warmup))
  for (const schedule of ['linear', 'cosine', 'constant'] as const)
    expect(course(schedule).slice(0, 5)).toEqual([0, 0.25, 0.5, 0.75, 1])
  expect(course('constant').slice(4)).toEqual(Array.from({ length: 16 }, () => 1))
  for (const [i, value] of course('linear').slice(4).entries()) expect(value).toBeCloseTo(1 - i / 16, 12)
  for (const [i, value] of course('cosine').slice(4).entries())
    expect(value).toBeCloseTo((1 + Math.cos((Math.PI * i) / 16)) / 2, 12)
  fc.assert(
    fc.property(
      fc.constantFrom('linear' as const, 'cosine' as const, 'constant' as const),
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (schedule, steps, warmup) => {
        for (const value of course(schedule, steps, warmup)) {
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1)
        }
      },
    ),
  )
})

it('decays what is not a norm or a bias, apart from the gradient', async () => {
  const folder = await temporaryFolder()
  // Rows without weight have no gradient: decay is all that happens.
  const examples = await writeRows(
    folder,
    rows(16).map((row) => ({ ...row, reweight_rate: 0 })),
  )
  const steady = { schedule: 'constant' as const, warmup: 0, epochs: 1, learning_rate: 0.1, weight_decay: 0.5 }
  const config = { ...small, ...steady, model: await bareFolder(tinyBert), random_start: true }
  const result = await trainModel({ examples, config, folder: join(folder, 'out') })
  expect(result.steps).toBe(2)
  const [before, after] = await Promise.all([openModel(result.untrained), openModel(result.model)])
  for (const [name, { data }] of before.parameters) {
    const factor = /LayerNorm|bias$/.test(name) ? 1 : (1 - 0.1 * 0.5) ** 2
    const now = after.parameters.get(name)?.data ?? []
    const off = Math.max(...data.map((x, i) => Math.abs(now[i] - x * factor)))
    expect([name, off < 1e-6]).toEqual([name, true])
  }
})

it('scales gradients down to the limit, and keeps as many checkpoints as asked for', async () => {
  const folder = await temporaryFolder()
  const examples = await writeRows(folder, rows(24))
  const bare = await bareFolder(tinyBert)
  /** Length of the first moments after one step, which is (1 − β₁) times that of the gradient as used. */
  const usedNorm = async (name: string, change: Partial<ModelConfig>, maxGradientNorm: number) => {
    const config = { ...small, ...change, clip_norm: maxGradientNorm, checkpoint_every: 1, checkpoints: 3, epochs: 2 }
    const options = { examples, config, folder: join(folder, name) }
    const stopAfter = async (last: number): Promise<void> => {
      const controller = new AbortController()
      const onProgress = ({ step }: { step: number }): void => {
        if (step === last) controller.abort()
      }
      await expect(trainModel({ ...options, signal: controller.signal, onProgress })).rejects.toThrow(Interrupted)
    }
    await stopAfter(1)
    const checkpoints = join(options.folder, 'lrat-3', 'work', 'checkpoints')
    const [newest] = await readdir(checkpoints)
    const { tensors } = await readSafeTensors(join(checkpoints, newest))
    let squares = 0
    for (const [tensor, { data }] of tensors) if (tensor.startsWith('first.')) for (const x of data) squares += x * x
    await stopAfter(4)
    expect(await readdir(checkpoints)).toHaveLength(3)
    const [{ gradient_norm: whole }] = await stepsOf(await trainModel(options))
    return { used: Math.sqrt(squares) / (1 - ADAMW.beta1), whole }
  }
  for (const [kind, change] of [
    ['static', {}],
    ['bert', { model: bare, random_start: true }],
  ] as const) {
    const free = await usedNorm(`${kind}-free`, change, 0)
    expect(free.used / free.whole).toBeCloseTo(1, 4)
    const cut = await usedNorm(`${kind}-cut`, change, free.whole / 4)
    expect(cut.whole).toBe(free.whole)
    expect(cut.used / (free.whole / 4)).toBeCloseTo(1, 4)
  }
})
