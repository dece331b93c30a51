import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hitsOf, parseLratRun, toLratRun, uniqueId, type LratRun } from '../../data/readers/lrat-run.ts'
import { readLratRuns } from '../../data/readers/lrat-runs.ts'
import type { Trajectory } from '../../data/schemas.ts'
import { makeTar, makeZip } from './archives.ts'
import { sharedTest } from '../helpers/shared.ts'
import { collect, failure, scratch } from './helpers.ts'

const { folder, write } = scratch()

const used = (run: LratRun) => {
  if ('skip' in run) throw new Error(`skipped: ${run.skip} ${run.detail}`)
  return run
}
const runOf = (...result: unknown[]) => ({ query_id: 'q', query: 'Q?', answer: 'A', status: 'completed', result })
const call = (tool_name: string, args: unknown, output = '') => ({
  type: 'tool_call',
  tool_name,
  arguments: args,
  output,
})
const parse = (...result: unknown[]) => used(parseLratRun(runOf(...result), 'here'))

const SAMPLE = fileURLToPath(new URL('../../configs/sample/trajectories', import.meta.url))

const retrievedWhatTheySay = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    const json = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      retrieved_docids: string[]
      result: { tool_name: string | null; output: string }[]
    }
    const hits = json.result.filter(({ tool_name }) => tool_name === 'search').flatMap(({ output }) => hitsOf(output))
    expect([...new Set(hits)].sort(), name).toEqual(json.retrieved_docids)
  }
}

describe('parseLratRun', () => {
  it('leaves out a run with a NUL in an id, which ends a text elsewhere', () => {
    for (const ids of [{ query_id: 'a\0b' }, { query_id: 'a', trajectory_id: 'b\0' }])
      expect(parseLratRun({ ...runOf(), ...ids }, 'here')).toMatchObject({ where: 'here', skip: 'nul-in-id' })
  })

  it('maps steps one to one', () => {
    const output = 'found:\nDocID:a1\n[T]\ntext DocID:no\n\nDocID: b2 \r\n[U]'
    const { row, warnings } = parse(
      { type: 'reasoning', tool_name: null, arguments: null, output: 'think' },
      call('search', '{"query": ["x", "y"]}', output),
      call('get_document', { docid: 'b2' }, 'text'),
      { type: 'output_text', output: 'A long answer' },
    )
    expect(row.steps).toEqual([
      { type: 'reasoning', tool: null, arguments: '', output: 'think', docids: [] },
      { type: 'tool_call', tool: 'search', arguments: '{"query": ["x", "y"]}', output, docids: ['a1', 'b2'] },
      { type: 'tool_call', tool: 'get_document', arguments: '{"docid":"b2"}', output: 'text', docids: ['b2'] },
      { type: 'answer', tool: null, arguments: '', output: 'A long answer', docids: [] },
    ])
    expect(row).toMatchObject({
      trajectory_id: 'q',
      query_id: 'q',
      question: 'Q?',
      answer: 'A long answer',
      status: 'completed',
    })
    expect(warnings).toEqual({})
  })

  it('reads hits printed as JSON, in rank order, whole or cut short', () => {
    const hits = [
      { docid: '51', score: 9.5, snippet: 'DocID: "docid": "0"' },
      { docid: 7, snippet: 's' },
      { title: 't' },
    ]
    for (const output of [
      JSON.stringify(hits),
      JSON.stringify(hits, null, 2),
      JSON.stringify({ query: 'x', results: hits }),
    ])
      expect(hitsOf(output), output).toEqual(['51', '7'])
    expect(hitsOf('[{"docid": "a\\"b\\\\c", "docid": "d')).toEqual(['a"b\\c'])
    expect(hitsOf('[\n  {\n    "docid": "51",\n    "snippet": "cut sh')).toEqual(['51'])
    for (const output of ['[]', '{}', '[1, "docid"]', '{"error": "none"}', 'text "docid": "9"', '']) {
      expect(hitsOf(output), output).toEqual([])
    }
    const { row, warnings } = parse(call('search', '{"query": "x"}', JSON.stringify(hits)))
    expect(row.steps[0].docids).toEqual(['51', '7'])
    expect(warnings).toEqual({})
  })

  it('reads the docid of a browse in all its forms', () => {
    const forms = [
      [['7'], '7'],
      ['7', '7'],
      [' 7 ', '7'],
      [7, '7'],
      [' wiki:7', 'wiki:7'],
      [['x:7', '8'], 'x:7'],
      [[7, 8], '7'],
    ]
    for (const [docid, id] of forms) {
      for (const args of [{ docid }, JSON.stringify({ docid }), { url: docid }]) {
        expect(parse(call('visit', args)).row.steps[0].docids, JSON.stringify(args)).toEqual([id])
      }
    }
    expect(parse(call('visit', { docid: ['7', '8'] })).warnings).toEqual({ 'array-docid': 1 })
    for (const args of [{}, { docid: [] }, { docid: null }, { docid: '' }, '', null]) {
      const { row, warnings } = parse(call('get_document', args))
      expect(row.steps[0].docids).toEqual([])
      expect(warnings['no-docid']).toBe(1)
    }
  })

  it('counts what the layout does not promise, and keeps it', () => {
    const { row, warnings } = parse(
      call('get_document', 'docid: 7'),
      call('get_document', '[7]'),
      call('search', '{"query": ["cut sh', 'DocID:1'),
      call('python', '{"code": "1"}', 'out'),
      { type: 'plan', output: 'later' },
      'text',
      null,
    )
    expect(warnings).toEqual({
      'arguments-not-json': 3,
      'no-docid': 2,
      'unknown-tool': 1,
      'unknown-step-type': 1,
      'step-not-an-object': 2,
    })
    expect(row.steps).toHaveLength(7)
    expect(row.steps[0].arguments).toBe('docid: 7')
    expect(row.steps[2].docids).toEqual(['1'])
    expect(row.steps[3]).toMatchObject({ tool: 'python', output: 'out', docids: [] })
  })

  it('says why a run cannot be used', () => {
    const reasons = [null, [], 'x', {}, { query_id: 'q' }, { query_id: '', result: [] }, { query_id: 'q', result: {} }]
    expect(reasons.map((json) => parseLratRun(json, 'here')).map((run) => ('skip' in run ? run.skip : ''))).toEqual([
      'not-an-object',
      'not-an-object',
      'not-an-object',
      'no-query-id',
      'no-result',
      'no-query-id',
      'no-result',
    ])
  })

  it('fills in what is missing', () => {
    const run = used(parseLratRun({ query_id: 12, result: [{ type: 'output_text', output: 'A' }] }, 'here'))
    expect(run.row).toMatchObject({ query_id: '12', status: 'completed', answer: 'A', agent: '', retriever: '' })
    expect(run.warnings).toEqual({ 'no-status': 1, 'no-question': 1 })
    expect(used(parseLratRun({ query_id: 'q', result: [] }, 'here')).row.status).toBe('unknown')
  })
})

