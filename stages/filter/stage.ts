// Stage filter: which trajectories ended with a right answer.
import { verdicts, type Verdict } from '../../data/schemas.ts'
import { all, connect, parquet } from '../../core/database.ts'
import { isObject } from '../../core/json.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { sections, type Config } from './config.ts'
import { aligned, reads, writes, type Context } from './io.ts'
import { queriesSource } from '../queries.ts'
import { judgePrompts } from '../../agents/judges/answer-judge.ts'
import { judgeParameters } from '../../agents/judges/ask-all.ts'
import { openAnswerJudge } from './by-model.ts'
import { byScore, checkScored, readScores } from './scores.ts'
import { matchesAnswer, type MatchMode } from '../../evaluation/agents/exact-match.ts'

interface Answered {
  readonly trajectory_id: string
  readonly status: string
  readonly question: string
  readonly answer: string
  readonly answers: readonly string[] | null
}

const judge = (
  { trajectory_id, status, answer, answers }: Answered,
  config: Config,
  scored: ReadonlyMap<string, number>,
): Verdict => {
  const { correctness, match } = config.filter
  if (status !== 'completed')
    return { trajectory_id, correct: false, judge: 'status', rationale: `ended with status ${status}` }
  if (typeof correctness === 'object') return byScore(trajectory_id, correctness, scored.get(trajectory_id))
  if (correctness === 'none') return { trajectory_id, correct: null, judge: 'none', rationale: '' }
  const golds = answers ?? []
  if (golds.length === 0)
    return { trajectory_id, correct: null, judge: 'exact-match', rationale: 'its question has no gold answer' }
  const correct = matchesAnswer(answer, golds, match satisfies MatchMode)
  return { trajectory_id, correct, judge: 'exact-match', rationale: correct ? '' : `gold: ${golds.join(' | ')}` }
}

export const filterStage = {
  name: 'filter',
  version: 1,
  summary: 'judge whether each trajectory answered its question correctly',
  config: sections,
  reads,
  writes,
  aligned,
  parameters: ({ filter, llm }) => ({
    ...filter,
    ...(filter.correctness === 'llm' ? judgeParameters(llm, judgePrompts) : {}),
  }),
  outside: ({ filter: { correctness } }) =>
    typeof correctness === 'object' && correctness.file !== undefined ? [correctness.file] : [],
  paid: (told) => (isObject(told) ? told['model'] : undefined),
  funnel: ({ counts, parameters }) => {
    const { unfinished, correct, incorrect, undecided } = counts
    const unjudged = isObject(parameters) && parameters['correctness'] === 'none'
    return [
      { step: 'completed', dropped: { unfinished } },
      unjudged
        ? { step: 'accepted unjudged', count: undecided }
        : { step: 'correct', count: correct, dropped: { incorrect, undecided } },
    ]
  },
  run: async (context: Context) => {
    const model = context.config.filter.correctness === 'llm' ? await openAnswerJudge(context) : undefined
    const connection = await connect()
    const scored = await readScores(connection, context)
    const parts = context.parts('trajectories')
    try {
      for (const [index, part] of parts.entries()) {
        const rows = await all<Answered>(
          connection,
          `SELECT trajectory_id, status, t.question, answer, answers
           FROM ${parquet(part, 'file_row_number')} AS t
           LEFT JOIN (${queriesSource(context)}) AS q USING (query_id) ORDER BY t.file_row_number`,
        )
        const judged = new Map(rows.map((row) => [row.trajectory_id, judge(row, context.config, scored)]))
        if (model && !context.done(index, [verdicts])) {
          const asked = rows
            .filter((row) => row.status === 'completed')
            .map((row) => ({ ...row, answers: row.answers ?? [] }))
          for (const verdict of await model.judge(asked)) judged.set(verdict.trajectory_id, verdict)
        }
        await context.write(verdicts, index, [...judged.values()])
        context.mark(index + 1, parts.length, 'parts')
      }
      await model?.close('drop')
      const [row] = await all<Record<string, bigint>>(
        connection,
        `SELECT count(*) FILTER (judge = 'status') AS unfinished, count(*) FILTER (correct) AS correct,
           count(*) FILTER (judge <> 'status' AND NOT correct) AS incorrect, count(*) FILTER (correct IS NULL) AS undecided
         FROM ${parquet(context.written(verdicts))}`,
      )
      const counts = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
      checkScored(context.config, counts, scored)
      return { counts }
    } finally {
      await model?.close('keep')
      connection.closeSync()
    }
  },
} satisfies Stage<Config>
