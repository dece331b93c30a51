// An engineer's own logs, from what lies around to a training file, through the real command.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { expect, test } from 'vitest'
import { runCli } from '../helpers/cli.ts'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()

/** A conversation of an agent whose tools have names and shapes of their own. */
const conversation = (n: number): object => {
  const hit = (k: number): object => ({
    ref: `https://kb.example/p?id=${n}:${k}`,
    head: `Page ${k}`,
    body: `Snippet ${k} of ${n}.`,
  })
  return {
    session_id: `s${n}`,
    metadata: { gold_answer: `town ${n}`, scores: { correctness: n % 4 === 0 ? 0 : 1 } },
    messages: [
      { role: 'user', content: `Which town does river ${n} flow through?` },
      {
        role: 'assistant',
        reasoning_content: 'I look it up.',
        content: '',
        tool_calls: [
          {
            id: 'a',
            type: 'function',
            function: { name: 'kb_find_pages', arguments: JSON.stringify({ needle: `river ${n}` }) },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: JSON.stringify({ payload: { rows: [1, 2, 3].map(hit) } }) },
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          {
            id: 'b',
            type: 'function',
            function: { name: 'kb_show', arguments: JSON.stringify({ ref: `https://kb.example/p?id=${n}:2` }) },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'b', content: `Page 2\nThe whole of page 2: river ${n} flows through town ${n}.` },
      {
        role: 'assistant',
        reasoning_content: `It says that river ${n} flows through town ${n}, which answers it.`,
        content: `town ${n}`,
      },
    ],
  }
}

const TOOLS = {
  search: {
    names: ['kb_find_pages'],
    query: 'needle',
    hits: '$.payload.rows[*]',
    docid: 'ref',
    title: 'head',
    text: 'body',
  },
  open: { names: ['kb_show'], docid: 'ref' },
}

const setUp = (config: object): string => {
  const folder = temp()
  writeFiles(folder, {
    'logs.jsonl': `${Array.from({ length: 8 }, (_, n) => JSON.stringify(conversation(n))).join('\n')}\n`,
    'mine.yaml': stringify({
      run: 'runs/lr=0.1',
      corpus: { format: 'trajectories' },
      trajectories: { import: 'logs.jsonl', tools: TOOLS },
      ...config,
    }),
  })
  return folder
}

interface TrainRow {
  readonly query: string
  readonly pos_id: readonly string[]
  readonly neg_id: readonly string[]
  readonly pos: readonly string[]
}
const exported = (folder: string): TrainRow[] =>
  readFileSync(join(folder, 'runs/lr=0.1/export/lrat-train.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TrainRow)

test('logs without a corpus become a corpus and training pairs', { timeout: 120_000 }, async () => {
  const folder = setUp({ filter: { match: 'contains' } })
  const { code, stderr } = await runCli(['run', '-c', 'mine.yaml', '--to', 'export'], { cwd: folder })
  expect(stderr).toContain('logs.jsonl is taken for openai: 8 of the first 8 records are OpenAI chat messages')
  expect(stderr).toContain('kb_find_pages: searches, 8 calls, 8 understood')
  expect(stderr).toContain('the corpus is what the logs show: 24 documents, whole where the agent opened one')
  expect(code).toBe(0)
  const rows = exported(folder)
  expect(rows).toHaveLength(8)
  expect(rows[0]).toMatchObject({
    query: 'river 0',
    pos_id: ['https://kb.example/p?id=0:2'],
    neg_id: ['https://kb.example/p?id=0:1', 'https://kb.example/p?id=0:3'],
  })
  expect(rows[0]?.pos[0]).toContain('The whole of page 2')
})

test('a score of the logs, or of a file beside them, says which answers were right', { timeout: 120_000 }, async () => {
  const folder = setUp({ filter: { correctness: { field: 'correctness' } } })
  const run = await runCli(['run', '-c', 'mine.yaml', '--to', 'export'], { cwd: folder })
  expect(run.stderr).not.toContain('error')
  expect(run.code).toBe(0)
  expect(exported(folder).map(({ query }) => query)).toEqual([1, 2, 3, 5, 6, 7].map((n) => `river ${n}`))
  writeFiles(folder, { 'scores.csv': 'session_id,name,value\ns1,good,0.9\ns2,good,0.2\ns3,other,1\n' })
  const byFile = ['--set', 'filter.correctness={field: good, at_least: 0.5, file: scores.csv}']
  expect((await runCli(['run', '-c', 'mine.yaml', '--to', 'filter', ...byFile], { cwd: folder })).code).toBe(0)
  const shown = await runCli(['show', 'runs/lr=0.1', 'verdicts', '--json', '--limit', '9'], { cwd: folder })
  const verdicts = shown.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { trajectory_id: string; correct: boolean | null })
  expect(verdicts.filter(({ correct }) => correct !== null)).toMatchObject([
    { trajectory_id: 's1', correct: true },
    { trajectory_id: 's2', correct: false },
  ])
  const none = await runCli(
    ['run', '-c', 'mine.yaml', '--to', 'filter', '--set', 'filter.correctness={field: nosuch}'],
    { cwd: folder },
  )
  expect(none.code).toBe(1)
  expect(none.stderr).toMatch(/filter\.correctness: expected a score nosuch on the trajectories; found none/)
})

test('tools that are not understood stop the import, with a call and the key to set', { timeout: 60_000 }, async () => {
  const folder = setUp({
    trajectories: {
      import: 'logs.jsonl',
      tools: { search: { names: ['kb_find_pages'] }, open: { names: ['kb_show'] } },
    },
  })
  const { code, stderr } = await runCli(['generate', '-c', 'mine.yaml'], { cwd: folder })
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /logs\.jsonl, tool kb_find_pages: expected nine in ten .*one that is not: kb_find_pages\(.*needle.*trajectories\.tools\.search/,
  )
})

test('questions of a file are found by what was asked', { timeout: 60_000 }, async () => {
  const folder = setUp({ queries: { path: 'questions.tsv' } })
  writeFiles(folder, {
    'questions.tsv': `${Array.from({ length: 8 }, (_, n) => `Q-${n}\twhich town does River ${n} flow through\ttown ${n}`).join('\n')}\n`,
  })
  const { code, stderr } = await runCli(['run', '-c', 'mine.yaml', '--to', 'filter'], { cwd: folder })
  expect(stderr).not.toContain('error')
  expect(code).toBe(0)
  const shown = await runCli(['show', 'runs/lr=0.1', 'trajectories', '--json', '--limit', '1'], { cwd: folder })
  expect(JSON.parse(shown.stdout)).toMatchObject({ trajectory_id: 's0', query_id: 'Q-0' })
})

test('inspect-logs says what is there and writes a configuration that runs', { timeout: 120_000 }, async () => {
  const folder = temp()
  const usual = (n: number): string =>
    JSON.stringify(conversation(n))
      .replaceAll('kb_find_pages', 'search_pages')
      .replaceAll('kb_show', 'open_page')
      .replaceAll('needle', 'query')
      .replaceAll('payload', 'data')
      .replaceAll('rows', 'results')
      .replaceAll('\\"ref', '\\"url')
      .replaceAll('head', 'title')
      .replaceAll('body', 'text')
  writeFiles(folder, { 'logs.jsonl': `${Array.from({ length: 5 }, (_, n) => usual(n)).join('\n')}\n{"cut": \n` })
  const { stdout, stderr } = await runCli(['inspect-logs', 'logs.jsonl', '--output', 'found.yaml'], { cwd: folder })
  expect(stdout).toMatch(/^format {4}openai: /)
  expect(stdout).toContain('skipped   1 × malformed-json; the first: logs.jsonl line 6')
  expect(stdout).toMatch(/search_pages: searches, 5 calls, 5 understood/)
  expect(stdout).toMatch(/opened documents that an earlier search showed +5 of 5 \(100%\)/)
  expect(stderr).toContain('wrote found.yaml')
  const run = await runCli(['run', '-c', 'found.yaml', '--to', 'export'], { cwd: folder })
  expect(run.stderr).not.toContain('error')
  expect(run.code).toBe(0)
  expect(readdirSync(join(folder, 'runs/mine/export'))).toContain('lrat-train.jsonl')
})
