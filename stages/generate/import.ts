// Imports agent runs that somebody else's agent left behind.
import { uniqueId } from '../../data/readers/lrat-run.ts'
import { queries, scores, trajectories, type Query, type Score, type Trajectory } from '../../data/schemas.ts'
import { splitOf } from '../../data/split.ts'
import { createBackground } from '../../core/background.ts'
import { connect, parquet, stream } from '../../core/database.ts'
import { createTally, type Tally } from '../../core/tally.ts'
import { UserError } from '../../core/errors.ts'
import type { Outcome } from '../../pipeline/stage.ts'
import { openRuns } from './imported.ts'
import { matchesQuestions, type Context } from './io.ts'

/** A part ends at so many trajectories, or at so many characters of tool output: both bound the memory. */
const SHARD = 4096
const SHARD_CHARACTERS = 12 << 20
const SHOWN_SKIPS = 5
/** What is counted but worth no warning: searches that found nothing, and tools that the log is free to have. */
const ORDINARY = new Set(['no-hits', 'unknown-tool'])

const wordsOf = (question: string): string =>
  question
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** The questions of the questions' own file, by their words: logs that name none are matched by what was asked. */
const knownQuestions = async (context: Context): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  const parts = matchesQuestions(context.config) ? context.parts('questions') : []
  if (parts.length === 0) return found
  const connection = await connect({ threads: 1 })
  try {
    for await (const rows of stream<{ query_id: string; question: string }>(
      connection,
      `SELECT query_id, question FROM ${parquet(parts)}`,
    ))
      for (const { query_id, question } of rows) found.set(wordsOf(question), query_id)
  } finally {
    connection.closeSync()
  }
  return found
}

const unfamiliar = (tools: readonly (readonly [string, number])[]): string[] =>
  tools.length === 0
    ? []
    : [
        `calls of tools that neither search nor open by their names were left out: ${tools.map(([name, times]) => `${name} (${times})`).join(', ')}; trajectories.tools says what a tool does`,
      ]

/** Writes the runs as trajectories, and their questions as queries. Unusable runs are skipped and counted. */
export const importTrajectories = async (context: Context, path: string): Promise<Outcome> => {
  const taken = new Set<string>()
  const questions = new Map<string, Query>()
  const skips = createTally()
  const odd = createTally()
  const examples: string[] = []
  let imported = 0
  let completed = 0
  let matched = 0
  let shard = 0
  let held: Trajectory[] = []
  let heldScores: Score[] = []
  let characters = 0
  const asked = await knownQuestions(context)
  const { notes, runs, finish, unknownTools } = await openRuns(path, context.config.trajectories, context.scratch)
  for (const note of notes) context.progress.say(`          ${note}`)
  const background = createBackground(1)
  const flush = async (): Promise<void> => {
    const [index, rows, measured] = [shard, held, heldScores]
    await background.add(async () => {
      if (measured.length > 0) await context.write(scores, index, measured)
      await context.write(trajectories, index, rows)
    })
    shard += 1
    held = []
    heldScores = []
    characters = 0
    context.mark(imported, null, 'runs')
  }
  for await (const run of runs) {
    if ('skip' in run) {
      skips.add(run.skip)
      if (examples.length < SHOWN_SKIPS) examples.push(`skipped ${run.where}: ${run.skip}, ${run.detail}`)
      continue
    }
    for (const [reason, times] of run.odd) odd.add(reason, times)
    const same = run.knowsQuestion ? undefined : asked.get(wordsOf(run.row.question))
    if (same !== undefined) matched += 1
    const trajectory_id = uniqueId(run.row.trajectory_id, taken)
    const row = { ...run.row, trajectory_id, query_id: same ?? run.row.query_id }
    held.push(row)
    for (const [name, value] of run.scores) heldScores.push({ trajectory_id, name, value })
    characters += row.steps.reduce((sum, step) => sum + step.output.length, 0)
    imported += 1
    if (row.status === 'completed') completed += 1
    if (!questions.has(row.query_id))
      questions.set(row.query_id, {
        query_id: row.query_id,
        question: row.question,
        answers: [...run.golds],
        split: splitOf(row.query_id, context.config.queries.test_share),
      })
    if (held.length === SHARD || characters >= SHARD_CHARACTERS) await flush()
  }
  if (held.length > 0) await flush()
  await background.drain()
  const skipped = skips.total
  if (imported === 0)
    throw new UserError({
      where: path,
      expected: 'runs of an agent',
      found: skipped === 0 ? 'none' : `${skipped} records that cannot be used: ${examples.join('; ')}`,
      fix: 'Point trajectories.import at a folder, archive or file of logs; `lrat inspect-logs` shows what is in them.',
    })
  for (const line of finish()) context.progress.say(`          ${line}`)
  await context.write(queries, 0, [...questions.values()])
  const named = (prefix: string, tally: Tally): [string, number][] =>
    tally.entries().map(([reason, times]) => [`${prefix} ${reason}`, times])
  const notable = odd.entries().filter(([reason]) => !ORDINARY.has(reason))
  return {
    counts: {
      trajectories: imported,
      completed,
      skipped,
      ...(matched > 0 ? { matched_by_question: matched } : {}),
      ...Object.fromEntries([...named('skipped:', skips), ...named('odd:', odd)]),
    },
    warnings: [
      ...examples,
      ...notable.map(([reason, times]) => `${times} × ${reason} in the imported runs`),
      ...unfamiliar(unknownTools.entries()),
    ],
  }
}
