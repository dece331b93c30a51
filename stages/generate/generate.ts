// Lets an agent work on every question of the run, and writes the trajectories in the order of the questions.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { isObject } from '../../core/json.ts'
import { NOT_OURS, trajectories, type Query, type Trajectory } from '../../data/schemas.ts'
import { all, connect, parquet } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { rowSchema } from '../../core/row-schema.ts'
import { openJournal } from '../../pipeline/journal.ts'
import { writeShard } from '../../pipeline/parts.ts'
import { many } from '../../pipeline/progress.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { describeSpending } from '../../pipeline/llm/spending.ts'
import type { Context } from './io.ts'
import type { Agent } from '../../agents/agent.ts'
import type { RolloutLimits } from '../../agents/rollout.ts'
import type { Tools } from '../../agents/tools.ts'
import { readRetries, retriesOf, takeOver } from './retry.ts'
import { generateItems } from './trajectories.ts'

/** A question's attempts; version 0.1 wrote fewer columns. */
const attemptsSchema = z.array(
  z.preprocess((row) => (isObject(row) ? { ...NOT_OURS, ...row } : row), rowSchema(trajectories)),
)

/** Questions a part. */
const SHARD = 512
/** Milliseconds between notes of progress: each is a file. */
const MARK_EVERY = 200

export interface GenerateOptions {
  readonly agent: Agent
  readonly tools: Tools
  readonly retriever: string
  readonly limits: RolloutLimits
  /** Questions worked on at once. */
  readonly concurrency: number
  /** The agent's model, if it has one. */
  readonly llm?: Llm
}

/** Errors: UserError when the model's budget is spent before the last question; what is finished is kept. */
export const generateTrajectories = async (
  context: Context,
  { agent, tools, retriever, limits, concurrency, llm }: GenerateOptions,
): Promise<void> => {
  const { config, folder, signal } = context
  const connection = await connect({ threads: 1 })
  const journalPath = join(folder, 'journal.ndjson')
  const journal = await openJournal<readonly Trajectory[]>(journalPath, attemptsSchema)
  if (journal.damaged > 0)
    context.progress.say(
      `          note: ${many(journal.damaged, 'line')} of ${journalPath} were no entries (a damaged disk?); their questions are done again`,
    )
  try {
    const retries = readRetries(config.run)
    await takeOver(folder, retries, journal)
    const questions = await all<Query>(connection, `SELECT * FROM ${parquet(context.parts('questions'))}`)
    const mark = (done: number): void =>
      context.mark(done, questions.length, 'questions', llm && describeSpending(llm.spending.totals()))
    mark(journal.size)
    let marked = performance.now()
    const { keys, stopped } = await generateItems({
      queries: questions,
      agent,
      tools,
      retriever,
      limits,
      seed: config.seed,
      retries: retriesOf(retries),
      concurrency,
      journal,
      signal,
      ...(llm ? { llm } : {}),
      onProgress: ({ done }) => {
        if (performance.now() - marked < MARK_EVERY) return
        marked = performance.now()
        mark(done)
      },
    })
    mark(journal.size)
    if (stopped)
      throw new UserError({
        where: 'llm.agent.budget',
        expected: `enough for ${questions.length} questions`,
        found: `a spent budget after ${journal.size} (${llm ? describeSpending(llm.spending.totals()) : ''})`,
        fix: 'The finished ones are kept: raise the budget and run the same command again.',
      })
    for (let at = 0, shard = 0; at < keys.length; at += SHARD, shard += 1) {
      context.check()
      await writeShard(folder, [trajectories], shard, async (part) => {
        // One question's attempts at a time: a part of them together may be larger than the memory.
        for (const key of keys.slice(at, at + SHARD)) await part.write(trajectories, await journal.read(key))
      })
    }
  } finally {
    await journal.close()
    connection.closeSync()
  }
  rmSync(journalPath)
}
