// Evaluation of agents: did they answer rightly, with how many steps, and did their searches surface the evidence?
import { plainObject } from '../../core/tally.ts'
import { basename } from 'node:path'
import { calibrationError, statedConfidence } from './calibration.ts'
import type { Grades, Judgements } from '../retrieval/metrics.ts'
import { bootstrapMeans, type Estimate } from '../retrieval/statistics.ts'
import { count, many } from '../../pipeline/progress.ts'
import type { AgentRun } from './agent-runs.ts'

export interface Decision {
  /** Null where the judge came to no verdict: the run counts as wrong. */
  readonly correct: boolean | null
  /** The judge's reading of the stated confidence, in [0, 1]; by default it is read from the response. */
  readonly confidence?: number
}

/** One run's results. `recall` is undefined where the question has no evidence judged. */
export interface AgentResult {
  readonly run: AgentRun
  /** True where there was a response to judge: the run ended by itself and answered. */
  readonly answered: boolean
  /** Null where the judge came to no verdict. */
  readonly correct: boolean | null
  readonly steps: number
  readonly recall: number | undefined
  readonly confidence: number | undefined
}

export interface AgentSummary {
  readonly runs: number
  readonly completed: number
  /** Questions with an answer key that no run worked on. */
  readonly missing: number
  /** Runs beyond the first of their question. */
  readonly repeated: number
  /** Runs without a verdict; they count as wrong. */
  readonly undecided: number
  readonly success: Estimate
  /** Tool calls a run. */
  readonly steps: Estimate
  /** Share of a question's evidence documents that a search returned; over runs whose question has evidence. */
  readonly evidenceRecall: Estimate
  readonly withEvidence: number
  /** Responses that state a confidence. */
  readonly stated: number
  /** Over all bins of 100; undefined with fewer than 100 confidences. */
  readonly calibrationError: number | undefined
  /** Mean calls of each tool a run. */
  readonly toolCalls: Readonly<Record<string, number>>
  readonly results: readonly AgentResult[]
}

const recallOf = (retrieved: ReadonlySet<string>, grades: Grades | undefined): number | undefined => {
  const evidence = [...(grades ?? [])].filter(([, grade]) => grade > 0).map(([docid]) => docid)
  return evidence.length === 0 ? undefined : evidence.filter((docid) => retrieved.has(docid)).length / evidence.length
}

/** Whether there is something to judge. An unfinished run, or one without a response, is wrong. */
export const isAnswered = ({ completed, response }: AgentRun): boolean => completed && response.trim() !== ''

/** Judges runs. `decide` says whether a response is right; `questions` are the ids that should have been worked on. */
export const summariseAgentRuns = (options: {
  readonly runs: readonly AgentRun[]
  readonly questions: Iterable<string>
  readonly evidence: Judgements
  readonly decide: (run: AgentRun) => Decision
  readonly seed?: number
}): AgentSummary => {
  const { runs, questions, evidence, decide, seed = 0 } = options
  const results = runs.map((run): AgentResult => {
    const answered = isAnswered(run)
    const { correct, confidence } = answered ? decide(run) : { correct: false, confidence: undefined }
    return {
      run,
      answered,
      correct,
      steps: Object.values(run.toolCalls).reduce((sum, count) => sum + count, 0),
      recall: recallOf(run.retrieved, evidence.get(run.queryId)),
      confidence: answered ? (confidence ?? statedConfidence(run.response)) : undefined,
    }
  })
  const done = new Set(runs.map(({ queryId }) => queryId))
  const recalls = results.flatMap(({ recall }) => (recall === undefined ? [] : [recall]))
  const tools = [...new Set(runs.flatMap(({ toolCalls }) => Object.keys(toolCalls)))].sort()
  const stated = results.flatMap(({ confidence, correct }) =>
    confidence === undefined || correct === null ? [] : [{ confidence, correct }],
  )
  return {
    runs: runs.length,
    completed: runs.filter(({ completed }) => completed).length,
    missing: [...questions].filter((id) => !done.has(id)).length,
    repeated: runs.length - done.size,
    undecided: results.filter(({ correct }) => correct === null).length,
    success: bootstrapMeans({ x: results.map(({ correct }) => Number(correct ?? false)) }, { seed }).x,
    steps: bootstrapMeans({ x: results.map(({ steps }) => steps) }, { seed }).x,
    evidenceRecall: bootstrapMeans({ x: recalls }, { seed }).x,
    withEvidence: recalls.length,
    stated: stated.length,
    calibrationError: calibrationError(stated),
    toolCalls: plainObject(
      tools.map((tool) => [tool, runs.reduce((sum, { toolCalls }) => sum + (toolCalls[tool] ?? 0), 0) / runs.length]),
    ),
    results,
  }
}

const share = ({ mean, low, high }: Estimate): string =>
  `${(100 * mean).toFixed(1)}%  (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`

/** A few lines for a terminal; `judge` says who judged the answers. */
export const formatAgentSummary = (path: string, judge: string, summary: AgentSummary): string => {
  const { runs, completed, missing, repeated, undecided, success, steps, evidenceRecall, withEvidence } = summary
  const { toolCalls, stated, calibrationError: error } = summary
  const tools = Object.entries(toolCalls).map(([tool, count]) => `${tool} ${count.toFixed(1)}`)
  const heading = [
    many(runs, 'run'),
    `${count(completed)} completed`,
    ...(missing > 0 ? [`${many(missing, 'question')} without a run`] : []),
    ...(repeated > 0 ? [`${many(repeated, 'repeated run')} of a question`] : []),
  ]
  const calibration =
    error === undefined
      ? `-  (${many(stated, 'stated confidence')}; 100 are needed)`
      : `${(100 * error).toFixed(1)}% off  (${many(stated, 'stated confidence')})`
  return [
    `${basename(path)}: ${heading.join(', ')}`,
    `  success          ${share(success)}  by ${judge}`,
    ...(undecided > 0 ? [`                   ${many(undecided, 'run')} without a verdict, counted as wrong`] : []),
    withEvidence === 0
      ? '  evidence recall  -  (no evidence is judged: give --qrels)'
      : `  evidence recall  ${share(evidenceRecall)}${withEvidence < runs ? `  over ${many(withEvidence, 'run')} with judged evidence` : ''}`,
    `  tool calls       ${steps.mean.toFixed(1)}${tools.length > 0 ? `  (${tools.join(', ')})` : ''}`,
    `  calibration      ${calibration}`,
  ].join('\n')
}
