// The engine from the command line: devices, check-engine, fine-tuning by config, encode, export-onnx.
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse as parseCsv } from 'csv-parse/sync'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadEncoder } from '../../model/encoder.ts'
import { openOnnx } from '../../model/execute/onnxruntime.ts'
import { openModel, randomStaticModel, saveModel } from '../../model/folder.ts'
import { vocabularyBuilder } from '../../model/tokenize/vocabulary.ts'
import { all, connect, parquet } from '../../core/database.ts'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'
import { bareFolder, tinyBert } from '../model/tiny.ts'

const cwd = tempFolders()()
const lrat = (...args: string[]): Promise<CliResult> => runCli(args, { cwd })

const TEXTS = ['the river flows', 'a town on the river', 'rivers']

beforeAll(async () => {
  const builder = vocabularyBuilder()
  for (const text of TEXTS) builder.add(text)
  const tokenizerJson = builder.finish({ size: 200, maxTokens: 32 })
  const prefixes = { query: 'the ', passage: '' }
  const model = randomStaticModel({ tokenizerJson, dimensions: 8, maxTokens: 32, seed: 1, prefixes })
  await saveModel(model, join(cwd, 'static'))
})

test('devices says what works, and of the rest why not', async () => {
  const [table, json] = await Promise.all([lrat('devices'), lrat('devices', '--json')])
  expect(table.code).toBe(0)
  // What drivers print is not ours to show.
  expect([table.stderr, json.stderr]).toEqual(['', ''])
  expect(table.stdout).toMatch(/^cpu +works +ONNX Runtime$/m)
  const found = JSON.parse(json.stdout) as { device: string; works: boolean; detail: string }[]
  expect(found.map(({ device }) => device)).toEqual(['torch', 'cuda', 'webgpu', 'cpu', 'tfjs-node-gpu', 'tfjs'])
  for (const { works, detail } of found) if (!works) expect(detail).toMatch(/\S\. (Install|Run|Activate)/)
})

describe('check-engine', () => {
  const folder = fileURLToPath(new URL('../fixtures/training/bert-cls', import.meta.url))

  test('passes on the CPU; not with another expectation, which it names', async () => {
    const wrong = join(cwd, 'wrong')
    cpSync(folder, wrong, { recursive: true })
    const expected = JSON.parse(readFileSync(join(wrong, 'expected.json'), 'utf8')) as { loss_after3: number }
    writeFileSync(
      join(wrong, 'expected.json'),
      JSON.stringify({ ...expected, loss_after3: expected.loss_after3 * 1.1 }),
    )
    const [good, bad] = await Promise.all([
      lrat('check-engine', folder, '--device', 'cpu'),
      lrat('check-engine', wrong),
    ])
    expect([good.code, good.stderr]).toEqual([0, ''])
    for (const name of ['embeddings', 'loss', 'gradients', 'updated parameters'])
      expect(good.stdout).toMatch(new RegExp(`^${name} +\\d\\.\\de-[4-9]`, 'm'))
    expect(bad.code).toBe(1)
    expect(bad.stderr).toMatch(/cpu computes otherwise than expected: loss above 0\.001/)
  })

  test('without a folder compares a device with the processor', async () => {
    const { code, stdout, stderr } = await lrat('check-engine', '--device', 'tfjs')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/against the processor\n +bert +xlm-roberta +qwen3\nembeddings( +\d\.\de-[5-9]){3}\n/)
    expect(stdout).toMatch(/^updated parameters( +\d\.\de-[4-9]){3}$/m)
  })

  test('of a folder without a case names the file', async () => {
    const { code, stderr } = await lrat('check-engine', 'static')
    expect(code).toBe(1)
    expect(stderr).toMatch(/static.*config\.json|batch\.json/)
  })
})

interface Embedded {
  readonly id: string
  readonly embedding: { readonly items: readonly number[] } | readonly number[]
}
const embeddingsIn = async (name: string): Promise<{ id: string; embedding: number[] }[]> => {
  const connection = await connect({ threads: 1 })
  try {
    const rows = await all<Embedded>(connection, `SELECT * FROM ${parquet(join(cwd, name))}`)
    return rows.map(({ id, embedding }) => ({
      id,
      embedding: [...('items' in embedding ? embedding.items : embedding)],
    }))
  } finally {
    connection.closeSync()
  }
}

