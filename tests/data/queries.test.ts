import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readQrels } from '../../data/readers/qrels.ts'
import { readQueries } from '../../data/readers/queries.ts'
import { sharedTest } from '../helpers/shared.ts'
import { collect, failure, scratch } from './helpers.ts'

const { folder, write } = scratch()

describe('readQueries', () => {
  it('TSV without a header, with one of usual names, with named columns', async () => {
    const expected = [
      { query_id: '1', question: 'Who "is"?', answers: ['A|B'] },
      { query_id: '2', question: 'What?', answers: [] },
    ]
    const bare = '1\tWho "is"?\tA|B\n2\tWhat?\t\n'
    expect(await collect(readQueries(write('a.tsv', bare), { format: 'tsv' }))).toEqual(expected)
    expect(await collect(readQueries(write('b.tsv', `id\tquestion\tanswer\n${bare}`), { format: 'tsv' }))).toEqual(
      expected,
    )
    const columns = { query_id: 'n', question: 'q', answer: 'gold' }
    const named = write('c.csv', 'gold,q,n,other\nA|B,"Who ""is""?",1,x\n,What?,2,y\n')
    expect(await collect(readQueries(named, { format: 'csv', columns }))).toEqual(expected)
    const split = await collect(readQueries(write('a.tsv', bare), { format: 'tsv', separator: '|' }))
    expect(split[0].answers).toEqual(['A', 'B'])
    expect(await collect(readQueries(write('d.tsv', '1\tOnly a question?\n'), { format: 'tsv' }))).toEqual([
      { query_id: '1', question: 'Only a question?', answers: [] },
    ])
  })

  it('JSON Lines with the usual keys', async () => {
    const path = write(
      'a.jsonl',
      '{"query_id": 1, "query": "Q1", "answer": "A"}\n{"id": "b", "question": "Q2", "answers": ["A", "B"]}\n{"_id": "c", "text": "Q3"}\n',
    )
    expect(await collect(readQueries(path, { format: 'jsonl' }))).toEqual([
      { query_id: '1', question: 'Q1', answers: ['A'] },
      { query_id: 'b', question: 'Q2', answers: ['A', 'B'] },
      { query_id: 'c', question: 'Q3', answers: [] },
    ])
    const numbers = write('b.jsonl', '{"id": 1, "question": "Q", "answers": [1]}\n')
    await failure(readQueries(numbers, { format: 'jsonl' }), /b\.jsonl line 1.*answers/)
  })

  it('names the line of a repeated id, an empty question, a ragged row, a missing column', async () => {
    const problem = async (text: string) =>
      (await failure(readQueries(write('bad.tsv', text), { format: 'tsv' }))).problem
    expect(await problem('1\tQ\tA\n2\tR\tB\n1\tS\tC\n')).toMatchObject({
      where: `${join(folder, 'bad.tsv')} line 3`,
      found: expect.stringContaining('line 1') as string,
    })
    expect((await problem('1\tQ\tA\n2\t \tB\n')).where).toMatch(/line 2$/)
    expect((await problem('\tQ\tA\n')).where).toMatch(/line 1$/)
    expect((await problem('1\tQ\tA\n2\tR\n')).where).toMatch(/line 2$/)
    expect(await problem('just text\n')).toMatchObject({
      found: 'one field',
      where: expect.stringMatching(/line 1$/) as string,
    })
    const columns = { query_id: 'id', question: 'q' }
    const missing = await failure(readQueries(write('m.tsv', 'id\tquestion\n1\tQ\n'), { format: 'tsv', columns }))
    expect(missing.problem.found).toBe('columns "id", "question"')
    expect(await collect(readQueries(write('empty.tsv', ''), { format: 'tsv' }))).toEqual([])
  })

  const infoseek = 'data/infoseek/InfoSeek-Eval.tsv'
  sharedTest('the real InfoSeek-Eval: 300 questions, each with an answer', [infoseek], async (path) => {
    const queries = await collect(readQueries(path, { format: 'tsv' }))
    expect(queries).toHaveLength(300)
    expect(queries.every(({ answers }) => answers.length === 1)).toBe(true)
    expect(queries[1]).toMatchObject({ query_id: 'InfoSeek-Eval_1', answers: ['Ion Ghica'] })
  })

  sharedTest('the real HotpotQA file', ['data/hotpotqa/hotpot_dev_distractor_100.json'], async (path) => {
    const queries = await collect(readQueries(path, { format: 'hotpotqa' }))
    expect(queries).toHaveLength(100)
    expect(queries[0]).toMatchObject({ query_id: 'hotpotqa-0', answers: ['yes'] })
    expect(await collect(readQrels(path, 'hotpotqa'))).toHaveLength(200)
  })
})

