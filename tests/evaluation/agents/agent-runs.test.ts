import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readAgentRuns, type AgentRun } from '../../../evaluation/agents/agent-runs.ts'
import { makeTar } from '../../data/archives.ts'
import { sharedTest } from '../../helpers/shared.ts'
import { tempFolders, writeFiles, jsonl } from '../../helpers/temp.ts'
import { zipOf } from '../../helpers/zip.ts'

const temp = tempFolders()
const collect = async (path: string): Promise<AgentRun[]> => {
  const runs: AgentRun[] = []
  for await (const run of readAgentRuns(path)) runs.push(run)
  return runs
}

const run = (query_id: string | number, more: object = {}) => ({
  metadata: { model: 'm', searcher_type: 'bm25' },
  query_id,
  status: 'completed',
  tool_call_counts: { search: 2, get_document: 1 },
  retrieved_docids: ['a', 7],
  result: [{ type: 'output_text', tool_name: null, arguments: null, output: 'Oslo' }],
  ...more,
})

it('what a run says about itself holds; evaluations among the runs are passed over', async () => {
  const folder = temp()
  writeFiles(folder, {
    'run_1.json': run(1),
    'run_1_eval.json': { query_id: 1 },
    'evaluation_summary.json': {},
    'deep/run_2.json': run('2', { status: 'incomplete' }),
  })
  const runs = await collect(folder)
  expect(runs.map(({ queryId, completed, file }) => [queryId, completed, file])).toEqual([
    ['2', false, 'deep/run_2.json'],
    ['1', true, 'run_1.json'],
  ])
  expect(runs[1]).toMatchObject({ response: 'Oslo', model: 'm', retriever: 'bm25' })
  expect(runs[1].toolCalls).toEqual({ search: 2, get_document: 1 })
  expect([...runs[1].retrieved]).toEqual(['a', '7'])
})

it('without it, calls are counted and docids read from whatever a search printed', async () => {
  const search = (tool_name: string, output: unknown) => ({ type: 'tool_call', tool_name, arguments: '{}', output })
  const hits = [
    { docid: 'b', score: 2.5, snippet: 'DocID' },
    { docid: 12, score: 1, snippet: 's' },
  ]
  const bare = run('q', {
    tool_call_counts: {},
    retrieved_docids: undefined,
    result: [
      search('search', 'found\nDocID:c\n[t]\nsnippet'),
      search('search', JSON.stringify(hits, null, 2)),
      search('local_knowledge_base_retrieval', hits),
      search('search', JSON.stringify({ results: [{ docid: 'd' }] })),
      search('search', '[\n  {"docid": "e", "snippet": "x"},\n  {"docid": 99, "snippet": "cut sho'),
      search('get_document', JSON.stringify({ docid: 'opened', text: 't' })),
      search('search', 'Error: [no] {hits}'),
    ],
  })
  const folder = temp()
  writeFiles(folder, { 'runs.jsonl': jsonl([bare]) })
  const [{ retrieved, toolCalls, response }] = await collect(join(folder, 'runs.jsonl'))
  expect([...retrieved]).toEqual(['c', 'b', '12', 'd', 'e', '99'])
  expect(toolCalls).toEqual({ search: 5, local_knowledge_base_retrieval: 1, get_document: 1 })
  expect(response).toBe('')
})

it('folder, tar, zip, JSON Lines and their compressed forms hold the same runs', async () => {
  const folder = temp()
  const files = Object.fromEntries([1, 2, 3].map((id) => [`run_${id}.json`, JSON.stringify(run(id))]))
  const lines = jsonl([1, 2, 3].map((id) => run(id)))
  const tar = await makeTar(Object.entries(files).map(([name, text]) => ({ name, content: text })))
  writeFiles(join(folder, 'plain'), files)
  writeFiles(folder, {
    'runs.tar': tar,
    'runs.tar.gz': gzipSync(tar),
    'runs.zip': zipOf({ ...files, 'run_1_eval.json': '{}' }),
    'runs.jsonl': lines,
    'runs.jsonl.gz': gzipSync(lines),
  })
  const bare = async (name: string) =>
    (await collect(join(folder, name))).map(({ queryId, retrieved }) => [queryId, [...retrieved]])
  const expected = ['1', '2', '3'].map((id) => [id, ['a', '7']])
  for (const name of ['plain', 'runs.tar', 'runs.tar.gz', 'runs.zip', 'runs.jsonl', 'runs.jsonl.gz'])
    expect(await bare(name), name).toEqual(expected)
})

it('a run that is none is refused with its place', async () => {
  const folder = temp()
  writeFiles(folder, {
    'bad.jsonl': jsonl([run(1), { query_id: '2' }]),
    'cut/run.json': '{"query_id": ',
    'bad.zip': zipOf({ 'x/run.json': '[]' }),
  })
  const refuse = (name: string, message: RegExp) => expect(collect(join(folder, name))).rejects.toThrow(message)
  await refuse('bad.jsonl', /bad\.jsonl line 2: expected an agent run: .*no list `result`/)
  await refuse('cut', /cut\/run\.json: expected one agent run in JSON/)
  await refuse('bad.zip', /bad\.zip: x\/run\.json: expected an agent run/)
  await refuse('nothing', /nothing: expected a file or folder; found nothing there/)
})

it('those of the sample are read as they are', async () => {
  const runs = await collect(fileURLToPath(new URL('../../../configs/sample/trajectories', import.meta.url)))
  expect(runs).toHaveLength(6)
  expect(runs[1]).toMatchObject({ toolCalls: { search: 2, get_document: 3 }, response: 'It is Tellmark.' })
  expect([...runs[1].retrieved].toSorted()).toEqual(['108', '109', '110', '111', '112', '999'])
  expect(runs[5].response).toBe('')
})

sharedTest('those of the reference system are read as they are', ['data/lrat/trajectories'], async (path) => {
  const runs = await collect(path)
  expect(runs).toHaveLength(6)
  for (const { retrieved, toolCalls, response } of runs) {
    expect(retrieved.size).toBeGreaterThan(9)
    expect(toolCalls['search']).toBeGreaterThan(0)
    expect(response).not.toBe('')
  }
})
