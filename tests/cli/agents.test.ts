// `lrat agents` as a user calls it: judged by comparison, by a model behind a fake server, by given verdicts.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { faultKinds, someFaults, startFake, type FakeServer } from '../../scripts/fake-openai/server.ts'
import { runCli, startCli, type CliResult } from '../helpers/cli.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()
const QUESTIONS = 40
const ids = Array.from({ length: QUESTIONS }, (_, at) => String(at))

/** Even questions are answered rightly, but in other words than the key's; every tenth run is unfinished. */
const runOf = (id: string) => ({
  metadata: { model: 'agent-1', searcher_type: 'bm25' },
  query_id: id,
  status: Number(id) % 10 === 9 ? 'incomplete' : 'completed',
  tool_call_counts: { search: 3 },
  retrieved_docids: [`d${id}`],
  result: [{ type: 'output_text', output: `Exact Answer: the ${Number(id) % 2 === 0 ? 'right' : 'other'} city ${id}` }],
})

/** Questions as BrowseComp-Plus has them, with their evidence. */
const questions = ids.map((id) => ({
  query_id: id,
  query: `Which city is it, ${id}?`,
  answer: `City no. ${id}`,
  evidence_docs: [
    { docid: `d${id}`, text: 't', url: 'u' },
    { docid: `e${id}`, text: 't', url: 'u' },
  ],
  gold_docs: [{ docid: `d${id}`, text: 't', url: 'u' }],
}))

let folder: string
let server: FakeServer
let asked: string[]
beforeEach(async () => {
  folder = temp()
  asked = []
  server = await startFake({
    key: 'secret-key-1',
    script: ({ question }) => {
      const [, id] = /Which city is it, (\d+)\?/.exec(question) ?? []
      asked.push(id)
      const verdict = question.includes('the right city') ? 'yes' : 'no'
      return { content: `extracted: city ${id}\nrationale: Compared.\ncorrect: ${verdict}` }
    },
  })
  const judge = {
    model: 'fake-judge',
    endpoints: [{ base_url: server.url, api_key_env: 'JUDGE_KEY', concurrency: 4 }],
    backoff: { first: 0.005, max: 0.05 },
    request_timeout: 1,
    price: { prompt: 1000, completion: 1000 },
  }
  writeFiles(folder, {
    ...Object.fromEntries(ids.map((id) => [`runs/mine/run_${id}.json`, runOf(id)])),
    'questions.jsonl': jsonl(questions),
    'config.yaml': JSON.stringify({ run: 'runs/none', llm: { judge } }),
  })
  process.env['JUDGE_KEY'] = 'secret-key-1'
})
afterEach(async () => {
  delete process.env['JUDGE_KEY']
  await server.close()
})

const agents = (...args: string[]): Promise<CliResult> =>
  runCli(['agents', 'runs/mine', '--answers', 'questions.jsonl', ...args], { cwd: folder })
const judged = ['--judge', 'llm', '-c', 'config.yaml', '--output', 'out']
const records = () =>
  Object.fromEntries(
    readdirSync(join(folder, 'out'))
      .filter((name) => name.endsWith('.json'))
      .map((name) => [name, readFileSync(join(folder, 'out', name), 'utf8')]),
  )

