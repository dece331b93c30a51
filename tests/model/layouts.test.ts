// What a folder may ask for: what changes the numbers is done or refused, never passed over.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { encoderOf } from '../../model/encoder.ts'
import { readSafeTensors, writeSafeTensors, type NamedTensor } from '../../model/files/safetensors.ts'
import { openModel, randomStaticModel, saveModel } from '../../model/folder.ts'
import { ARCHITECTURES, networkOf } from '../../model/nets/architectures.ts'
import { BERT_CONFIG } from '../../model/nets/bert.ts'
import { QWEN3_CONFIG } from '../../model/nets/qwen3.ts'
import { wordPieceJson } from '../../model/tokenize/tokenizer.ts'
import { UserError } from '../../core/errors.ts'
import { bareFolder, temporary, tinyBert, tinyQwen3, tinyXlmRoberta } from './tiny.ts'

const saved = async (config: object): Promise<string> => {
  const folder = join(await temporary(), 'model')
  await saveModel(await openModel(await bareFolder(config), { seed: 1 }), folder)
  return folder
}
const write = (folder: string, name: string, value: unknown): Promise<void> =>
  writeFile(join(folder, name), JSON.stringify(value))

const REFUSED: readonly (readonly [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>])[] = [
  [tinyBert, { model_type: 'roberta' }],
  ...[tinyBert, tinyXlmRoberta].flatMap((config) =>
    [
      ...['relu', 'gelu_new', 'gelu_pytorch_tanh', 'quick_gelu', 'silu'].map((hidden_act) => ({ hidden_act })),
      { position_embedding_type: 'relative_key' },
      { is_decoder: true },
      { add_cross_attention: true },
      { pruned_heads: { 0: [1] } },
      { quantization_config: { quant_method: 'gptq' } },
      { num_attention_heads: 3 },
      { num_hidden_layers: 0 },
      { hidden_size: 16.5 },
      { layer_norm_eps: '1e-12' },
    ].map((change) => [config, change] as const),
  ),
  ...[
    { hidden_act: 'gelu' },
    { attention_bias: true },
    { use_sliding_window: true },
    { layer_types: ['full_attention', 'sliding_attention'] },
    { rope_parameters: { rope_type: 'yarn', rope_theta: 10000, factor: 4 } },
    { rope_parameters: { rope_type: 'default', rope_theta: 10000, partial_rotary_factor: 0.5 } },
    { rope_parameters: undefined, rope_theta: 10000, rope_scaling: { type: 'linear', factor: 2 } },
    { rope_parameters: undefined },
    { partial_rotary_factor: 0.25 },
    { is_causal: false },
    { use_bidirectional_attention: true },
    { quantization_config: { quant_method: 'fp8' } },
    { num_key_value_heads: 3 },
    { head_dim: 7 },
  ].map((change) => [tinyQwen3, change] as const),
]

describe('config.json', () => {
  it.each(REFUSED.map((pair) => [`${String(pair[0].model_type)} ${JSON.stringify(pair[1])}`, ...pair] as const))(
    '%s is refused by name',
    (_title, config, change) => {
      const key = Object.keys(change).at(-1) ?? ''
      const found = (): unknown => networkOf({ ...config, ...change }, 'config.json')
      expect(found).toThrow(UserError)
      expect(found).toThrow(key.startsWith('rope') ? /rope|rotary/ : new RegExp(key))
    },
  )

  it('has a refusal tried above for every setting', () => {
    const all: Readonly<Record<string, { readonly shape: Readonly<Record<string, z.ZodType>> }>> = {
      bert: BERT_CONFIG,
      'xlm-roberta': BERT_CONFIG,
      qwen3: QWEN3_CONFIG,
    }
    expect(Object.keys(all)).toEqual(ARCHITECTURES.map(({ name }) => name))
    for (const [type, { shape }] of Object.entries(all)) {
      const tried = REFUSED.filter(([config]) => config.model_type === type).flatMap(([, change]) =>
        Object.keys(change),
      )
      const settings = Object.entries(shape).flatMap(([key, schema]) =>
        schema.safeParse(undefined).success ? key : [],
      )
      const untried = settings.filter((key) => !tried.includes(key))
      const shared = type === 'qwen3' ? ['add_cross_attention', 'pruned_heads', 'rope_type'] : []
      expect(untried.sort()).toEqual([...shared, 'initializer_range'].sort())
    }
  })

  it('may say outright what is the default, or null', () => {
    for (const change of [{ attention_bias: false, layer_types: ['full_attention'], rope_scaling: null }])
      expect(networkOf({ ...tinyQwen3, ...change }, 'config.json').dimensions).toBe(16)
    const plain = { is_decoder: false, add_cross_attention: false, pruned_heads: {}, position_embedding_type: null }
    expect(networkOf({ ...tinyBert, ...plain }, 'config.json').pooling).toBe('mean')
  })

  it('counts the nested rotary base before the other, as transformers does', async () => {
    const folder = await saved(tinyQwen3)
    const base = await openModel(folder)
    const vectorOf = async (config: object): Promise<Float32Array> => {
      await write(folder, 'config.json', config)
      const encoder = await encoderOf({ ...base, network: (await openModel(folder)).network })
      const vector = await encoder.encode(['a b c d e f'], 'query')
      await encoder.close()
      return vector
    }
    const nested = await vectorOf(tinyQwen3)
    expect(await vectorOf({ ...tinyQwen3, rope_theta: 5 })).toEqual(nested)
    const top = await vectorOf({ ...tinyQwen3, rope_parameters: undefined, rope_theta: 5 })
    expect(top).not.toEqual(nested)
    expect(await vectorOf({ ...tinyQwen3, rope_parameters: { rope_theta: 5 } })).toEqual(top)
  })
})