describe('encode', () => {
  test('plain text and JSON Lines, passages and queries', async () => {
    writeFiles(cwd, {
      'texts.txt': `${TEXTS[0]}\n\n${TEXTS[1]}\n${TEXTS[2]}\n`,
      'texts.jsonl': jsonl(TEXTS.map((text, i) => ({ docid: `d${i}`, text }))),
    })
    const results = await Promise.all([
      lrat('encode', 'static', '--input', 'texts.txt', '--output', 'out/plain.parquet'),
      lrat('encode', 'static', '--input', 'texts.jsonl', '--output', 'queries.parquet', '--kind', 'query'),
    ])
    for (const { code, stderr } of results)
      expect([code, stderr]).toEqual([
        0,
        expect.stringMatching(/^3 texts, 8 dimensions, .* s, written to \S+parquet\n$/),
      ])
    expect(readdirSync(join(cwd, 'out'))).toEqual(['plain.parquet'])
    const [plain, queries] = await Promise.all(['out/plain.parquet', 'queries.parquet'].map(embeddingsIn))
    expect(plain.map(({ id }) => id)).toEqual(['1', '3', '4'])
    expect(queries.map(({ id }) => id)).toEqual(['d0', 'd1', 'd2'])
    for (const { embedding } of [...plain, ...queries]) {
      expect(embedding).toHaveLength(8)
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 5)
    }
    const encoder = await loadEncoder(join(cwd, 'static'))
    for (const [rows, kind] of [
      [plain, 'passage'],
      [queries, 'query'],
    ] as const)
      expect(rows.flatMap(({ embedding }) => embedding)).toEqual([...(await encoder.encode(TEXTS, kind))])
    await encoder.close()
  })

  test('writes what the name says, and reads tables by column', async () => {
    const ids = ['a,b', 'c"d', 'e\nf']
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
    writeFiles(cwd, {
      'table.csv': `other,docid,text\n${TEXTS.map((text, i) => `x,${quoted(ids[i] ?? '')},${quoted(text)}\n`).join('')}`,
      'table.tsv': `body\tother\n${TEXTS.map((text) => `${text}\tx\n`).join('')}`,
      'fields.jsonl': jsonl(TEXTS.map((body, i) => ({ id: i, body, text: 'not this' }))),
    })
    const encodeTo = (input: string, output: string, ...more: readonly string[]) =>
      lrat('encode', 'static', '--input', input, '--output', output, ...more)
    const results = await Promise.all([
      encodeTo('table.csv', 'made/x.npy'),
      encodeTo('table.csv', 'made/x.csv'),
      encodeTo('table.tsv', 'made/x.jsonl', '--column', 'body'),
      encodeTo('fields.jsonl', 'made/x.parquet', '--column', 'body'),
    ])
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(readdirSync(join(cwd, 'made')).sort()).toEqual(['x.csv', 'x.jsonl', 'x.npy', 'x.npy.ids.jsonl', 'x.parquet'])
    const encoder = await loadEncoder(join(cwd, 'static'))
    const vectors = await encoder.encode(TEXTS, 'passage')
    await encoder.close()
    const made = (name: string): string => readFileSync(join(cwd, 'made', name), 'utf8')

    const numpy = readFileSync(join(cwd, 'made/x.npy'))
    const start = 10 + numpy.readUInt16LE(8)
    expect(start % 64).toBe(0)
    expect(numpy.toString('latin1', 0, start)).toMatch(
      /^\x93NUMPY\x01\x00..\{'descr': '<f4', 'fortran_order': False, 'shape': \(3, 8\), \} *\n$/s,
    )
    const values = Array.from({ length: 24 }, (_, i) => numpy.readFloatLE(start + 4 * i))
    expect([values, numpy.length]).toEqual([[...vectors], start + 96])
    expect(made('x.npy.ids.jsonl')).toBe(ids.map((id) => `${JSON.stringify(id)}\n`).join(''))

    const [head, ...rows]: string[][] = parseCsv(made('x.csv'))
    expect(head).toEqual(['id', ...Array.from({ length: 8 }, (_, i) => `dim_${i}`)])
    expect(rows.map(([id]) => id)).toEqual(ids)
    expect(rows.flatMap((row) => row.slice(1).map((text) => Math.fround(Number(text))))).toEqual([...vectors])

    const lines = made('x.jsonl').trim().split('\n')
    const records = lines.map((line) => JSON.parse(line) as { id: string; embedding: number[] })
    expect(records.map(({ id }) => id)).toEqual(['2', '3', '4'])
    expect(records.flatMap(({ embedding }) => embedding.map(Math.fround))).toEqual([...vectors])

    const parquetRows = await embeddingsIn('made/x.parquet')
    expect(parquetRows.map(({ id }) => id)).toEqual(['0', '1', '2'])
    expect(parquetRows.flatMap(({ embedding }) => embedding)).toEqual([...vectors])
  })

  test('refuses names and columns that say nothing, and leaves nothing behind', async () => {
    writeFiles(cwd, {
      'odd.csv': 'id,body\n1,a\n',
      'odd.json': '[]',
      'odd.txt': 'a\n',
      'odd.jsonl': jsonl([{ id: 1 }]),
    })
    const cases: readonly (readonly [input: string, output: string, message: RegExp, ...more: readonly string[]])[] = [
      [
        'nowhere.txt',
        'odd/x.pt',
        /--output odd\/x\.pt: expected a name that ends in \.parquet, \.npy, \.jsonl, \.csv; found \.pt/,
      ],
      ['odd.csv', 'odd/x.npy', /odd\.csv line 1: expected a column "text"; found columns "id", "body"/],
      [
        'odd.json',
        'odd/x.npy',
        /odd\.json: expected lines of text, JSON Lines, CSV or TSV; found a file called \.json/,
      ],
      ['odd.txt', 'odd/x.npy', /--column body: expected .*; found lines of text/, '--column', 'body'],
      ['odd.jsonl', 'odd.jsonl', /--output odd\.jsonl: expected another file than the input/],
    ]
    await Promise.all(
      cases.map(async ([input, output, message, ...more]) => {
        const { code, stderr } = await lrat('encode', 'static', '--input', input, '--output', output, ...more)
        expect([code, stderr]).toEqual([1, expect.stringMatching(message)])
      }),
    )
    expect(existsSync(join(cwd, 'odd')) ? readdirSync(join(cwd, 'odd')) : []).toEqual([])
  })

  test('a bad line leaves no output behind', async () => {
    writeFiles(cwd, { 'bad.jsonl': '{"id": "a", "text": "b"}\n{"id": "c"}\n' })
    const { code, stderr } = await lrat('encode', 'static', '--input', 'bad.jsonl', '--output', 'bad/x.parquet')
    expect(code).toBe(1)
    expect(stderr).toMatch(/bad\.jsonl line 2.*"text"/s)
    expect(readdirSync(join(cwd, 'bad'))).toEqual([])
  })
})

