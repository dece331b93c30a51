// Who says whether an agent's answer is right: a comparison with the gold answers, a model, or somebody's verdicts.
import { join } from 'node:path'
import { isFolder } from '../../data/readers/folder.ts'
import { readJsonLines } from '../../data/readers/lines.ts'
import { readRunValues } from '../../data/readers/lrat-runs.ts'
import { isObject } from '../../core/json.ts'
import { loadConfig } from '../../pipeline/config.ts'
import { UserError } from '../../core/errors.ts'
import { openJournal } from '../../pipeline/journal.ts'
import { answerMaterial } from '../../agents/judges/answer-judge.ts'
import { maxTokensOf } from '../../agents/judges/judge.ts'
import { answerRelevant } from '../../pipeline/llm/settings.ts'
import { describeSpending } from '../../pipeline/llm/spending.ts'
import { lockRun } from '../../pipeline/lock.ts'
import { count, createProgress, many } from '../../pipeline/progress.ts'
import { configSchema } from '../../stages/config.ts'
import type { AgentRun } from '../../evaluation/agents/agent-runs.ts'
import { isAnswered, type Decision } from '../../evaluation/agents/agent-summary.ts'
import type { Judging } from '../../evaluation/agents/browsecomp.ts'
import { judgeRuns, type JudgedRuns, type RunVerdict } from '../../evaluation/agents/run-judge.ts'
import { matchesAnswer, shortAnswer, type MatchMode } from '../../evaluation/agents/exact-match.ts'
import { llmSettings, openLlm } from '../../pipeline/llm/open.ts'
import { onInterrupt } from '../interrupt.ts'
import type { AnswerKeys } from './agents-input.ts'
import { note } from '../print.ts'

export interface JudgeFlags {
  readonly judge: 'exact' | 'contains' | 'llm'
  readonly verdicts?: string
  readonly config?: string
  readonly set: readonly string[]
}

export interface Judge {
  /** For people: who judged. */
  readonly name: string
  readonly model: string
  /** Most tokens of a verdict; null where no model judged. */
  readonly maxTokens: number | null
  readonly decide: (run: AgentRun) => Decision
  /** How a run was judged; undefined where it was not. */
  readonly judging: (run: AgentRun) => Judging | undefined
}

interface JudgeInput {
  readonly flags: JudgeFlags
  readonly keys: AnswerKeys
  readonly runs: readonly AgentRun[]
  /** Where a model's verdicts are kept. */
  readonly folder: string | undefined
}

const byComparison = ({ flags: { judge }, keys, runs }: JudgeInput): Judge => {
  const matches = ({ queryId, response }: AgentRun, mode: MatchMode): boolean =>
    matchesAnswer(response, keys.get(queryId)?.answers ?? [], mode)
  const mode = judge === 'contains' ? 'contains' : 'exact'
  const mentions = runs.filter((run) => isAnswered(run) && !matches(run, mode) && matches(run, 'contains')).length
  if (mentions > 0) {
    const which = many(mentions, 'response mentions', 'responses mention')
    note(`note: ${which} a gold answer without being one: see --judge contains, or llm\n`)
  }
  return {
    name: mode === 'contains' ? 'a gold answer in the response' : 'exact match',
    model: mode === 'contains' ? 'contains' : 'exact-match',
    maxTokens: null,
    decide: (run) => ({ correct: matches(run, mode) }),
    judging: (run) =>
      isAnswered(run)
        ? { prompt: null, reply: null, extracted: shortAnswer(run.response), rationale: null }
        : undefined,
  }
}

const badVerdict = (where: string, value: unknown): UserError =>
  new UserError({
    where,
    expected: 'an object with query_id and correct (true or false)',
    found: JSON.stringify(value).slice(0, 80),
    fix: 'Correct that line.',
  })

/** One verdict a line, or a folder of records whose `judge_result` holds it; confidences in percent. */
const readVerdicts = async (path: string): Promise<Map<string, Decision>> => {
  const verdicts = new Map<string, Decision>()
  const add = (where: string, id: unknown, correct: unknown, confidence: unknown): void => {
    if (typeof id !== 'string' && typeof id !== 'number') throw badVerdict(where, { query_id: id, correct })
    if (typeof correct !== 'boolean' && correct !== null) throw badVerdict(where, { query_id: id, correct })
    verdicts.set(String(id), { correct, ...(typeof confidence === 'number' && { confidence: confidence / 100 }) })
  }
  if (await isFolder(path)) {
    for await (const value of readRunValues(path, (name) => name.endsWith('_eval.json'))) {
      const where = join(path, value.where)
      if ('malformed' in value) throw badVerdict(where, value.malformed)
      const record = isObject(value.json) ? value.json : {}
      const result = isObject(record.judge_result) ? record.judge_result : {}
      // 100 may only mean that the response states none; what it does state is read from it anyway.
      const confidence = result.confidence === 100 ? undefined : result.confidence
      add(where, record.query_id, result.parse_error === true ? null : result.correct, confidence)
    }
    return verdicts
  }
  for await (const lines of readJsonLines(path)) {
    for (const { value, number } of lines) {
      const { query_id, correct, confidence } = isObject(value) ? value : {}
      add(`${path} line ${number}`, query_id, correct, confidence)
    }
  }
  return verdicts
}