describe('the modules of a folder', () => {
  const kinds = (...names: readonly string[]): object[] =>
    names.map((name, idx) => ({ idx, name: String(idx), path: idx === 0 ? '' : `${idx}_${name}`, type: `x.y.${name}` }))

  it.each([
    [['Transformer', 'Pooling', 'Dense', 'Normalize']],
    [['Transformer', 'WeightedLayerPooling', 'Pooling']],
    [['Transformer']],
    [['Router']],
    [['BoW', 'Dense']],
    [['StaticEmbedding', 'Dense']],
    [[]],
  ])('%o are refused', async (names) => {
    const folder = await saved(tinyBert)
    await write(folder, 'modules.json', kinds(...names))
    await expect(openModel(folder)).rejects.toThrow(/modules.json: expected Transformer and Pooling.*found/)
  })

  it.each([[[null]], [[1, 'x']], [null], ['x']])('%j are no modules', async (modules) => {
    const folder = await saved(tinyBert)
    await write(folder, 'modules.json', modules)
    await expect(openModel(folder)).rejects.toThrow(/modules.json: expected Transformer and Pooling.*found/)
  })

  it.each([
    [{ pooling_mode: 'max' }, /max/],
    [{ pooling_mode: ['cls', 'mean'] }, /one way/],
    [{ pooling_mode: 'weightedmean' }, /weightedmean/],
    [{ pooling_mode_mean_sqrt_len_tokens: true }, /sqrt/],
    [{ pooling_mode_cls_token: true, pooling_mode_max_tokens: true }, /one way/],
    [{ pooling_mode: 'mean', include_prompt: false }, /include_prompt/],
  ])('a pooling of %o is refused', async (pooling, message) => {
    const folder = await saved(tinyBert)
    await write(folder, '1_Pooling/config.json', pooling)
    await expect(openModel(folder)).rejects.toThrow(message)
    expect((await openModel(folder, { pooling: 'cls' })).network.pooling).toBe('cls')
  })

  it.each([
    [{ pooling_mode: 'lasttoken' }, 'last_token'],
    [{ pooling_mode: ['cls'] }, 'cls'],
    [{ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }, 'cls'],
    [{ word_embedding_dimension: 16 }, 'mean'],
  ])('a pooling of %o is %s', async (pooling, expected) => {
    const folder = await saved(tinyQwen3)
    await write(folder, '1_Pooling/config.json', pooling)
    expect((await openModel(folder)).network.pooling).toBe(expected)
  })

  it('are read from where modules.json says', async () => {
    const folder = await saved(tinyBert)
    await mkdir(join(folder, '0_Transformer'))
    for (const name of ['config.json', 'model.safetensors', 'vocab.txt', 'sentence_bert_config.json'])
      await rename(join(folder, name), join(folder, '0_Transformer', name))
    await rename(join(folder, '1_Pooling'), join(folder, '1_P'))
    const modules = kinds('Transformer', 'P', 'Normalize').map((module, i) => ({
      ...module,
      ...(i === 0 && { path: '0_Transformer' }),
      ...(i === 1 && { type: 'sentence_transformers.models.Pooling' }),
    }))
    await write(folder, 'modules.json', modules)
    await write(join(folder, '1_P'), 'config.json', { pooling_mode: 'cls' })
    expect((await openModel(folder)).network.pooling).toBe('cls')
  })

  it('that leave lengths as they are need a similarity that does not see them', async () => {
    const folder = await saved(tinyBert)
    await write(folder, 'modules.json', kinds('Transformer', 'Pooling'))
    expect((await openModel(folder)).network.dimensions).toBe(16)
    await write(folder, 'config_sentence_transformers.json', { similarity_fn_name: 'dot' })
    await expect(openModel(folder)).rejects.toThrow(/similarity_fn_name.*expected cosine.*"dot"/)
    await write(folder, 'modules.json', kinds('Transformer', 'Pooling', 'Normalize'))
    expect((await openModel(folder)).network.dimensions).toBe(16)
  })
})

