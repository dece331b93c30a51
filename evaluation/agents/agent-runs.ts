// Agent runs as they are judged: LRAT's and BrowseComp-Plus's layout, one JSON object a run.
import { join } from 'node:path'
import { isFolder } from '../../data/readers/folder.ts'
import { hitsOf, parseLratRun } from '../../data/readers/lrat-run.ts'
import { readRunValues } from '../../data/readers/lrat-runs.ts'
import { isObject, type Json } from '../../core/json.ts'
import { createTally, plainObject } from '../../core/tally.ts'
import type { Step, Trajectory } from '../../data/schemas.ts'
import { UserError } from '../../core/errors.ts'

/** One agent run as it is judged. */
export interface AgentRun {
  readonly where: string
  /** Its file's name, undefined for a line of JSON Lines. */
  readonly file: string | undefined
  readonly queryId: string
  readonly question: string
  /** The right answer, where the run names it. */
  readonly gold: string | undefined
  readonly completed: boolean
  readonly status: string
  /** The agent's final response, "" if it gave none. */
  readonly response: string
  readonly model: string
  readonly retriever: string
  readonly toolCalls: Readonly<Record<string, number>>
  /** Every document that a search returned. */
  readonly retrieved: ReadonlySet<string>
}

// What the run says about itself holds, where it says something.
const reportedCalls = ({ tool_call_counts: counts }: Json): Record<string, number> | undefined => {
  const numbers = Object.entries(isObject(counts) ? counts : {}).flatMap(([tool, count]) =>
    typeof count === 'number' ? [[tool, count] as const] : [],
  )
  return numbers.length > 0 ? plainObject(numbers) : undefined
}

const countedCalls = (steps: readonly Step[]): Readonly<Record<string, number>> => {
  const counts = createTally()
  for (const { type, tool } of steps) if (type === 'tool_call') counts.add(tool ?? 'unknown')
  return counts.counts()
}

const foundBy = ({ type, tool, output, docids }: Step): readonly string[] => {
  if (type !== 'tool_call' || tool === null || !/search|retrieval/i.test(tool)) return []
  return docids.length > 0 ? docids : hitsOf(output)
}

/** A trajectory as it is judged. */
export const agentRunOf = (row: Trajectory, where: string, gold?: string): AgentRun => ({
  where,
  file: undefined,
  queryId: row.query_id,
  question: row.question,
  gold,
  completed: row.status === 'completed',
  status: row.status,
  response: row.answer,
  model: row.agent,
  retriever: row.retriever,
  toolCalls: countedCalls(row.steps),
  retrieved: new Set(row.steps.flatMap(foundBy)),
})

const toAgentRun = (json: unknown, where: string, file: string | undefined): AgentRun => {
  const parsed = parseLratRun(json, where)
  if ('skip' in parsed) {
    throw new UserError({
      where,
      expected: 'an agent run: query_id, status and a list result',
      found: `${parsed.skip}: ${parsed.detail}`,
      fix: 'Remove it, or write the run again.',
    })
  }
  const run = agentRunOf(parsed.row, where, parsed.gold)
  const raw = isObject(json) ? json : {}
  const listed = Array.isArray(raw.retrieved_docids) ? new Set(raw.retrieved_docids.map(String)) : undefined
  return { ...run, file, toolCalls: reportedCalls(raw) ?? run.toolCalls, retrieved: listed ?? run.retrieved }
}

/** Files that an evaluation leaves beside the runs. */
const isEvaluation = (name: string): boolean => /(summary|_eval)\.json$/.test(name)

/**
 * Agent runs of a folder of JSON files, an archive (.tar.gz, .zip …), JSON Lines or one file; evaluations in between are
 * passed over. Throws UserError at the first that is no agent run.
 */
export async function* readAgentRuns(path: string): AsyncGenerator<AgentRun> {
  const prefix = (await isFolder(path)) ? path : ''
  for await (const value of readRunValues(path, (name) => !isEvaluation(name))) {
    const where = join(prefix, value.where)
    if ('malformed' in value) {
      const fix = 'Remove it, or write the run again.'
      throw new UserError({ where, expected: 'one agent run in JSON', found: value.malformed, fix })
    }
    yield toAgentRun(value.json, where, value.file)
  }
}
