// `lrat export-trajectories` and `lrat judge-agreement`, and what `show` and `generate` have for trajectories alone.
import { Option, type Command } from 'commander'
import { join } from 'node:path'
import { readJsonLines } from '../../data/readers/lines.ts'
import { browses, queries, relevance, trajectories, verdicts, type Query, type Trajectory } from '../../data/schemas.ts'
import { loadConfig } from '../../pipeline/config.ts'
import { all, connect, literal } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { lockRun } from '../../pipeline/lock.ts'
import { count, createProgress, duration } from '../../pipeline/progress.ts'
import { runStages } from '../../pipeline/runner.ts'
import { stages } from '../../stages/all.ts'
import { configSchema } from '../../stages/config.ts'
import { agreement, formatAgreement } from '../../evaluation/agents/agreement.ts'
import { estimate } from '../../stages/generate/estimate.ts'
import { openAgent, openTools } from '../../stages/generate/open.ts'
import { UNDECIDED } from '../../agents/judges/relevance-judge.ts'
import { BM25 } from '../../search/bm25.ts'
import { transcript } from '../../agents/transcript.ts'
import { onInterrupt } from '../interrupt.ts'
import type { ConfigFlags } from '../options.ts'
import { print } from '../print.ts'
import { exportTrajectories } from './export-trajectories.ts'
import { source } from './table-source.ts'

/** Prints one trajectory of a run, step by step. */
export const showTrajectory = async (run: string, id: string, full: boolean): Promise<void> => {
  const connection = await connect({ threads: 1 })
  try {
    const from = source(run, 'generate', trajectories)
    const find = (condition: string) => all<Trajectory>(connection, `SELECT * FROM ${from} WHERE ${condition} LIMIT 1`)
    const [row] = await find(`trajectory_id = ${literal(id)}`)
    if (row === undefined) {
      const [example] = await find('true')
      throw new UserError({
        where: `${run}, trajectory ${id}`,
        expected: 'the trajectory_id of one of its trajectories',
        found: 'none with this id',
        fix: `An id looks like this here: ${example?.trajectory_id ?? '(there is none)'}`,
      })
    }
    print(`${transcript(row, full ? Infinity : undefined)}\n`)
  } finally {
    connection.closeSync()
  }
}

interface LabelRow {
  readonly key: string
  readonly label: string
}

const badLabel = (path: string, number: number, expected: string, value: unknown): UserError =>
  new UserError({
    where: `${path}, line ${number}`,
    expected,
    found: JSON.stringify(value).slice(0, 120),
    fix: 'Correct the labels file.',
  })

/** The labels of the file, by the same keys as the run's. */
const readLabels = async (path: string, of: 'relevance' | 'correctness'): Promise<Map<string, string>> => {
  const labels = new Map<string, string>()
  const isId = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'
  for await (const lines of readJsonLines(path))
    for (const { value, number } of lines) {
      const { query_id, trajectory_id, step, docid, satisfied, correct } = (value ?? {}) as Record<string, unknown>
      if (of === 'relevance') {
        if (!isId(query_id) || typeof step !== 'number' || !isId(docid) || typeof satisfied !== 'boolean')
          throw badLabel(path, number, '{"query_id", "step": number, "docid", "satisfied": true or false}', value)
        labels.set(`${query_id}\t${step}\t${docid}`, satisfied ? 'relevant' : 'irrelevant')
      } else {
        const id = trajectory_id ?? query_id
        if (!isId(id) || typeof correct !== 'boolean')
          throw badLabel(path, number, '{"trajectory_id", "correct": true or false}', value)
        labels.set(String(id), correct ? 'correct' : 'wrong')
      }
    }
  return labels
}

