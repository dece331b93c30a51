// A run folder made by hand, in and out in BrowseComp-Plus's layout, against numbers computed by hand.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { calibrationError, statedConfidence } from '../../../evaluation/agents/calibration.ts'
import { readAgentRuns, type AgentRun } from '../../../evaluation/agents/agent-runs.ts'
import { formatAgentSummary, summariseAgentRuns } from '../../../evaluation/agents/agent-summary.ts'
import {
  browseCompRecord,
  browseCompSummary,
  citedDocids,
  recordNames,
  writeBrowseComp,
} from '../../../evaluation/agents/browsecomp.ts'
import { tempFolders, writeFiles } from '../../helpers/temp.ts'

const temp = tempFolders()
const runsIn = async (folder: string): Promise<AgentRun[]> => {
  const runs: AgentRun[] = []
  for await (const run of readAgentRuns(folder)) runs.push(run)
  return runs
}

const run = (query_id: string, response: string, more: object = {}) => ({
  metadata: { model: 'm' },
  query_id,
  status: 'completed',
  tool_call_counts: { search: 2, get_document: 1 },
  retrieved_docids: ['11', '12'],
  result: [{ type: 'output_text', output: response }],
  ...more,
})
const naming = { model: 'm', retriever: 'bm25', date: '2026-01-01' }

describe('four runs', async () => {
  const folder = temp()
  writeFiles(folder, {
    // Right, one of two evidence documents found; cites one of them and another.
    'run_a.json': run('1', 'It is Oslo [11], as [5] says.\nExact Answer: Oslo\nConfidence: 40%'),
    // Unfinished: wrong whatever it says.
    'run_b.json': run('2', 'Exact Answer: Oslo\nConfidence: 90%', { status: 'incomplete', tool_call_counts: {} }),
    // Right, all evidence found.
    'run_c.json': run('3', 'Exact Answer: Paris', { retrieved_docids: ['13'], tool_call_counts: { search: 5 } }),
    // No verdict, and nothing of its evidence found.
    'run_d.json': run('4', 'Exact Answer: Rome\nConfidence: 70%', { retrieved_docids: [] }),
  })
  const runs = await runsIn(folder)
  const relevant = (...ids: string[]) => new Map(ids.map((id) => [id, 1]))
  const evidence = new Map([
    ['1', new Map([...relevant('11', '99'), ['12', 0]])],
    ['3', relevant('13')],
    ['4', relevant('14', '15')],
  ])
  const summary = summariseAgentRuns({
    runs,
    questions: ['1', '2', '3', '4', '5'],
    evidence,
    decide: ({ queryId }) => ({ correct: queryId === '4' ? null : true }),
  })

  it('are summed up', () => {
    expect(summary).toMatchObject({ runs: 4, completed: 3, missing: 1, undecided: 1, withEvidence: 3, stated: 1 })
    expect(summary.success.mean).toBe(0.5)
    expect(summary.evidenceRecall.mean).toBe(0.5)
    expect(summary.steps.mean).toBe((3 + 0 + 5 + 3) / 4)
    expect(browseCompSummary(summary, naming)).toEqual({
      LLM: 'm',
      'Accuracy (%)': 50,
      'Recall (%)': 50,
      avg_tool_stats: { get_document: 0.5, search: 2.25 },
      'Calibration Error (%)': 0,
      Retriever: 'bm25',
      Link: 'change me when submitting',
      'Evaluation Date': '2026-01-01',
      per_query_metrics: [
        { query_id: '1', correct: true, recall: 50 },
        { query_id: '2', correct: false, recall: null },
        { query_id: '3', correct: true, recall: 100 },
        { query_id: '4', correct: false, recall: 0 },
      ],
    })
    expect(formatAgentSummary('runs/x', 'me', summary).split('\n')).toEqual([
      'x: 4 runs, 3 completed, 1 question without a run',
      expect.stringMatching(/^ {2}success {10}50\.0% {2}\(\d+\.\d–\d+\.\d\) {2}by me$/),
      '                   1 run without a verdict, counted as wrong',
      expect.stringMatching(/^ {2}evidence recall {2}50\.0% {2}\(.*\) {2}over 3 runs with judged evidence$/),
      '  tool calls       2.8  (get_document 0.5, search 2.3)',
      '  calibration      -  (1 stated confidence; 100 are needed)',
    ])
  })

  it('have a record each', () => {
    const judging = { prompt: 'p', reply: 'r', extracted: 'Oslo', rationale: 'same' }
    const record = (at: number) =>
      browseCompRecord({
        result: summary.results[at],
        question: 'Where?',
        answers: ['Oslo'],
        evidence,
        judging,
        judge: { model: 'j', maxTokens: 9 },
      })
    expect(record(0)).toEqual({
      json_path: join(folder, 'run_a.json'),
      query_id: '1',
      question: 'Where?',
      response: 'It is Oslo [11], as [5] says.\nExact Answer: Oslo\nConfidence: 40%',
      correct_answer: 'Oslo',
      is_completed: true,
      judge_prompt: 'p',
      judge_response: 'r',
      judge_result: {
        extracted_final_answer: 'Oslo',
        reasoning: 'same',
        correct: true,
        confidence: 40,
        parse_error: false,
      },
      tool_call_counts: { search: 2, get_document: 1 },
      citations: {
        cited_docids: ['11', '5'],
        metrics: { num_citations: 2, num_relevant: 2, precision: 0.5, recall: 0.5 },
      },
      retrieval: { retrieved_docids: ['11', '12'], recall: 0.5 },
      model_info: { judge_model: 'j', max_output_tokens: 9 },
    })
    expect(record(1)).toMatchObject({ judge_result: { parse_error: true }, citations: null, is_completed: false })
    // The benchmark's judge takes an answer without a confidence for fully confident.
    expect(record(2)).toMatchObject({ judge_result: { confidence: 100 }, citations: { cited_docids: [] } })
    expect(record(3)).toMatchObject({ judge_result: { correct: null, parse_error: true } })
    expect(recordNames(summary.results)).toEqual(['a', 'b', 'c', 'd'].map((letter) => `run_${letter}_eval.json`))
    writeBrowseComp(join(folder, 'evals'), [['run_a_eval.json', record(0)]], browseCompSummary(summary, naming))
    const read = (name: string) => JSON.parse(readFileSync(join(folder, 'evals', name), 'utf8')) as unknown
    expect(read('run_a_eval.json')).toEqual(record(0))
    expect(read('evaluation_summary.json')).toEqual(browseCompSummary(summary, naming))
  })

  it('are named after their query where they have no file, and never twice the same', () => {
    const named = (file: string | undefined, queryId: string) => ({
      ...summary.results[0],
      run: { ...runs[0], file, queryId },
    })
    const results = [named(undefined, 'a/b'), named('x/run.json', '1'), named('y/run.json.gz', '2')]
    expect(recordNames(results)).toEqual(['run_a%2fb_eval.json', 'run_eval.json', 'run#2_eval.json'])
  })
})

