import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ort from '../../model/execute/runtime.ts'
import { describe, expect, it } from 'vitest'
import { encoderOf, loadEncoder } from '../../model/encoder.ts'
import { readSafeTensors, writeSafeTensors, type NamedTensor } from '../../model/files/safetensors.ts'
import { openModel, saveModel } from '../../model/folder.ts'
import { bareFolder, temporary, tinyBert, tinyQwen3, tinyXlmRoberta } from './tiny.ts'

const texts = ['abc def', '', 'a', 'one two three four five six seven eight nine ten eleven', 'abc def']

const saved = async (config: object): Promise<string> => {
  const folder = join(await temporary(), 'model')
  await saveModel(await openModel(await bareFolder(config), { seed: 1 }), folder)
  return folder
}

/** Rewrites a folder's weights. */
const change = async (folder: string, edit: (tensors: Map<string, NamedTensor>) => void, others = new Map()) => {
  const path = join(folder, 'model.safetensors')
  const tensors = new Map((await readSafeTensors(path)).tensors)
  edit(tensors)
  await writeSafeTensors(path, tensors, { others })
}

describe.each([
  ['bert', tinyBert],
  ['xlm-roberta', tinyXlmRoberta],
  ['qwen3', tinyQwen3],
])('a %s folder', (_name, config) => {
  it('comes back bit for bit, with what is not the network’s', async () => {
    const folder = await saved(config)
    const others = new Map([['position_ids', { dtype: 'I64', dims: [2], bytes: new Uint8Array(16).fill(7) }]])
    await change(
      folder,
      (tensors) => {
        const values = [...tensors]
        tensors.clear()
        for (const [name, value] of values) tensors.set(`model.${name}`, value)
        tensors.set('pooler.weight', { dims: [2], data: Float32Array.of(1, NaN) })
      },
      others,
    )
    const again = join(await temporary(), 'again')
    await saveModel(await openModel(folder), again)
    const [before, after] = await Promise.all([folder, again].map((f) => readFile(join(f, 'model.safetensors'))))
    expect(before.equals(after)).toBe(true)
  })

  it('encodes the same alone and in any batch, and by encoder.onnx', async () => {
    const folder = await saved(config)
    const encoder = await loadEncoder(folder)
    const all = await encoder.encode(texts, 'passage')
    const small = await encoderOf(await openModel(folder), { batchTokens: 1 })
    const alone = await small.encode(texts, 'query')
    const { dimensions } = encoder
    expect(Math.max(...all.map((x, i) => Math.abs(x - alone[i])))).toBeLessThan(1e-6)
    expect(all.subarray(0, dimensions)).toEqual(all.subarray(4 * dimensions))
    for (let i = 0; i < texts.length; i++)
      expect(Math.hypot(...all.subarray(i * dimensions, (i + 1) * dimensions))).toBeCloseTo(1, 5)
    await encoder.close()
    await small.close()
    const served = await ort.InferenceSession.create(await readFile(join(folder, 'encoder.onnx')))
    const { tokenizer } = await openModel(folder)
    const ids = BigInt64Array.from(tokenizer.encode(texts[0]), BigInt)
    const feed = (data: BigInt64Array): ort.Tensor => new ort.Tensor('int64', data, [1, ids.length])
    const mask = feed(new BigInt64Array(ids.length).fill(1n))
    const { sentence_embedding: found } = await served.run({ input_ids: feed(ids), attention_mask: mask })
    const first = found.data as Float32Array
    expect(Math.max(...first.map((x, i) => Math.abs(x - all[i])))).toBeLessThan(1e-6)
    await served.release()
  })

  it('names the tensor that is missing or misshapen', async () => {
    const folder = await saved(config)
    const name = config === tinyQwen3 ? 'layers.0.mlp.up_proj.weight' : 'encoder.layer.1.output.dense.weight'
    await change(folder, (tensors) => tensors.set(name, { dims: [1, 2], data: new Float32Array(2) }))
    await expect(openModel(folder)).rejects.toThrow(new RegExp(`${name}.*expected shape.*found shape \\[1, 2\\]`))
    await change(folder, (tensors) => tensors.delete(name))
    await expect(openModel(folder)).rejects.toThrow(new RegExp(`${name}.*none of that name`))
  })
})

describe('bad folders', () => {
  it('says what is wrong', async () => {
    await expect(openModel('no/such/folder')).rejects.toThrow(/no such folder/)
    await expect(openModel(await bareFolder({ ...tinyBert, model_type: 't5' }), { seed: 1 })).rejects.toThrow(/"t5"/)
    await expect(openModel(await bareFolder({ ...tinyBert, hidden_act: 'relu' }), { seed: 1 })).rejects.toThrow(/relu/)
    await expect(openModel(await bareFolder({ ...tinyBert, hidden_size: undefined }), { seed: 1 })).rejects.toThrow(
      /"hidden_size"/,
    )
    await expect(openModel(await bareFolder({ ...tinyBert, vocab_size: 10 }), { seed: 1 })).rejects.toThrow(/tokenizer/)
    await expect(openModel(await bareFolder(tinyBert))).rejects.toThrow(/model.safetensors/)
    const folder = await saved(tinyBert)
    await truncate(join(folder, 'model.safetensors'), 3000)
    await expect(openModel(folder)).rejects.toThrow(
      /model\.safetensors: expected a whole safetensors file; found 3000 bytes/,
    )
  })
})

describe('safetensors', () => {
  it('reads F16 and BF16 as F32, and shards', async () => {
    const folder = await saved(tinyBert)
    const path = join(folder, 'model.safetensors')
    const { tensors } = await readSafeTensors(path)
    const names = [...tensors.keys()]
    const half = new Map(names.map((name, i) => [name, i % 2 === 0 ? 'a.safetensors' : 'b.safetensors']))
    for (const file of ['a.safetensors', 'b.safetensors']) {
      const part = new Map([...tensors].filter(([name]) => half.get(name) === file))
      await writeSafeTensors(join(folder, file), part)
    }
    await rm(path)
    await writeFile(`${path}.index.json`, JSON.stringify({ weight_map: Object.fromEntries(half) }))
    const sharded = (await openModel(folder)).parameters
    for (const [name, value] of tensors) expect(sharded.get(name)).toEqual(value)

    const halves = (dtype: string, bits: readonly number[]) => ({
      dtype,
      dims: [bits.length],
      bytes: new Uint8Array(Uint16Array.from(bits).buffer),
    })
    const others = new Map([
      ['f16', halves('F16', [0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555])],
      ['bf16', halves('BF16', [0x3f80, 0xc000, 0x7f80])],
    ])
    await writeSafeTensors(path, new Map(), { others })
    const read = (await readSafeTensors(path)).tensors
    expect([...(read.get('f16')?.data ?? [])]).toEqual([1, -2, 2 ** -24, Infinity, 0.333251953125])
    expect([...(read.get('bf16')?.data ?? [])]).toEqual([1, -2, Infinity])
  })
})
