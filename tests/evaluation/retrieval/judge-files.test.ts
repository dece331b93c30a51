import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeFiles, type JudgeFiles } from '../../../evaluation/retrieval/judge-files.ts'

let folder: string
let file: (name: string, text: string) => Promise<string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lrat-judge-'))
  file = async (name, text) => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const judge = (options: Pick<JudgeFiles, 'qrels' | 'runs'> & Partial<JudgeFiles>) =>
  judgeFiles({ metrics: ['recall@1', 'mrr@10'], missing: 'zero', empty: 'skip', seed: 0, resamples: 100, ...options })

describe('judgeFiles', () => {
  it('equals trec_eval on random files of many queries', async () => {
    const fixture = new URL('./metrics-trec.json', import.meta.url)
    const cases = JSON.parse(await readFile(fixture, 'utf8')) as Record<
      'run' | 'qrels' | 'expected',
      Record<string, number>
    >[]
    const lines = (key: 'run' | 'qrels', line: (query: string, docid: string, value: number) => string) =>
      cases
        .flatMap((one, q) => Object.entries(one[key]).map(([docid, value]) => line(`q${q}`, docid, value)))
        .join('\n')
    const qrels = await file(
      'random.qrels',
      lines('qrels', (q, docid, grade) => `${q} 0 ${docid} ${grade}`),
    )
    const run = await file(
      'random.run',
      lines('run', (q, docid, score) => `${q} Q0 ${docid} 1 ${score} x`),
    )
    const { rows, perQuery } = await judge({ qrels, runs: [run], metrics: ['ndcg@10', 'map', 'recall@100'] })
    const relevant = cases.filter(({ qrels }) => Object.values(qrels).some((grade) => grade > 0))
    expect(rows[0].n).toBe(relevant.length)
    for (const metric of ['ndcg@10', 'map', 'recall@100']) {
      const mean = relevant.reduce((sum, { expected }) => sum + expected[metric], 0) / relevant.length
      expect(rows[0].metrics[metric].mean).toBeCloseTo(mean, 6)
    }
    expect(Object.keys(perQuery['random.run'])).toHaveLength(relevant.length)
  })

  it('compares runs, counts missing queries and says what is odd', async () => {
    const qrels = await file('a.tsv', 'q1\td1\t1\nq2\td2\t1\nq2\td2\t1\nq3\td3\t0\nq4\td4\t-1\nq5\td5\t2\n')
    const good = await file('good.run', 'q1 Q0 d1 1 3 x\nq2 Q0 d2 1 3 x\nq9 Q0 d2 1 3 x\n')
    const bad = await file('bad.run', 'q1 Q0 d1 1 3 x\nq2 Q0 d7 1 3 x\nq2 Q0 d2 2 1 x\nq5 Q0 d5 1 1 x\n')
    const { rows, comparisons, notes } = await judge({ qrels, runs: [good, bad] })
    expect(rows.map(({ system, n, metrics }) => [system, n, metrics['recall@1'].mean])).toEqual([
      ['good.run', 3, 2 / 3],
      ['bad.run', 3, 2 / 3],
    ])
    expect(comparisons.map(({ metric, difference }) => [metric, difference])).toEqual([
      ['recall@1', 0],
      ['mrr@10', (2 - 2.5) / 3],
    ])
    expect(notes.map((note) => note.replace(folder, ''))).toEqual([
      '/a.tsv: 1 repeated judgement, counted once',
      '/a.tsv: 1 judgement of a negative relevance, taken as 0',
      '/a.tsv: left out: 2 queries without a relevant document',
      '/good.run: left out, since not judged: 1 query of 3',
      '/good.run: no hits for 1 judged query, which count as 0',
    ])
    const skipped = await judge({ qrels, runs: [good, bad], missing: 'skip' })
    expect(skipped.rows.map(({ n }) => n)).toEqual([2, 2])
    const all = await judge({ qrels, runs: [good], empty: 'zero' })
    expect([all.rows[0].n, all.rows[0].metrics['recall@1'].mean]).toEqual([5, 2 / 5])
  })

  it('refuses judgements without relevant documents and runs of other queries', async () => {
    const none = await file('none.qrels', 'q1 0 d1 0\n')
    const other = await file('other.run', 'x1 Q0 d1 1 3 x\n')
    const qrels = await file('some.qrels', 'q1 0 d1 1\n')
    await expect(judge({ qrels: none, runs: [other] })).rejects.toThrow('expected at least one relevant document')
    await expect(judge({ qrels, runs: [other] })).rejects.toThrow('none among its 1 query')
  })
})
