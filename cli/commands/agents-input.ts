// What `lrat agents` judges: runs, the right answers, the evidence documents.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Table } from '../../core/columns.ts'
import type { Judgements } from '../../evaluation/retrieval/metrics.ts'
import { qrelFormatOf, queryFormatOf } from '../../data/readers/by-name.ts'
import { readJsonLines } from '../../data/readers/lines.ts'
import { readQrels } from '../../data/readers/qrels.ts'
import { aliases, readQueries } from '../../data/readers/queries.ts'
import { isObject } from '../../core/json.ts'
import { qrels, queries, trajectories, type Qrel, type Query, type Trajectory } from '../../data/schemas.ts'
import { connect, parquet, stream } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { intactParts } from '../../pipeline/intact.ts'
import { listParts } from '../../pipeline/parts.ts'
import { many } from '../../pipeline/progress.ts'
import { stageFolder } from '../../pipeline/manifest.ts'
import { agentRunOf, readAgentRuns, type AgentRun } from '../../evaluation/agents/agent-runs.ts'
import { note } from '../print.ts'

export interface InputFlags {
  readonly answers?: string
  readonly separator?: string
  readonly qrels?: string
}

/** Question and gold answers by query id. */
export type AnswerKeys = ReadonlyMap<string, { readonly question: string; readonly answers: readonly string[] }>

export interface AgentInput {
  readonly runs: readonly AgentRun[]
  readonly keys: AnswerKeys
  readonly evidence: Judgements
}

const readAnswers = async (path: string, separator: string | undefined): Promise<AnswerKeys> => {
  const keys = new Map<string, { question: string; answers: readonly string[] }>()
  for await (const { query_id, question, answers } of readQueries(path, { format: queryFormatOf(path), separator })) {
    if (answers.length > 0) keys.set(query_id, { question, answers })
  }
  if (keys.size > 0) return keys
  throw new UserError({
    where: path,
    expected: 'questions with answers: id, question, answer',
    found: 'not one answer',
    fix: 'Name the file that holds the right answers.',
  })
}

const gather = async (labels: AsyncIterable<Qrel>): Promise<Judgements> => {
  const evidence = new Map<string, Map<string, number>>()
  for await (const { query_id, docid, relevance } of labels) {
    const grades = evidence.get(query_id) ?? new Map<string, number>()
    evidence.set(query_id, grades.set(docid, relevance))
  }
  return evidence
}

const readEvidence = (path: string): Promise<Judgements> => gather(readQrels(path, qrelFormatOf(path)))

/** Evidence that the answers file itself lists, if it does. */
const evidenceIn = async (path: string | undefined): Promise<Judgements> => {
  if (path === undefined || queryFormatOf(path) !== 'jsonl') return new Map()
  for await (const [first] of readJsonLines(path)) {
    const value = first?.value
    return isObject(value) && Array.isArray(value.evidence_docs) ? readEvidence(path) : new Map()
  }
  return new Map()
}

const readRuns = async (path: string): Promise<AgentRun[]> => {
  const runs: AgentRun[] = []
  for await (const run of readAgentRuns(path)) runs.push(run)
  if (runs.length > 0) return runs
  throw new UserError({
    where: path,
    expected: 'agent runs, one JSON object each',
    found: 'none',
    fix: 'Name the folder, archive or JSON Lines that holds them.',
  })
}

/** The right answers that the runs name themselves. */
const answersWithin = (path: string, runs: readonly AgentRun[], separator: string | undefined): AnswerKeys => {
  const keys = new Map<string, { question: string; answers: readonly string[] }>()
  for (const { queryId, question, gold } of runs) {
    if (gold !== undefined) keys.set(queryId, { question, answers: aliases(gold, separator) })
  }
  if (keys.size > 0) return keys
  throw new UserError({
    where: path,
    expected: 'runs that name the right answer under "answer", or --answers',
    found: 'neither',
    fix: 'Give the questions with their answers: --answers FILE.',
  })
}

/** The runs whose question has an answer. */
const answerable = (path: string, runs: readonly AgentRun[], keys: AnswerKeys, source: string): AgentRun[] => {
  const kept = runs.filter(({ queryId }) => keys.has(queryId))
  if (kept.length === 0) {
    throw new UserError({
      where: path,
      expected: `agent runs of questions in ${source}`,
      found: `none among ${many(runs.length, 'run')}`,
      fix: 'Give the answers of the same questions, with the same ids.',
    })
  }
  const left = runs.length - kept.length
  if (left > 0) note(`note: left out: ${many(left, 'run')} of questions without an answer in ${source}\n`)
  return kept
}

async function* rowsOf<T>(run: string, stage: string, table: Table): AsyncGenerator<T> {
  const parts = intactParts(run, stage, table)
  if (parts.length === 0) return
  const connection = await connect({ threads: 1 })
  try {
    for await (const rows of stream<T>(connection, `SELECT * FROM ${parquet(parts)}`)) yield* rows
  } finally {
    connection.closeSync()
  }
}

/** The trajectories of a run of lrat, with its own questions and judgements. */
const readPipelineRun = async (run: string): Promise<AgentInput> => {
  const runs: AgentRun[] = []
  for await (const row of rowsOf<Trajectory>(run, 'generate', trajectories))
    runs.push(agentRunOf(row, `${run} ${row.trajectory_id}`))
  const keys = new Map<string, { question: string; answers: readonly string[] }>()
  const ingested = listParts(stageFolder(run, 'ingest'), queries).length > 0
  for await (const { query_id, question, answers } of rowsOf<Query>(run, ingested ? 'ingest' : 'generate', queries))
    if (answers.length > 0) keys.set(query_id, { question, answers })
  return { runs, keys, evidence: await gather(rowsOf<Qrel>(run, 'ingest', qrels)) }
}

/** Reads what the flags name; of a run of lrat what it has itself. Errors: UserError where nothing fits together. */
export const readInput = async (path: string, flags: InputFlags): Promise<AgentInput> => {
  const { answers, separator } = flags
  const own = existsSync(join(stageFolder(path, 'generate'), 'manifest.json')) ? await readPipelineRun(path) : undefined
  const all = own?.runs ?? (await readRuns(path))
  const keys =
    answers === undefined ? (own?.keys ?? answersWithin(path, all, separator)) : await readAnswers(answers, separator)
  const evidence =
    flags.qrels !== undefined
      ? await readEvidence(flags.qrels)
      : // BrowseComp-Plus's questions bring their evidence along.
        (own?.evidence ?? (await evidenceIn(answers)))
  return { runs: answerable(path, all, keys, answers ?? path), keys, evidence }
}
