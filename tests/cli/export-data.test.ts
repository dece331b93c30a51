// What a run holds, in the forms of other programs: questions, judgements, training rows.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { all, connect, parquet } from '../../core/database.ts'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { jsonl } from '../helpers/temp.ts'
import { writeSample } from '../helpers/sample.ts'

let folder: string
let run: string
const lrat = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: folder })
const linesOf = (name: string): string[] => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1)
const objectsOf = (name: string): unknown[] => linesOf(name).map((line) => JSON.parse(line) as unknown)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lrat-export-'))
  const sample = writeSample(folder, {
    config: {
      queries: { path: 'queries.jsonl', qrels: 'qrels.txt' },
    },
    files: {
      'queries.jsonl': jsonl([
        { query_id: 't1', query: 'a\tquestion\nin two lines', answer: 'x' },
        { query_id: 't2', query: 'another', answer: 'y' },
      ]),
      'qrels.txt': 't1 0 d1 2\nt1 0 d3 1\nt2 0 d2 1\n',
    },
  })
  run = sample.run
  const { code, stderr } = await lrat('run', '-c', sample.config, '--to', 'export')
  if (code !== 0) throw new Error(stderr)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('export-queries and export-qrels', () => {
  it('write TREC and TSV', async () => {
    expect((await lrat('export-qrels', run, '--output', 'q.txt')).stderr).toContain('3 judgements')
    expect(linesOf('q.txt')).toEqual(['t1 0 d1 2', 't1 0 d3 1', 't2 0 d2 1'])
    await lrat('export-qrels', run, '--format', 'tsv', '--output', 'q.tsv')
    expect(linesOf('q.tsv')).toEqual(['query-id\tcorpus-id\tscore', 't1\td1\t2', 't1\td3\t1', 't2\td2\t1'])
    await lrat('export-queries', run, '--output', 'out/queries.tsv')
    expect(linesOf('out/queries.tsv')).toContain('t1\ta question in two lines')
  })

  it('write a test collection as BEIR has it', async () => {
    expect((await lrat('export-qrels', run, '--format', 'beir', '--output', 'beir')).code).toBe(0)
    expect(objectsOf('beir/corpus.jsonl')).toHaveLength(20)
    expect(objectsOf('beir/corpus.jsonl')[1]).toMatchObject({ _id: 'd1' })
    expect(objectsOf('beir/queries.jsonl')).toContainEqual({ _id: 't1', text: 'a\tquestion\nin two lines' })
    expect(linesOf('beir/qrels/test.tsv')).toHaveLength(4)
    const again = await lrat('export-qrels', run, '--format', 'beir', '--output', 'beir')
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('one that holds files') as string })
  })

  it('refuse another ending', async () => {
    const refused = await lrat('export-queries', run, '--output', 'q.csv')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('.tsv or .jsonl') as string })
    expect(existsSync(join(folder, 'q.csv'))).toBe(false)
  })
})

describe('export-train', () => {
  interface Row {
    readonly query: string
    readonly pos: readonly string[]
    readonly neg: readonly string[]
    readonly pos_id: readonly string[]
    readonly neg_id: readonly string[]
    readonly reweight_rate: number
  }
  const rows = (): Row[] =>
    readFileSync(join(run, 'export/lrat-train.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
  const exported = async (format: string): Promise<unknown[]> => {
    const { code, stderr } = await lrat('export-train', run, '--format', format, '--output', `${format}.jsonl`)
    expect(code, stderr).toBe(0)
    return objectsOf(`${format}.jsonl`)
  }

  it('writes one object a negative as triplets', async () => {
    expect(await exported('triplets')).toEqual(
      rows().flatMap(({ query, pos: [positive], neg, reweight_rate: weight }) =>
        neg.map((negative) => ({ query, positive, negative, weight })),
      ),
    )
    expect(await exported('sentence-transformers')).toEqual(
      rows().flatMap(({ query: anchor, pos: [positive], neg }) =>
        neg.map((negative) => ({ anchor, positive, negative })),
      ),
    )
  })

  it('writes rows for FlagEmbedding and Tevatron, and the file itself', async () => {
    expect(await exported('lrat')).toEqual(rows())
    expect(await exported('flagembedding')).toEqual(rows().map(({ query, pos, neg }) => ({ query, pos, neg })))
    const [first] = rows()
    expect((await exported('tevatron'))[0]).toEqual({
      query_id: '1',
      query: first?.query,
      positive_passages: [{ docid: first?.pos_id[0], title: '', text: first?.pos[0] }],
      negative_passages: first?.neg.map((text, at) => ({ docid: first.neg_id[at], title: '', text })),
    })
  })

  it('writes Parquet with the same columns', async () => {
    await lrat('export-train', run, '--format', 'parquet', '--output', 'train.parquet')
    const connection = await connect({ threads: 1 })
    try {
      const found = await all<Row>(connection, `SELECT * FROM ${parquet(join(folder, 'train.parquet'))}`)
      expect(found).toEqual(rows())
    } finally {
      connection.closeSync()
    }
  })

  it('says which line is damaged, and leaves nothing', async () => {
    const broken = join(folder, 'broken')
    mkdirSync(join(broken, 'export'), { recursive: true })
    writeFileSync(join(broken, 'export/lrat-train.jsonl'), '{"query": "a", "pos": [], "neg": []}\n')
    const refused = await lrat('export-train', broken, '--format', 'triplets', '--output', 'none.jsonl')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('line 1') as string })
    expect(existsSync(join(folder, 'none.jsonl')) || existsSync(join(folder, 'none.jsonl.tmp'))).toBe(false)
  })
})