const byVerdicts = async (path: string, runs: readonly AgentRun[]): Promise<Judge> => {
  const verdicts = await readVerdicts(path)
  const absent = runs.filter((run) => isAnswered(run) && !verdicts.has(run.queryId)).length
  if (absent > 0) note(`note: no verdict on ${many(absent, 'answered run')} in ${path}\n`)
  return {
    name: path,
    model: path,
    maxTokens: null,
    decide: ({ queryId }) => verdicts.get(queryId) ?? { correct: null },
    judging: () => undefined,
  }
}

/** Says what judging cost and what came to nothing. */
const reportJudging = (
  { verdicts, reused }: JudgedRuns,
  model: string,
  totals: Parameters<typeof describeSpending>[0],
) => {
  const said = [many(verdicts.length, 'answer'), ...(reused > 0 ? [`${count(reused)} of them judged before`] : [])]
  const failures = totals.failures - totals.throttled
  const repeated = failures > 0 ? `, ${many(failures, 'failed request')}` : ''
  note(`judged by ${model}: ${said.join(', ')}; ${describeSpending(totals)}${repeated}\n`)
  const undecided = verdicts.filter(({ correct }) => correct === null)
  const failed = undecided.filter(({ reply }) => reply === null)
  const unread = undecided.length - failed.length
  if (unread > 0) note(`note: ${many(unread, 'reply', 'replies')} of the judge could not be read\n`)
  const [first] = failed
  if (first !== undefined) {
    const { rationale } = first
    note(`note: ${many(failed.length, 'call')} failed (${rationale}); the same command asks again\n`)
  }
}

const byModel = async ({ flags, keys, runs, folder }: JudgeInput): Promise<Judge> => {
  if (flags.config === undefined || folder === undefined) {
    throw new UserError({
      where: '--judge llm',
      expected: 'a configuration that names the model under llm.judge (or llm.agent)',
      found: 'no --config',
      fix: 'Give it with -c; configs/llm.yaml is an example.',
    })
  }
  const config = loadConfig(configSchema, flags.config, flags.set)
  const settings = config.llm.verdicts
  const llm = await openLlm(config, 'judge')
  const answered = runs.filter(isAnswered)
  const asked = answered.map(({ queryId, response }) => ({
    ...(keys.get(queryId) ?? { question: '', answers: [] }),
    response,
  }))
  const release = lockRun(folder)
  const { signal, stop } = onInterrupt()
  const progress = createProgress()
  progress.start('judge')
  try {
    const journal = await openJournal<RunVerdict>(join(folder, 'verdicts.ndjson'))
    try {
      const judged = await judgeRuns({
        asked,
        llm,
        model: answerRelevant(llmSettings(config, 'judge')),
        settings,
        journal,
        signal,
        onProgress: ({ done }) =>
          progress.update(done, asked.length, 'answers', describeSpending(llm.spending.totals())),
      })
      reportJudging(judged, llm.model, llm.spending.totals())
      const at = new Map(answered.map((run, i) => [run, i]))
      const of = (run: AgentRun): RunVerdict | undefined => judged.verdicts[at.get(run) ?? -1]
      return {
        name: llm.model,
        model: llm.model,
        maxTokens: maxTokensOf(settings),
        decide: (run) => ({ correct: of(run)?.correct ?? null }),
        judging: (run) => {
          const verdict = of(run)
          return verdict && { ...verdict, prompt: answerMaterial(asked[at.get(run) ?? 0]) }
        },
      }
    } finally {
      await journal.close()
    }
  } finally {
    stop()
    release()
    llm.close()
  }
}

/** Opens the judge that the flags ask for; a model has judged every run when this resolves. */
export const openJudge = (input: JudgeInput): Promise<Judge> | Judge => {
  const { flags, runs } = input
  if (flags.verdicts !== undefined) return byVerdicts(flags.verdicts, runs)
  return flags.judge === 'llm' ? byModel(input) : byComparison(input)
}