describe("the layout's `answer`", () => {
  it('is the gold one: an unfinished run answers nothing', () => {
    const run = used(parseLratRun({ ...runOf(call('search', '{}', 'DocID:1')), status: 'step-limit' }, 'here'))
    expect(run).toMatchObject({ gold: 'A', row: { answer: '', status: 'step-limit' } })
    expect(used(parseLratRun(toLratRun(run.row, 'A'), 'here'))).toMatchObject(run)
  })
})

describe('toLratRun', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 })
  const id = fc.string({ minLength: 1, maxLength: 6 })
  const count = fc.option(fc.nat(1_000_000))
  const step = fc.record({
    type: fc.constantFrom('reasoning', 'tool_call', 'answer', 'plan'),
    tool: fc.option(fc.constantFrom('search', 'get_document', 'visit', 'python')),
    arguments: fc.oneof(text, fc.constant('{"docid":"a:7"}')),
    output: fc.oneof(text, fc.constant('DocID:1\n[x]\n\nDocID:2\n')),
    docids: fc.oneof(fc.array(text, { maxLength: 3 }), fc.constantFrom(['7'], ['1', '2'])),
  })
  const trajectory: fc.Arbitrary<Trajectory> = fc.record({
    trajectory_id: id,
    query_id: id,
    question: text,
    retriever: text,
    agent: text,
    status: text,
    answer: text,
    steps: fc.array(step, { maxLength: 5 }),
    prompt_tokens: count,
    completion_tokens: count,
    reason: fc.option(text),
    http_status: fc.option(fc.integer({ min: 100, max: 599 })),
    text_calls: count,
    malformed_turns: count,
    replaced_characters: count,
  })

  it('counts calls that were executed, and beside them those that could not be', () => {
    const step = (tool: string, output: string, docids: string[]) =>
      ({ type: 'tool_call', tool, arguments: '{}', output, docids }) as const
    const [row] = fc.sample(trajectory, 1)
    const steps = [
      step('search', 'found', ['1']),
      step('search', 'A search found no results.', []),
      step('search', 'Error: search needs {"query": ["…"]}.', []),
      step('google', 'Error: there is no tool named google', []),
    ]
    expect(row && toLratRun({ ...row, steps })).toMatchObject({
      tool_call_counts: { search: 2 },
      tool_call_failures: { search: 1, google: 1 },
    })
  })

  it('is the inverse of parsing, through text', () => {
    fc.assert(
      fc.property(trajectory, (row) => {
        const json: unknown = JSON.parse(JSON.stringify(toLratRun(row)))
        expect(used(parseLratRun(json, 'here')).row).toEqual(row)
      }),
      { numRuns: 500, seed: 11 },
    )
  })
})

describe('uniqueId', () => {
  it('numbers the later ones, past names that are taken', () => {
    const taken = new Set<string>()
    expect(['1', '1#2', '1', '1', '2'].map((base) => uniqueId(base, taken))).toEqual(['1', '1#2', '1#3', '1#4', '2'])
  })
})

