// Stage generate: trajectories of an agent on the run's questions, or imported ones.
import { trajectories } from '../../data/schemas.ts'
import { all, connect, parquet } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import { countsAfter } from '../../pipeline/manifest.ts'
import type { Outcome, Stage } from '../../pipeline/stage.ts'
import { tokenizerFiles } from '../settings.ts'
import { sections, type Config } from './config.ts'
import { reads, writes, type Context } from './io.ts'
import { answerRelevant } from '../../pipeline/llm/settings.ts'
import { generateTrajectories } from './generate.ts'
import { importTrajectories } from './import.ts'
import { openAgent, openTools, resultsOf } from './open.ts'
import { agentName, agentSpec } from './agents.ts'
import { firstParameters } from './earlier.ts'
import { endingsTable } from './endings.ts'
import { retryFiles } from './retry.ts'

/** What is counted of odd replies. */
const ODD = ['text_calls', 'malformed_turns', 'replaced_characters'] as const

interface Counted extends Readonly<Record<'prompt' | 'completion' | (typeof ODD)[number], bigint | null>> {
  readonly status: string
  readonly n: bigint
}

const countByStatus = async (context: Context): Promise<Record<string, number>> => {
  const connection = await connect({ threads: 1 })
  try {
    const rows = await all<Counted>(
      connection,
      `SELECT status, count(*) AS n, sum(prompt_tokens)::BIGINT AS prompt, sum(completion_tokens)::BIGINT AS completion,
         sum(text_calls)::BIGINT AS text_calls, sum(malformed_turns)::BIGINT AS malformed_turns,
         sum(replaced_characters)::BIGINT AS replaced_characters FROM ${parquet(context.written(trajectories))} GROUP BY status ORDER BY status`,
    )
    const sum = (name: Exclude<keyof Counted, 'status'>): number =>
      rows.reduce((total, row) => total + Number(row[name] ?? 0), 0)
    return {
      trajectories: sum('n'),
      ...Object.fromEntries(rows.map((row) => [row.status, Number(row.n)])),
      ...Object.fromEntries(ODD.flatMap((name) => (sum(name) > 0 ? [[name, sum(name)]] : []))),
      ...(sum('prompt') > 0 ? { prompt_tokens: sum('prompt'), completion_tokens: sum('completion') } : {}),
    }
  } finally {
    connection.closeSync()
  }
}

/** What of the settings changes the trajectories: of an LLM agent all that describes it. */
const parameters = (config: Config): unknown => {
  const { generate: settings, seed, tokenizer, llm } = config
  const spec = agentSpec(settings)
  if (!spec) return { agent: settings.agent, ...resultsOf(config), max_steps: settings.max_steps, seed, tokenizer }
  return {
    agent: agentName(settings.agent),
    spec: { ...spec, limits: { ...spec.limits, trajectory_timeout: undefined } },
    seed,
    tokenizer,
    model: llm.agent && answerRelevant(llm.agent),
  }
}

/** Offline agents and imports name no model. */
const paid = (told: unknown): unknown => (isObject(told) ? told['model'] : undefined)

/** Grows by one when the same imported files give other trajectories: since 2, hits in JSON are read. */
const reader = 2

/** How logs are read counts only where something is said of it: imports of earlier versions stay as they are. */
const importParameters = ({ queries: { test_share }, trajectories: { format, tools } }: Config): unknown => ({
  test_share,
  reader,
  ...(format !== 'auto' && { format }),
  ...(tools !== undefined && { tools }),
})

const generate = async (context: Context): Promise<Outcome> => {
  const { config } = context
  if (context.parts('questions').length === 0)
    throw new UserError({
      where: 'generate',
      expected: 'questions for the agent to work on',
      found: 'none: the config has neither queries.path nor a corpus that brings questions',
      fix: 'Set queries.path, or trajectories.import to import runs that exist.',
    })
  const tools = await openTools(config, context.path('index'))
  const { llm, ...agent } = await openAgent(config)
  try {
    await generateTrajectories(context, { ...agent, ...tools, ...(llm ? { llm } : {}) })
    for (const line of await endingsTable(context.written(trajectories))) context.progress.say(line)
    return { counts: await countByStatus(context) }
  } finally {
    llm?.close()
    await tools.close()
  }
}

export const generateStage = {
  name: 'generate',
  version: 1,
  summary: 'let an agent search and read, question by question, or import trajectories',
  config: sections,
  reads,
  writes,
  parameters: (config) => (config.trajectories.import === undefined ? parameters(config) : importParameters(config)),
  outside: (config) =>
    config.trajectories.import === undefined
      ? [...tokenizerFiles(config), ...retryFiles(config.run)]
      : [config.trajectories.import],
  earlier: [{ version: 1, parameters: firstParameters }],
  paid,
  funnel: ({ counts, tables }) => [
    {
      step: 'questions',
      count: (tables['queries'] ?? []).reduce((sum, { rows }) => sum + (rows ?? 0), 0) || undefined,
    },
    { step: 'trajectories', count: counts['trajectories'], dropped: countsAfter(counts, 'skipped:') },
    { step: 'completed', count: counts['completed'] },
  ],
  run: async (context: Context) => {
    const { import: path } = context.config.trajectories
    return path === undefined ? generate(context) : importTrajectories(context, path)
  },
} satisfies Stage<Config>
