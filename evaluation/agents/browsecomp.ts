// What BrowseComp-Plus's evaluation script writes: one record a run, a summary for its leaderboard.
import { basename, join } from 'node:path'
import { calibrationError } from './calibration.ts'
import type { Judgements } from '../retrieval/metrics.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { AgentResult, AgentSummary } from './agent-summary.ts'

/** How one run was judged, beyond right or wrong. */
export interface Judging {
  readonly prompt: string | null
  readonly reply: string | null
  readonly extracted: string | null
  readonly rationale: string | null
}

export interface Naming {
  /** The agent's model; the benchmark asks its users to fill in what is unknown. */
  readonly model: string
  readonly retriever: string
  /** YYYY-MM-DD */
  readonly date: string
}

const UNKNOWN = 'change me when submitting'

const percent = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : Number((100 * value).toFixed(2))

/** The confidence that the benchmark counts: its judge takes an answer that states none for fully confident. */
const countedConfidence = ({ confidence = 1 }: AgentResult): number => confidence

/**
 * The summary for the leaderboard. Its calibration error is the released script's: over every answered and decided run, a
 * missing confidence being 100%, without the last bin of 100, and 0 below 100 runs.
 */
export const browseCompSummary = (summary: AgentSummary, { model, retriever, date }: Naming) => {
  const decided = summary.results.flatMap((result) => {
    const { answered, correct } = result
    return answered && correct !== null ? [{ confidence: countedConfidence(result), correct }] : []
  })
  return {
    LLM: model || UNKNOWN,
    'Accuracy (%)': percent(summary.success.mean),
    'Recall (%)': percent(summary.evidenceRecall.mean),
    avg_tool_stats: summary.toolCalls,
    'Calibration Error (%)': percent(calibrationError(decided, { dropLast: true }) ?? 0),
    Retriever: retriever || UNKNOWN,
    Link: UNKNOWN,
    'Evaluation Date': date,
    per_query_metrics: summary.results.map(({ run, correct, recall }) => ({
      query_id: run.queryId,
      correct: correct ?? false,
      recall: percent(recall),
    })),
  }
}

/** Docids that a response cites: the numbers within [] or 【】. */
export const citedDocids = (response: string): string[] => [
  ...new Set(
    [...response.matchAll(/\[([^[\]]*)\]|【([^【】]*)】/g)].flatMap(
      ([, plain, wide]) => (plain ?? wide).match(/\d+/g) ?? [],
    ),
  ),
]

const citations = (response: string, relevant: ReadonlySet<string>) => {
  const cited = citedDocids(response)
  const right = cited.filter((docid) => relevant.has(docid)).length
  return {
    cited_docids: cited,
    metrics: {
      num_citations: cited.length,
      num_relevant: relevant.size,
      precision: cited.length === 0 ? 0 : right / cited.length,
      recall: cited.length === 0 || relevant.size === 0 ? 0 : right / relevant.size,
    },
  }
}

interface RecordInput {
  readonly result: AgentResult
  readonly question: string
  readonly answers: readonly string[]
  readonly evidence: Judgements
  readonly judging: Judging | undefined
  readonly judge: { readonly model: string; readonly maxTokens: number | null }
}

/** One run's record. */
export const browseCompRecord = ({ result, question, answers, evidence, judging, judge }: RecordInput) => {
  const { run, answered, correct, recall } = result
  const relevant = [...(evidence.get(run.queryId) ?? [])].filter(([, grade]) => grade > 0).map(([docid]) => docid)
  return {
    json_path: run.where,
    query_id: run.queryId,
    question,
    response: run.response,
    correct_answer: answers.join(' | '),
    is_completed: run.completed,
    judge_prompt: judging?.prompt ?? null,
    judge_response: judging?.reply ?? null,
    judge_result: answered
      ? {
          extracted_final_answer: judging?.extracted ?? null,
          reasoning: judging?.rationale ?? null,
          correct,
          confidence: correct === null ? null : percent(countedConfidence(result)),
          parse_error: correct === null,
        }
      : { parse_error: true, error: run.completed ? 'no response' : `ended with status ${run.status}` },
    tool_call_counts: run.toolCalls,
    citations: answered ? citations(run.response, new Set(relevant)) : null,
    retrieval: { retrieved_docids: [...run.retrieved].sort(), recall: recall ?? null },
    model_info: { judge_model: judge.model, max_output_tokens: judge.maxTokens },
  }
}

/** A file name for any id: what is no plain character is written as its code. */
const plainName = (id: string): string =>
  id.replaceAll(/[^\p{L}\p{N}._#-]/gu, (character) => `%${character.codePointAt(0)?.toString(16) ?? ''}`)

/** Names of the runs' records, each once: after the run's file, or else after its query. */
export const recordNames = (results: readonly AgentResult[]): string[] => {
  const times = new Map<string, number>()
  return results.map(({ run }) => {
    const stem =
      run.file === undefined ? `run_${plainName(run.queryId)}` : basename(run.file).replace(/\.json(\.\w+)?$/i, '')
    const time = (times.get(stem) ?? 0) + 1
    times.set(stem, time)
    return `${stem}${time === 1 ? '' : `#${time}`}_eval.json`
  })
}

/** Writes records and summary into a folder, each file whole or not at all. */
export const writeBrowseComp = (
  folder: string,
  records: readonly (readonly [name: string, record: ReturnType<typeof browseCompRecord>])[],
  summary: ReturnType<typeof browseCompSummary>,
): void => {
  for (const [name, record] of records) writeFileAtomic(join(folder, name), `${JSON.stringify(record, null, 2)}\n`)
  writeFileAtomic(join(folder, 'evaluation_summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
}
