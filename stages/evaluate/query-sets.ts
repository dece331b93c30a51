// What is evaluated: held-out questions, and the searches that the agent made on its way to answering them.
import type { SearchQuery } from '../../search/searcher.ts'
import type { Qrel, Step } from '../../data/schemas.ts'
import { askedDocid, isBrowse, isSearch, openedDocid, queryOf } from '../../data/steps.ts'
import { all, parquet, stream, type DuckDBConnection } from '../../core/database.ts'
import { many } from '../../pipeline/progress.ts'
import { queriesSource } from '../queries.ts'
import type { Context } from './io.ts'

export interface EvaluationQuery {
  readonly id: string
  /** The question it belongs to: several searches on one are no independent evidence. */
  readonly questionId: string
  readonly search: SearchQuery
  /** Grades of the relevant documents; at least one is positive. */
  readonly grades: ReadonlyMap<string, number>
}

export interface QuerySet {
  readonly name: 'questions' | 'agent-queries'
  /** What the queries are and what counts as relevant, for people. */
  readonly description: string
  readonly queries: readonly EvaluationQuery[]
}

export interface QuerySets {
  readonly sets: readonly QuerySet[]
  /** What a reader of the numbers has to know. */
  readonly notes: readonly string[]
}

type Evidence = ReadonlyMap<string, ReadonlyMap<string, number>>

const goldEvidence = async (connection: DuckDBConnection, context: Context): Promise<Evidence> => {
  const parts = context.parts('qrels')
  const evidence = new Map<string, Map<string, number>>()
  if (parts.length === 0) return evidence
  for await (const rows of stream<Qrel>(connection, `SELECT * FROM ${parquet(parts)} WHERE relevance > 0`))
    for (const { query_id, docid, relevance } of rows) {
      const grades = evidence.get(query_id) ?? new Map<string, number>()
      grades.set(docid, relevance)
      evidence.set(query_id, grades)
    }
  return evidence
}

interface Walked {
  readonly trajectory_id: string
  readonly query_id: string
  readonly question: string
  readonly steps: readonly Step[]
}

/** One evaluation query a search: what of the evidence was not yet opened before it is what it should find. */
const searchesOf = (
  { trajectory_id, query_id, question, steps }: Walked,
  evidence: ReadonlyMap<string, number>,
): EvaluationQuery[] => {
  const found: EvaluationQuery[] = []
  const open = new Map(evidence)
  const history: string[] = []
  let reasoning = ''
  for (const [at, step] of steps.entries()) {
    if (step.type === 'reasoning') reasoning = step.output
    if (isBrowse(step)) open.delete(openedDocid(askedDocid(step), (docid) => open.has(docid)))
    if (!isSearch(step)) continue
    const text = queryOf(step)
    if (text !== '' && open.size > 0)
      found.push({
        id: `${trajectory_id}:${at}`,
        questionId: query_id,
        search: { text, question, reasoning, history: [...history] },
        grades: new Map(open),
      })
    history.push(text)
  }
  return found
}

/** Evidence where nobody judged: what agents opened of the corpus. */
const openedEvidence = async (connection: DuckDBConnection, context: Context): Promise<Evidence> => {
  const known = await knownDocids(connection, context)
  const evidence = new Map<string, Map<string, number>>()
  for await (const { query_id, steps } of readWalked(connection, context)) {
    const grades = evidence.get(query_id) ?? new Map<string, number>()
    for (const step of steps) {
      if (!isBrowse(step)) continue
      const docid = openedDocid(askedDocid(step), (id) => known.has(id))
      if (known.has(docid)) grades.set(docid, 1)
    }
    evidence.set(query_id, grades)
  }
  return evidence
}

/** Trajectories of the evaluated questions, a batch in memory at a time. */
async function* readWalked(connection: DuckDBConnection, context: Context): AsyncGenerator<Walked> {
  const parts = context.parts('trajectories')
  if (parts.length === 0) return
  const batches = stream<Walked>(
    connection,
    `SELECT trajectory_id, query_id, question, list_transform(steps, lambda s: {
       type: s.type, tool: s.tool, arguments: s.arguments,
       output: CASE WHEN s.type = 'reasoning' THEN s.output ELSE '' END,
       docids: CASE WHEN s.tool = 'search' THEN [] ELSE s.docids END}) AS steps
     FROM ${parquet(parts)} WHERE query_id IN (SELECT query_id FROM evaluated)`,
  )
  for await (const batch of batches) yield* batch
}

const knownDocids = async (connection: DuckDBConnection, context: Context): Promise<ReadonlySet<string>> => {
  const rows = await all<{ docid: string }>(
    connection,
    `SELECT docid FROM ${parquet(context.parts('documents'))} WHERE docid IN (
       SELECT unnest(list_append(step.docids, trim(regexp_extract(step.docids[1], '[^:]*$')))) FROM (SELECT unnest(steps) AS step, query_id
         FROM ${parquet(context.parts('trajectories'))}
         WHERE query_id IN (SELECT query_id FROM evaluated))
       WHERE step.tool IN ('get_document', 'visit'))`,
  )
  return new Set(rows.map((row) => row.docid))
}

/** The run's query sets: of its test questions, or of all its questions where it has no test split. */
export const openQuerySets = async (connection: DuckDBConnection, context: Context): Promise<QuerySets> => {
  const source = `(${queriesSource(context)})`
  const [{ tests }] = await all<{ tests: bigint }>(
    connection,
    `SELECT count(*) FILTER (split = 'test') AS tests FROM ${source}`,
  )
  const held = tests > 0n
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE evaluated AS SELECT query_id, question FROM ${source} WHERE ${held ? "split = 'test'" : 'true'}`,
  )
  const gold = await goldEvidence(connection, context)
  const generated = context.parts('trajectories').length > 0
  const evidence = gold.size > 0 || !generated ? gold : await openedEvidence(connection, context)
  const searches: EvaluationQuery[] = []
  for await (const walked of readWalked(connection, context)) {
    searches.push(...searchesOf(walked, evidence.get(walked.query_id) ?? new Map<string, number>()))
  }
  const questions = await all<{ query_id: string; question: string }>(connection, 'SELECT * FROM evaluated')
  const relevant = gold.size > 0 ? "the question's gold evidence" : 'what agents opened for the question'
  const split = held ? 'test' : 'training'
  const judged = questions.flatMap(({ query_id, question }) => {
    const grades = evidence.get(query_id)
    return grades === undefined || grades.size === 0
      ? []
      : [{ id: query_id, questionId: query_id, search: { text: question }, grades }]
  })
  const unjudged = questions.length - judged.length
  return {
    sets: [
      {
        name: 'questions',
        description: `original ${split} questions; relevant: ${relevant}`,
        queries: judged,
      },
      {
        name: 'agent-queries',
        description: `the agent's own searches on ${split} questions; relevant: ${relevant}, less what was opened before the search`,
        queries: searches,
      },
    ],
    notes: [
      ...(held
        ? []
        : [
            'There is no test split: these are the training questions, and the numbers flatter what was trained on them. Set queries.test_share.',
          ]),
      ...(unjudged > 0 ? [`Left out: ${many(unjudged, `${split} question`)} without a relevant document.`] : []),
      ...(gold.size > 0 ? [] : ['There are no relevance judgements: what the agent opened stands in for them.']),
    ],
  }
}