test('export-onnx writes what ONNX Runtime opens', async () => {
  expect((await lrat('export-onnx', 'static', '--output', 'small.onnx')).code).toBe(0)
  expect(existsSync(join(cwd, 'small.onnx.tmp'))).toBe(false)
  expect(readFileSync(join(cwd, 'small.onnx')).equals(readFileSync(join(cwd, 'static/encoder.onnx')))).toBe(true)
  await (await openOnnx(readFileSync(join(cwd, 'small.onnx')))).close()
})

describe('train', () => {
  const rows = Array.from({ length: 6 }, (_, i) => ({
    query: `river ${i}`,
    pos: [`the river ${i} flows`],
    neg: [`town ${i}`, `hill ${i}`],
  }))
  const settings = { epochs: 1, batch_size: 3, group_size: 2, learning_rate: 0.01 }
  const train = (run: string, more: object): Promise<CliResult> => {
    const config = { run, train: { data: 'pairs.jsonl', ...settings, ...more } }
    writeFiles(cwd, { 'pairs.jsonl': jsonl(rows), [`${run}.yaml`]: config })
    return lrat('train', '-c', `${run}.yaml`)
  }

  test('fine-tunes the model of a folder, whole or by LoRA', async () => {
    const model = await bareFolder(tinyBert)
    const more = { model, random_start: true, pooling: 'cls', query_prefix: 'query ', passage_prefix: 'text ' }
    const whole = await train('whole', { ...more, micro_batch_tokens: 64 })
    expect([whole.code, whole.stderr]).toEqual([0, expect.stringMatching(/lrat-1: 2 steps/)])
    const trained = join(cwd, 'whole/train/lrat-1')
    const [before, after] = await Promise.all(['untrained', 'model'].map((name) => openModel(join(trained, name))))
    expect(after.prefixes).toEqual({ query: 'query ', passage: 'text ' })
    expect(after.network.pooling).toBe('cls')
    const name = 'encoder.layer.0.attention.self.query.weight'
    expect(after.parameters.get(name)).not.toEqual(before.parameters.get(name))
    // A trained model is a folder to go on from.
    const further = await train('further', { model: join(trained, 'model'), lora: { rank: 2, alpha: 4 } })
    expect([further.code, further.stderr]).toEqual([0, expect.stringMatching(/lrat-1: 2 steps/)])
    const again = await lrat('train', '-c', 'further.yaml', '--set', 'train.micro_batch_tokens=32')
    expect(again.stderr).toMatch(/train +up to date/)
  })

  test('what is about a model folder needs one', async () => {
    const { code, stderr } = await train('lost', { lora: {} })
    expect(code).toBe(1)
    expect(stderr).toMatch(/train\.lora.*train\.model/s)
  })
})