describe('readLratRuns', () => {
  const text = (id: string) => JSON.stringify({ query_id: id, query: 'Q', status: 'completed', answer: '', result: [] })
  const summary = async (path: string) =>
    (await collect(readLratRuns(path))).map((run) => [run.where, 'skip' in run ? run.skip : run.row.query_id])

  it('a folder, a tgz, a zip, JSON Lines, one file; malformed ones are skips', async () => {
    write('runs/2.json', text('b'))
    write('runs/11.json', '{"query_id": ')
    write('runs/1.json', `\ufeff${text('a')}`)
    write('runs/more.jsonl.gz', gzipSync(`${text('c')}\n\n{}\n`))
    write('runs/readme.md', 'hello')
    expect(await summary(join(folder, 'runs'))).toEqual([
      ['1.json', 'a'],
      ['2.json', 'b'],
      ['11.json', 'malformed-json'],
      ['more.jsonl.gz line 1', 'c'],
      ['more.jsonl.gz line 3', 'no-query-id'],
    ])
    const entries = [
      { name: 'r/2.json', content: text('b') },
      { name: 'r/more.jsonl', content: `${text('c')}\n\n{"a\n` },
    ]
    for (const name of ['runs.tgz', 'runs.zip']) {
      const bytes = name.endsWith('zip') ? makeZip(entries) : gzipSync(await makeTar(entries))
      expect(await summary(write(name, bytes))).toEqual([
        [`${name}: r/2.json`, 'b'],
        [`${name}: r/more.jsonl line 1`, 'c'],
        [`${name}: r/more.jsonl line 3`, 'malformed-json'],
      ])
    }
    expect(await summary(write('all.jsonl', `${text('a')}\nnull\n${text('b')}`))).toEqual([
      ['all.jsonl line 1', 'a'],
      ['all.jsonl line 2', 'not-an-object'],
      ['all.jsonl line 3', 'b'],
    ])
    expect(await summary(write('one.json', text('a')))).toEqual([['one.json', 'a']])
  })

  it('an empty file gives no run, an empty .json a skip, a missing path an error', async () => {
    expect(await summary(write('empty.jsonl', ''))).toEqual([])
    expect(await summary(write('empty.json', ''))).toEqual([['empty.json', 'malformed-json']])
    expect((await failure(readLratRuns(join(folder, 'absent')))).problem.found).toBe('nothing there')
    await failure(readLratRuns(write('cut.jsonl.gz', gzipSync(text('a')).subarray(0, 40))), /whole gzip data/)
  })
})

describe('whole runs', () => {
  it('of the sample parse without a warning, and come back from their own layout', async () => {
    const runs = (await collect(readLratRuns(SAMPLE))).map(used)
    expect(runs.map(({ row }) => [row.query_id, row.steps.length])).toEqual([
      ['1', 10],
      ['2', 10],
      ['3', 7],
      ['4', 8],
      ['5', 4],
      ['6', 3],
    ])
    // Opening a list is the only oddity in them.
    expect(runs.map(({ warnings }) => warnings)).toEqual([{}, {}, {}, { 'array-docid': 1 }, {}, {}])
    expect(runs[1].row.steps[4].docids).toEqual(['111', '108', '112', '999'])
    expect(runs[5]).toMatchObject({ gold: 'the Kettle', row: { status: 'step-limit', answer: '' } })
    for (const { row, gold } of runs) expect(used(parseLratRun(toLratRun(row, gold), 'here')).row).toEqual(row)
  })

  it('of the sample retrieved what they say they retrieved', () => retrievedWhatTheySay(SAMPLE))

  const real = 'data/lrat/trajectories'
  sharedTest('the six real ones parse without a warning, and come back from their own layout', [real], async (path) => {
    const runs = (await collect(readLratRuns(path))).map(used)
    expect(runs.map(({ row }) => row.query_id)).toEqual(['1', '4', '5', '6', '11', '14'])
    expect(runs.map(({ row }) => row.steps.length)).toEqual([6, 28, 14, 50, 10, 16])
    expect(runs.map(({ warnings }) => warnings)).toEqual(runs.map(() => ({})))
    expect(runs[0].row.steps[1].docids).toHaveLength(10)
    expect(runs[0].row.steps[1].docids.slice(0, 2)).toEqual(['9358159', '2690620'])
    expect(runs[0].row.steps[3].docids).toEqual(['9358159'])
    expect(runs[0].gold).toBe('Bedřich Havlíček')
    expect(runs[0].row.answer).toMatch(/^The Czech historian/)
    expect(runs[0].row).toMatchObject({ retriever: 'bm25', status: 'completed' })
    for (const { row } of runs) expect(used(parseLratRun(toLratRun(row), 'here')).row).toEqual(row)
  })

  sharedTest('the six real ones retrieved what they say they retrieved', [real], (path) => retrievedWhatTheySay(path))
})