describe('lengths and prompts', () => {
  it("come from sentence-transformers' file, then the tokenizer's, then the network", async () => {
    const folder = await saved(tinyBert)
    await write(folder, 'tokenizer_config.json', { model_max_length: 9 })
    await write(folder, 'sentence_bert_config.json', { max_seq_length: 12 })
    expect((await openModel(folder)).maxTokens).toBe(12)
    await write(folder, 'sentence_bert_config.json', { transformer_task: 'feature-extraction' })
    expect((await openModel(folder)).maxTokens).toBe(9)
    await write(folder, 'tokenizer_config.json', { model_max_length: 1e30 })
    expect((await openModel(folder)).maxTokens).toBe(24)
    await write(folder, 'sentence_bert_config.json', { transformer_task: 'fill-mask' })
    await expect(openModel(folder)).rejects.toThrow(/transformer_task/)
  })

  it('are the first of the names that sentence-transformers tries', async () => {
    const folder = await saved(tinyBert)
    const prompts = { query: 'query: ', passage: 'passage: ', corpus: 'c' }
    await write(folder, 'config_sentence_transformers.json', { prompts })
    expect((await openModel(folder)).prefixes).toEqual({ query: 'query: ', passage: 'passage: ' })
    await write(folder, 'config_sentence_transformers.json', { prompts: { corpus: 'c', document: '' } })
    expect((await openModel(folder)).prefixes).toEqual({ query: '', passage: '' })
  })

  it('lowercasing that the tokenizer does not do is refused', async () => {
    const folder = await saved(tinyBert)
    await write(folder, 'sentence_bert_config.json', { do_lower_case: true })
    expect((await openModel(folder)).maxTokens).toBe(24)
    const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'A'].join('\n')
    await writeFile(join(folder, 'vocab.txt'), vocabulary)
    await expect(openModel(folder)).rejects.toThrow(/do_lower_case/)
  })
})

describe('weights', () => {
  const change = async (folder: string, edit: (tensors: Map<string, NamedTensor>) => void, others = new Map()) => {
    const path = join(folder, 'model.safetensors')
    const tensors = new Map((await readSafeTensors(path)).tensors)
    edit(tensors)
    await writeSafeTensors(path, tensors, { others })
  }
  const vector = { dims: [2], data: Float32Array.of(1, 2) }

  it('may have a head beside the encoder, but nothing unknown within it', async () => {
    const bert = await saved(tinyBert)
    await change(bert, (tensors) => tensors.set('pooler.dense.bias', vector))
    expect((await openModel(bert)).parameters.size).toBeGreaterThan(10)
    await change(bert, (tensors) => tensors.set('encoder.layer.2.output.dense.bias', vector))
    await expect(openModel(bert)).rejects.toThrow(/tensor encoder.layer.2.output.dense.bias.*one more/)
    const qwen3 = await saved(tinyQwen3)
    await change(qwen3, (tensors) => tensors.set('lm_head.weight', vector))
    expect((await openModel(qwen3)).parameters.size).toBeGreaterThan(10)
    await change(qwen3, (tensors) => tensors.set('layers.0.self_attn.q_proj.bias', vector))
    await expect(openModel(qwen3)).rejects.toThrow(/tensor layers.0.self_attn.q_proj.bias/)
  })

  it('of another type are named', async () => {
    const folder = await saved(tinyBert)
    const name = 'encoder.layer.1.output.dense.bias'
    const others = new Map([[name, { dtype: 'I8', dims: [16], bytes: new Uint8Array(16) }]])
    await change(folder, (tensors) => tensors.delete(name), others)
    await expect(openModel(folder)).rejects.toThrow(new RegExp(`${name}.*expected F32, F16 or BF16.*I8`))
    const path = join(folder, 'model.safetensors')
    await writeFile(path, (await readFile(path)).toString('latin1').replace('"I8"', '"F4"'), 'latin1')
    await expect(openModel(folder)).rejects.toThrow(new RegExp(`${name}.*F4`))
  })

  it('that lie in an adapter are refused', async () => {
    const folder = await saved(tinyBert)
    await write(folder, 'adapter_config.json', {})
    await expect(openModel(folder)).rejects.toThrow(/adapter/)
  })
})

describe('a static encoder', () => {
  it('adds no special tokens and writes where it cuts, as StaticEmbedding reads it', async () => {
    const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', 'c']
    const tokenizerJson = wordPieceJson(words.join('\n'), 'vocab.txt')
    const model = randomStaticModel({ tokenizerJson, dimensions: 4, maxTokens: 3, seed: 1 })
    const folder = join(await temporary(), 'static')
    await saveModel(model, folder)
    const again = await openModel(folder)
    expect(again.maxTokens).toBe(3)
    expect(again.tokenizer.encode('a b c a', again.maxTokens)).toEqual([4, 5, 6])
    const json = JSON.parse(again.tokenizer.json ?? '') as Record<string, unknown>
    expect([json.post_processor, json.padding]).toEqual([null, null])
    expect(json.truncation).toMatchObject({ max_length: 3 })
    for (const [name, value] of model.parameters) expect(again.parameters.get(name)).toEqual(value)
  })
})