const judgeAgreement = async (
  run: string,
  { labels, of, json }: { readonly labels: string; readonly of: 'relevance' | 'correctness'; readonly json?: boolean },
): Promise<void> => {
  const connection = await connect({ threads: 1 })
  try {
    const judged = await all<LabelRow>(
      connection,
      of === 'relevance'
        ? `SELECT query_id || chr(9) || step || chr(9) || docid AS key,
             CASE WHEN relevant IS NULL OR judge = '${UNDECIDED}' THEN 'undecided'
               WHEN relevant THEN 'relevant' ELSE 'irrelevant' END AS label
           FROM ${source(run, 'mine', relevance)} AS r JOIN ${source(run, 'mine', browses)} AS b USING (browse_id)
           JOIN (SELECT trajectory_id, query_id FROM ${source(run, 'generate', trajectories)}) AS t USING (trajectory_id)`
        : `SELECT trajectory_id AS key,
             CASE WHEN correct THEN 'correct' WHEN correct IS NULL THEN 'undecided' ELSE 'wrong' END AS label
           FROM ${source(run, 'filter', verdicts)}`,
    )
    const result = agreement(await readLabels(labels, of), new Map(judged.map(({ key, label }) => [key, label])))
    print(`${json ? JSON.stringify(result, null, 1) : formatAgreement(result)}\n`)
  } finally {
    connection.closeSync()
  }
}

/** Estimates calls, tokens, money and time of stage generate from its first questions. */
export const dryRun = async ({ config: path, set }: ConfigFlags, first: number): Promise<void> => {
  const config = loadConfig(configSchema, path, set)
  const release = lockRun(config.run)
  const { signal, stop } = onInterrupt()
  const connection = await connect({ threads: 1 })
  try {
    await runStages({ run: config.run, config, stages, progress: createProgress(), signal, to: 'index' })
    const from = source(config.run, 'ingest', queries)
    const [counted] = await all<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${from}`)
    const questions = await all<Query>(connection, `SELECT * FROM ${from} LIMIT ${first}`)
    const tools = await openTools(config, join(config.run, 'index', BM25))
    const agent = await openAgent(config)
    try {
      const found = await estimate(questions, Number(counted?.n ?? 0), {
        ...agent,
        ...tools,
        seed: config.seed,
        signal,
      })
      const statuses = Object.entries(found.statuses).map(([status, times]) => `${times} ${status}`)
      const { price } = config.llm.agent ?? { price: { prompt: 0, completion: 0 } }
      const money = price.prompt + price.completion > 0 ? found.money.toFixed(2) : 'no price in llm.agent.price'
      print(
        [
          `tried ${found.tried} of ${count(found.questions)} questions: ${statuses.join(', ')}`,
          `all of them would take about`,
          `  model calls        ${count(found.calls)}`,
          `  tool calls         ${count(found.toolCalls)}`,
          `  prompt tokens      ${count(found.promptTokens)}`,
          `  completion tokens  ${count(found.completionTokens)}`,
          `  money              ${money}`,
          `  time               ${duration(found.seconds)} with ${agent.concurrency} questions at once`,
          '',
        ].join('\n'),
      )
    } finally {
      agent.llm?.close()
      await tools.close()
    }
  } finally {
    connection.closeSync()
    stop()
    release()
  }
}

export const register = (program: Command): void => {
  program
    .command('export-trajectories')
    .description("write a run's trajectories in a layout of other systems, one file a trajectory")
    .argument('<run>', 'folder of the run')
    .requiredOption('--out <folder>', 'where to write')
    .addOption(new Option('--format <layout>', 'the layout').choices(['lrat-json']).default('lrat-json'))
    .action(exportTrajectories)
  program
    .command('judge-agreement')
    .description("compare a run's judgements with given labels: accuracy, Cohen's kappa, confusion table")
    .argument('<run>', 'folder of the run')
    .requiredOption(
      '--labels <file>',
      'JSONL of {query_id, step, docid, satisfied}, or for correctness of {trajectory_id, correct}',
    )
    .addOption(
      new Option('--of <judgement>', 'what to compare').choices(['relevance', 'correctness']).default('relevance'),
    )
    .option('--json', 'print JSON')
    .action(judgeAgreement)
}