describe('readQrels', () => {
  const expected = [
    { query_id: 'q1', docid: 'd1', relevance: 2 },
    { query_id: 'q1', docid: 'd2', relevance: 0 },
  ]

  it('TREC, TSV with and without header, JSON Lines', async () => {
    expect(await collect(readQrels(write('a.txt', 'q1 0 d1 2\nq1\tQ0  d2 0\n'), 'trec'))).toEqual(expected)
    const bare = 'q1\td1\t2\nq1\td2\t0\n'
    expect(await collect(readQrels(write('a.tsv', bare), 'tsv'))).toEqual(expected)
    expect(await collect(readQrels(write('b.tsv', `query-id\tcorpus-id\tscore\n${bare}`), 'tsv'))).toEqual(expected)
    expect(await collect(readQrels(write('c.tsv', 'q1\t0\td1\t2\nq1\t0\td2\t0\n'), 'tsv'))).toEqual(expected)
    expect(await collect(readQrels(write('d.tsv', 'q 1\ta title\t1\n'), 'tsv'))).toEqual([
      { query_id: 'q 1', docid: 'a title', relevance: 1 },
    ])
    const json = '{"query_id":"q1","docid":"d1","relevance":2}\n{"query-id":"q1","corpus-id":"d2","score":0}\n'
    expect(await collect(readQrels(write('a.jsonl', json), 'jsonl'))).toEqual(expected)
  })

  it("BrowseComp-Plus's questions: evidence by default, gold documents when asked", async () => {
    const questions = [
      {
        query_id: 1,
        query: 'Q?',
        answer: 'A',
        gold_docs: [{ docid: '7', text: 't', url: 'u' }],
        evidence_docs: [{ docid: '7', text: 't', url: 'u' }, { docid: 8 }, { docid: '7' }],
        negative_docs: [{ docid: '9' }],
      },
      { query_id: '2', query: 'Q?', answer: 'A', gold_docs: [], evidence_docs: [] },
    ]
    const path = write('questions.jsonl', questions.map((question) => `${JSON.stringify(question)}\n`).join(''))
    const label = (docid: string) => ({ query_id: '1', docid, relevance: 1 })
    const drops: string[] = []
    expect(await collect(readQrels(path, 'jsonl', (reason) => drops.push(reason)))).toEqual([label('7'), label('8')])
    expect(drops).toEqual(['duplicate'])
    expect(await collect(readQrels(path, 'gold_docs'))).toEqual([label('7')])
    const bad = write('bad.jsonl', '{"query_id":"1","evidence_docs":[{"text":"t"}]}\n{"query_id":"2"}\n')
    expect((await failure(readQrels(bad, 'evidence_docs'))).problem).toMatchObject({
      where: expect.stringMatching(/line 1$/) as string,
      expected: expect.stringContaining('"docid"') as string,
    })
    expect((await failure(readQrels(bad, 'gold_docs'))).problem.expected).toBe('a list of documents under "gold_docs"')
    expect(await collect(readQueries(path, { format: 'jsonl' }))).toMatchObject([{ query_id: '1', answers: ['A'] }, {}])
  })

  it('keeps a negative relevance as 0 and a repeated label once, and says so', async () => {
    const drops: string[] = []
    const path = write('neg.txt', 'q1 0 d1 2\nq1 0 d2 -1\nq1 0 d1 2\nq1 0 d2 0\n')
    expect(await collect(readQrels(path, 'trec', (reason) => drops.push(reason)))).toEqual(expected)
    expect(drops).toEqual(['negative-relevance', 'duplicate', 'duplicate'])
  })

  it('names the line of labels that differ, of too few fields, of no number', async () => {
    const where = async (text: string) => (await failure(readQrels(write('bad.txt', text), 'trec'))).problem.where
    expect(await where('q1 0 d1 2\nq2 0 d1 1\nq1 0 d1 1\n')).toMatch(/line 3$/)
    expect(await where('q1 0 d1 2\nq1 d1\n')).toMatch(/line 2$/)
    expect(await where('q1 0 d1 much\n')).toMatch(/line 1$/)
    expect(await where('q1 0 d1 0.5\n')).toMatch(/line 1$/)
    expect((await failure(readQrels(join(folder, 'absent'), 'trec'))).problem.found).toBe('nothing there')
  })
})