it('calibration: over the stated confidences, and as the benchmark counts it', async () => {
  const folder = temp()
  const said = (at: number): string => (at < 100 ? '\nConfidence: 20%' : at < 200 ? '\nConfidence: 60%' : '')
  const files = Array.from({ length: 250 }, (_, at) => [`run_${at}.json`, run(`${at}`, `Answer.${said(at)}`)] as const)
  writeFiles(folder, Object.fromEntries(files))
  // 50 of 100 right at 20%, 80 of 100 at 60%, 30 of 50 that state nothing.
  const right = (at: number): boolean => (at < 100 ? at < 50 : at < 200 ? at < 180 : at < 230)
  const summary = summariseAgentRuns({
    runs: await runsIn(folder),
    questions: [],
    evidence: new Map(),
    decide: ({ queryId }) => ({ correct: right(Number(queryId)) }),
  })
  expect(summary.calibrationError).toBeCloseTo(Math.sqrt(0.5 * 0.3 ** 2 + 0.5 * 0.2 ** 2), 12)
  // Two bins of its 250 answers, the 150 most confident ones in the last, which its script leaves out: √(0.4 · 0.3²).
  expect(browseCompSummary(summary, naming)).toMatchObject({
    'Accuracy (%)': 64,
    'Recall (%)': null,
    'Calibration Error (%)': 18.97,
  })
})

describe('confidence', () => {
  it('is the last one stated', () => {
    expect(statedConfidence('Confidence: 20%\n**Confidence:** 85 %')).toBe(0.85)
    expect(statedConfidence('**Confidence Score**: ~95%')).toBe(0.95)
    expect(statedConfidence('Confidence: {90%}')).toBe(0.9)
    expect(statedConfidence('confidence = 7.5')).toBeCloseTo(0.075)
    expect(statedConfidence('Confidence: 0.85')).toBe(0.85)
    expect(statedConfidence('Confidence: 0.5%')).toBe(0.005)
    expect(statedConfidence('Confidence: 1%')).toBe(0.01)
    expect(statedConfidence('Confidence: 850%')).toBeUndefined()
    expect(statedConfidence('I am confident.')).toBeUndefined()
  })

  it('errs by the size-weighted root mean square over bins', () => {
    const low = Array.from({ length: 100 }, (_, i) => ({ confidence: 0.2, correct: i < 50 }))
    const high = Array.from({ length: 150 }, (_, i) => ({ confidence: 0.9, correct: i < 90 }))
    expect(calibrationError([...high, ...low])).toBeCloseTo(Math.sqrt(0.4 * 0.3 ** 2 + 0.6 * 0.3 ** 2), 12)
    expect(calibrationError([...high, ...low], { dropLast: true })).toBeCloseTo(Math.sqrt(0.4 * 0.3 ** 2), 12)
    expect(calibrationError(low.slice(1))).toBeUndefined()
  })
})

it('citations are the numbers in brackets of both kinds', () => {
  expect(citedDocids('a [1] b [2, 3] c 【4】【5†L1】 [x] [] 6 [1]')).toEqual(['1', '2', '3', '4', '5'])
})
