// Imports agent runs that somebody else's agent left behind.
import { readLratRuns } from '../../data/readers/lrat-runs.ts'
import { uniqueId } from '../../data/readers/lrat-run.ts'
import { queries, trajectories, type Query, type Trajectory } from '../../data/schemas.ts'
import { splitOf } from '../../data/split.ts'
import { createBackground } from '../../core/background.ts'
import { createTally, type Tally } from '../../core/tally.ts'
import { UserError } from '../../core/errors.ts'
import type { Outcome } from '../../pipeline/stage.ts'
import type { Context } from './io.ts'

/** A part ends at so many trajectories, or at so many characters of tool output: both bound the memory. */
const SHARD = 4096
const SHARD_CHARACTERS = 12 << 20
const SHOWN_SKIPS = 5

/** Writes the runs as trajectories, and their questions as queries. Unusable runs are skipped and counted. */
export const importTrajectories = async (context: Context, path: string): Promise<Outcome> => {
  const taken = new Set<string>()
  const questions = new Map<string, Query>()
  const skips = createTally()
  const warned = createTally()
  const examples: string[] = []
  let imported = 0
  let completed = 0
  let shard = 0
  let held: Trajectory[] = []
  let characters = 0
  const background = createBackground(1)
  const flush = async (): Promise<void> => {
    const [index, rows] = [shard, held]
    await background.add(() => context.write(trajectories, index, rows))
    shard += 1
    held = []
    characters = 0
    context.mark(imported, null, 'runs')
  }
  for await (const run of readLratRuns(path)) {
    if ('skip' in run) {
      skips.add(run.skip)
      if (examples.length < SHOWN_SKIPS) examples.push(`skipped ${run.where}: ${run.skip}, ${run.detail}`)
      continue
    }
    const { row } = run
    for (const [kind, times] of Object.entries(run.warnings)) warned.add(kind, times)
    held.push({ ...row, trajectory_id: uniqueId(row.trajectory_id, taken) })
    characters += row.steps.reduce((sum, step) => sum + step.output.length, 0)
    imported += 1
    if (row.status === 'completed') completed += 1
    if (!questions.has(row.query_id))
      questions.set(row.query_id, {
        query_id: row.query_id,
        question: row.question,
        answers: run.gold === undefined ? [] : [run.gold],
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
      expected: 'agent runs in the LRAT run layout (JSON with query_id and result)',
      found: skipped === 0 ? 'none' : `${skipped} runs that cannot be used: ${examples.join('; ')}`,
      fix: 'Point trajectories.import at a folder, archive or JSONL of such runs.',
    })
  await context.write(queries, 0, [...questions.values()])
  const named = (prefix: string, tally: Tally): [string, number][] =>
    tally.entries().map(([kind, times]) => [`${prefix} ${kind}`, times])
  const odd = warned.entries().filter(([kind]) => !['no-hits', 'unknown-tool'].includes(kind))
  return {
    counts: {
      trajectories: imported,
      completed,
      skipped,
      ...Object.fromEntries([...named('skipped:', skips), ...named('odd:', warned)]),
    },
    warnings: [...examples, ...odd.map(([kind, times]) => `${times} × ${kind} in the imported runs`)],
  }
}
