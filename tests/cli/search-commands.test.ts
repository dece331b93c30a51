import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { register as registerMetrics } from '../../cli/commands/metrics.ts'
import { register as registerSearch } from '../../cli/commands/search.ts'
import { buildBm25 } from '../../search/bm25.ts'

let run: string
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(run, name), text)
  return join(run, name)
}
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'lrat-cli-'))
  await buildBm25(
    join(run, 'index', 'bm25'),
    (async function* () {
      yield [
        { docid: 'd1', title: 'Otters', text: 'Otters\nThey swim\u0007 in rivers.' },
        { docid: 'd2', title: '', text: 'Bears fish in rivers.' },
        { docid: 'zh', title: '東京', text: '東京\n東京 は 日本 の 首都' },
        { docid: 'ar', title: '', text: 'مرحبا بالعالم' },
      ]
    })(),
  )
})
afterAll(() => rm(run, { recursive: true, force: true }))

/** What the command last run wrote to stderr. */
let said: string
const lrat = async (...args: string[]): Promise<string> => {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  for (const register of [registerSearch, registerMetrics]) register(program)
  const written: string[] = []
  said = ''
  const capture = (text: string | Uint8Array): boolean => written.push(String(text)) > 0
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(capture),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true)),
  ]
  try {
    await program.parseAsync(['node', 'lrat', ...args])
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return written.join('')
}

describe('lrat search', () => {
  it('prints ranked hits, without control characters', async () => {
    const text = await lrat('search', run, 'otters rivers', '--snippet', '3')
    expect(text).toMatch(
      /^ {2}1 {2}\d\.\d{4} {2}d1 {2}Otters\n {5}They swim in\n {2}2 {2}\d\.\d{4} {2}d2\n {5}Bears fish in\n$/,
    )
    expect(await lrat('search', run, '!!!')).toBe('no hits\n')
    const json = JSON.parse(await lrat('search', run, 'otter', '--json')) as unknown
    expect(json).toMatchObject([{ rank: 1, docid: 'd1', title: 'Otters' }])
  })

  const docids = async (query: string, ...flags: string[]): Promise<string[]> =>
    (JSON.parse(await lrat('search', run, query, '--json', ...flags)) as { docid: string }[]).map(({ docid }) => docid)

  it('takes any text for a query', async () => {
    expect(await docids('"otters" AND NOT (body:bears)~2^3 *')).toEqual(['d1', 'd2'])
    expect(await docids(`otters' OR 1=1; -- \\`)).toEqual(['d1'])
    expect(await docids('\u0001\u0007otters\u001b[31m\u202e')).toEqual(['d1'])
    expect(await docids('東京')).toEqual(['zh'])
    expect(await docids('مرحبا')).toEqual(['ar'])
    for (const empty of ['', ' ', '"', '((', '\u202e', 'the of and']) expect(await docids(empty)).toEqual([])
    expect(await docids('rivers', '--k', '1000000')).toHaveLength(2)
  })

  it('says that it does not read the end of a query of 10,000 words', async () => {
    expect(await docids(`otters ${'x '.repeat(9_999)}`)).toEqual(['d1'])
    expect(said).toBe('note: 1 query has more than 1024 words; BM25 reads the first 1024\n')
    expect(await docids(`${'x '.repeat(9_999)} otters`)).toEqual([])
    await docids('otters')
    expect(said).toBe('')
  })

  it('refuses an index of another corpus', async () => {
    const stages = {
      ingest: { fingerprint: 'new', inputs: {} },
      index: { fingerprint: 'i', inputs: { ingest: 'old' } },
    }
    const nothing = { stageVersion: 1, parameters: {}, outside: [], versions: {}, tables: {}, files: [], counts: {} }
    for (const [stage, manifest] of Object.entries(stages)) {
      await mkdir(join(run, stage), { recursive: true })
      const whole = { stage, ...nothing, warnings: [], seconds: 0, ...manifest }
      await writeFile(join(run, stage, 'manifest.json'), JSON.stringify(whole))
    }
    await expect(lrat('search', run, 'otters')).rejects.toThrow("expected an index of the run's corpus")
    for (const stage of Object.keys(stages)) await rm(join(run, stage, 'manifest.json'))
  })

  it('refuses impossible options', async () => {
    await expect(lrat('search', run, 'x', '--k', '0')).rejects.toThrow('at least 1')
    await expect(lrat('search', run, 'x', '--approximate', 'lsh')).rejects.toThrow('ivf, hnsw')
  })
})

describe('lrat retrieve and metrics', () => {
  it('do the two halves of an evaluation', async () => {
    const config = await file('config.yaml', JSON.stringify({ run }))
    const queries = await file('queries.tsv', 'q1\tswimming otters\nq2\tbears\nq3\tnothing else\n')
    const qrels = await file('qrels.txt', 'q1 0 d1 1\nq2 0 d2 1\nq3 0 d1 1\n')
    const output = join(run, 'out.trec')
    await lrat('retrieve', '-c', config, '--queries', queries, '--output', output, '--k', '5')
    expect((await readFile(output, 'utf8')).split('\n').map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
      'q1 Q0 d1 1',
      'q2 Q0 d2 1',
      '',
    ])
    const table = await lrat('metrics', '--qrels', qrels, '--run', output, '--metrics', 'recall@1,map')
    expect(table).toMatch(/out\.trec +0\.667 +0\.667/)
    const json = JSON.parse(await lrat('metrics', '--qrels', qrels, '--run', output, '--per-query')) as object
    expect(json).toMatchObject({
      results: { 'qrels.txt': { 'out.trec': { queries: 3 } } },
      perQuery: { 'out.trec': { q3: { 'recall@10': 0 } } },
    })
    await expect(lrat('metrics', '--qrels', qrels, '--run', output, '--metrics', 'f1@3')).rejects.toThrow('"f1@3"')
  })
})