describe('a model as the judge', () => {
  test('is asked once an answer, through failures; its verdicts are kept and written', async () => {
    server.set({ fault: someFaults(0.2, faultKinds) })
    const { code, stdout, stderr } = await agents(...judged)
    expect(stderr).toMatch(/^judged by fake-judge: 36 answers; 36 calls, .* spent.*, \d+ failed requests$/m)
    expect(stderr).not.toContain('secret-key-1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^mine: 40 runs, 36 completed\n {2}success {10}50\.0% .* by fake-judge$/m)
    expect(stdout).toMatch(/^ {2}evidence recall {2}50\.0% /m)
    const written = records()
    expect(Object.keys(written)).toHaveLength(QUESTIONS + 1)
    expect(JSON.parse(written['run_4_eval.json'])).toMatchObject({
      query_id: '4',
      question: 'Which city is it, 4?',
      correct_answer: 'City no. 4',
      judge_response: 'extracted: city 4\nrationale: Compared.\ncorrect: yes',
      judge_result: { extracted_final_answer: 'city 4', reasoning: 'Compared.', correct: true, parse_error: false },
      retrieval: { retrieved_docids: ['d4'], recall: 0.5 },
      model_info: { judge_model: 'fake-judge' },
    })
    expect(JSON.parse(written['evaluation_summary.json'])).toMatchObject({
      LLM: 'agent-1',
      'Accuracy (%)': 50,
      'Recall (%)': 50,
      Retriever: 'bm25',
    })

    const requests = server.stats.requests
    const again = await agents(...judged)
    expect(again.stderr).toMatch(/36 answers, 36 of them judged before; 0 calls/)
    expect(again.stdout).toBe(stdout)
    expect(records()).toEqual(written)
    expect(server.stats.requests).toBe(requests)
    // What it wrote is read back as verdicts.
    const reread = await agents('--verdicts', 'out')
    expect(reread.stdout.replace('by out', 'by fake-judge')).toBe(stdout)
  })

  test('killed and started again, asks only for what is missing', async () => {
    server.set({ thinkMs: 60 })
    const { child, result } = startCli(['agents', 'runs/mine', '--answers', 'questions.jsonl', ...judged], {
      cwd: folder,
    })
    while (server.stats.replies < 12) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGKILL')
    await result
    while (server.stats.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    server.set({ thinkMs: 0 })
    const before = asked.length
    const { code, stderr } = await agents(...judged)
    expect(code).toBe(0)
    const kept = Number(/, (\d+) of them judged before/.exec(stderr)?.[1])
    // Of the last replies, one a connection, some may not have reached the journal.
    expect(kept).toBeGreaterThanOrEqual(12 - 2 * 4)
    expect(asked.length - before).toBe(36 - kept)
    expect(Object.keys(records())).toHaveLength(QUESTIONS + 1)
  })

  test('whose calls fail or cannot be read leaves answers without verdict; failed calls are asked again', async () => {
    server.set({
      script: ({ question }) => ({
        content: question.includes('it, 20?') ? 'Perhaps.' : 'extracted: x\nrationale: y\ncorrect: no',
      }),
      fault: (arrival) => (arrival < 3 ? '500' : undefined),
    })
    const settings = ['--set', 'llm.judge.retries=0']
    const { stdout, stderr } = await agents(...judged, ...settings)
    expect(stderr).toMatch(/^note: 1 reply of the judge could not be read$/m)
    expect(stderr).toMatch(/^note: 3 calls failed \(.*\); the same command asks again$/m)
    expect(stdout).toMatch(/4 runs without a verdict, counted as wrong/)
    const requests = server.stats.requests
    const again = await agents(...judged, ...settings)
    expect(again.stdout).toMatch(/1 run without a verdict/)
    expect(server.stats.requests - requests).toBe(3)
  })

  test('stops at its budget and goes on with a larger one', async () => {
    const short = await agents(...judged, '--set', 'llm.judge.budget.tokens=5000')
    expect(short.code).toBe(1)
    expect(short.stderr).toMatch(/a spent budget after \d+ verdicts\. The verdicts are kept/)
    const { stderr } = await agents(...judged)
    expect(Number(/, (\d+) of them judged before/.exec(stderr)?.[1])).toBeGreaterThan(0)
    expect(new Set(asked).size).toBe(36)
  })

  test('needs a configuration, and the key in the environment', async () => {
    expect((await agents('--judge', 'llm')).stderr).toMatch(/--judge llm: expected a configuration .*Give it with -c/)
    delete process.env['JUDGE_KEY']
    const { code, stderr } = await agents(...judged)
    expect(code).toBe(1)
    expect(stderr).toMatch(/expected the API key in the environment variable JUDGE_KEY; found nothing/)
  })
})

describe('without a model', () => {
  test('answers are compared, evidence comes from the questions, gold documents when asked', async () => {
    const { stdout } = await agents()
    expect(stdout).toMatch(/success {10}0\.0% .* by exact match/)
    expect(stdout).toMatch(/evidence recall {2}50\.0%/)
    expect(existsSync(join(folder, 'out'))).toBe(false)
    writeFiles(folder, {
      'gold.jsonl': jsonl(questions.map(({ query_id, gold_docs }) => ({ query_id, gold_docs }))),
      'evidence.txt': ids.map((id) => `${id} Q0 d${id} 1\n`).join(''),
    })
    for (const file of ['gold.jsonl', 'evidence.txt'])
      expect((await agents('--qrels', file)).stdout).toMatch(/evidence recall {2}100\.0%/)
    const loose = await agents('--judge', 'contains', '--json', '--retriever', 'mine')
    expect(JSON.parse(loose.stdout)).toMatchObject({ 'Accuracy (%)': 0, Retriever: 'mine' })
  })

  test('verdicts of another judge are taken as they are', async () => {
    const verdicts = ids.map((id) => ({ query_id: Number(id), correct: Number(id) < 8, confidence: 50 }))
    writeFiles(folder, { 'verdicts.jsonl': jsonl(verdicts.slice(0, -2)), 'bad.jsonl': '{"query_id":"1"}\n' })
    const { stdout, stderr } = await agents('--verdicts', 'verdicts.jsonl')
    expect(stdout).toMatch(/success {10}20\.0%/)
    expect(stdout).toMatch(/1 run without a verdict/)
    expect(stderr).toMatch(/^note: no verdict on 1 answered run in verdicts\.jsonl$/m)
    expect((await agents('--verdicts', 'bad.jsonl')).stderr).toMatch(
      /bad\.jsonl line 1: expected an object with query_id/,
    )
    expect((await agents('--verdicts', 'bad.jsonl', '--judge', 'llm')).stderr).toMatch(/cannot be used with/)
  })

  test('runs may name the right answers themselves; none does here', async () => {
    const named = ids.map((id) => ({ ...runOf(id), query: 'Which?', answer: `The other city ${id}|x` }))
    writeFiles(folder, { 'named.jsonl': jsonl(named), 'none.jsonl': '\n' })
    const lrat = (...args: string[]) => runCli(['agents', ...args], { cwd: folder })
    const [with_, without, none] = await Promise.all([
      lrat('named.jsonl', '--separator', '|'),
      lrat('runs/mine'),
      lrat('none.jsonl'),
    ])
    // Half of the 36 answered ones, less the four odd ones among the unfinished.
    expect(with_.stdout).toMatch(/^named\.jsonl: 40 runs, 36 completed\n {2}success {10}40\.0%/)
    expect(without.stderr).toMatch(/runs\/mine: expected runs that name the right answer .*found neither/)
    expect(none.stderr).toMatch(/none\.jsonl: expected agent runs, one JSON object each; found none/)
  })

  test('runs of other questions, answers without answers', async () => {
    writeFiles(folder, { 'few.tsv': '1\tQ\tA\n', 'none.tsv': '1\tQ\n', 'other.tsv': 'x\tQ\tA\n' })
    const lrat = (file: string) => runCli(['agents', 'runs/mine', '--answers', file], { cwd: folder })
    expect((await lrat('few.tsv')).stderr).toMatch(/note: left out: 39 runs of questions without an answer in few\.tsv/)
    expect((await lrat('none.tsv')).stderr).toMatch(/none\.tsv: expected questions with answers.*found not one answer/)
    expect((await lrat('other.tsv')).stderr).toMatch(/runs\/mine: expected agent runs .*found none among 40 runs/)
  })
})

test('the agent of a run of lrat: its own questions, answers and evidence', async () => {
  writeFiles(folder, {
    'demo.yaml': JSON.stringify({ run: 'demo', corpus: { format: 'synthetic', articles: 200, questions: 20 } }),
  })
  await runCli(['run', '-c', 'demo.yaml', '--to', 'filter'], { cwd: folder })
  const { code, stdout } = await runCli(['agents', 'demo', '--json'], { cwd: folder })
  expect(code).toBe(0)
  const summary = JSON.parse(stdout) as Record<string, unknown> & { per_query_metrics: { correct: boolean }[] }
  const right = summary.per_query_metrics.filter(({ correct }) => correct).length
  expect(summary).toMatchObject({ LLM: 'offline', Retriever: 'bm25', 'Accuracy (%)': 5 * right })
  expect(summary['Recall (%)']).toBeGreaterThan(0)
  const counts = JSON.parse(readFileSync(join(folder, 'demo/filter/manifest.json'), 'utf8')) as { counts: object }
  expect(counts.counts).toMatchObject({ correct: right })
})
