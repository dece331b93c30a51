// LibTorch through its C interface: handles, errors, and where it is looked for. Skipped without LRAT_TORCH.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../core/errors.ts'
import { tensor } from '../../model/execute/executor.ts'
import { compileTorchOn } from '../../model/execute/torch/executable.ts'
import { findLibTorch, libraryFile } from '../../model/execute/torch/find.ts'
import { programOf } from '../../model/execute/torch/program.ts'
import { add, exp, mul } from '../../model/graph/elementwise.ts'
import { matmul } from '../../model/graph/linear.ts'
import { input } from '../../model/graph/sources.ts'
import { torchDevice } from '../helpers/torch.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('where LibTorch is looked for', () => {
  it('says so when LRAT_TORCH names a folder without it', async () => {
    vi.stubEnv('LRAT_TORCH', tmpdir())
    await expect(findLibTorch()).rejects.toThrow(UserError)
    await expect(findLibTorch()).rejects.toThrow(/LRAT_TORCH: expected a folder with .*torch_cpu.*found .* has none/)
  })

  it('takes the folder of an installed PyTorch, and its version', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lrat-find-'))
    writeFileSync(libraryFile(folder, 'torch_cpu'), '')
    writeFileSync(join(folder, '..', 'version.py'), "__version__ = '2.13.0+cpu'\n")
    vi.stubEnv('LRAT_TORCH', folder)
    expect(await findLibTorch()).toEqual({ folder, by: 'LRAT_TORCH', version: '2.13.0+cpu' })
  })
})

const device = torchDevice
describe.skipIf(device === undefined)('LibTorch', () => {
  if (device === undefined) return
  const { tensors } = device
  const [a, b] = [input('a', ['n', 4]), input('b', [4, 'n'])]
  const feeds = { a: tensor(new Float32Array(12).fill(1), 3, 4), b: tensor(new Float32Array(12).fill(2), 4, 3) }

  it('gives back every handle after a run, and those of constants when it is closed', async () => {
    const before = tensors.live()
    const executable = await compileTorchOn(device)({
      c: exp(add(matmul(a, b), a.shape.length === 2 ? matmul(a, b) : a)),
    })
    const { c } = await executable.run(feeds)
    expect(c?.dims).toEqual([3, 3])
    expect(c?.data[0]).toBeCloseTo(Math.exp(16), -2)
    expect(tensors.live()).toBe(before)
    await executable.close()
    expect(tensors.live()).toBe(before)
  })

  it('names operation, shapes and device of what fails, and leaves no handle', async () => {
    const before = tensors.live()
    const executable = await compileTorchOn(device)({ c: mul(matmul(exp(a), b), matmul(a, b)) })
    const wrong = { ...feeds, b: tensor(new Float32Array(10), 5, 2) }
    await expect(executable.run(wrong)).rejects.toThrow(/matmul of f32\[3, 4\], f32\[5, 2\] on torch:cpu: .*multiplied/)
    await executable.close()
    expect(tensors.live()).toBe(before)
  })

  it('says which setting to lower when memory is out', async () => {
    const executable = await compileTorchOn(device)({ c: matmul(input('x', ['n', 1]), input('y', [1, 'n'])) })
    const long = tensor(new Float32Array(4_000_000), 4_000_000, 1)
    await expect(executable.run({ x: long, y: { ...long, dims: [1, 4_000_000] } })).rejects.toThrow(
      /expected enough memory.*train\.micro_batch_tokens/,
    )
    await executable.close()
  })

  it('stops where an input is missing, and goes on from there', () => {
    const before = tensors.live()
    const late = input('late', ['n', 'n'])
    const program = programOf(device, { early: exp(matmul(a, b)), late: mul(exp(matmul(a, b)), late) }, {})
    const [x, y, z] = [feeds.a, feeds.b, tensor(new Float32Array(9).fill(3), 3, 3)]
    tensors.scope(() => {
      const feed = ({ data, dims }: typeof x) => ({ handle: tensors.over(data, dims), dims })
      const { early, finish } = program.start({ a: feed(x), b: feed(y) })
      expect(Object.keys(early)).toEqual(['early'])
      const rest = finish({ late: feed(z) })
      expect(Object.keys(rest)).toEqual(['late'])
      for (const handle of [...Object.values(early), ...Object.values(rest)]) tensors.delete(handle)
      const { early: again, abandon } = program.start({ a: feed(x), b: feed(y) })
      abandon()
      for (const handle of Object.values(again)) tensors.delete(handle)
      return []
    })
    program.close()
    expect(tensors.live()).toBe(before)
  })
})
