// Stage evaluate: how well BM25, the untrained and the trained encoders find what should be found.
import { join } from 'node:path'
import { isMetricName, type MetricName } from '../../evaluation/retrieval/metrics.ts'
import type { EvaluationSummary } from '../../evaluation/summary.ts'
import { connect } from '../../core/database.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { isObject } from '../../core/json.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { sections, type Config } from './config.ts'
import { reads, type Context } from './io.ts'
import { openQuerySets } from './query-sets.ts'
import { evaluationSection, METRICS_FILE } from './report.ts'
import { score } from './score.ts'
import { summarise } from './summary.ts'
import { readScores, saveQueryIds, saveScores, type SystemScores } from './scores.ts'
import { evaluatedSystems, mainGroup, trainedOf, type System } from './systems.ts'

const metricNames = ({ evaluate: { k, metrics } }: Config): MetricName[] => [
  ...new Set([...k.map((cut): MetricName => `recall@${cut}`), ...metrics.filter(isMetricName)]),
]

/** What of the numbers rests on a made-up corpus or on the rule-based agent, by what those stages were told. */
const syntheticOf = (context: Context): EvaluationSummary['synthetic'] => {
  const [ingested, generated] = [context.recorded('documents'), context.recorded('trajectories')]
  const corpus = isObject(ingested) && isObject(ingested['corpus']) ? ingested['corpus']['format'] : undefined
  const agent = isObject(generated) ? generated['agent'] : undefined
  return { corpus: corpus === 'synthetic', agent: agent === 'offline' }
}

/** Scores that are there by now. */
const scoresOf = (folder: string, system: System): SystemScores => {
  const scores = readScores(folder, system)
  if (scores) return scores
  throw new Error(`the scores of ${system.name} are gone`)
}

export const evaluateStage = {
  name: 'evaluate',
  version: 2,
  summary: 'measure recall@k, nDCG and MRR of BM25, untrained and trained encoders',
  config: sections,
  reads,
  writes: [],
  parameters: ({ evaluate, seed }) => ({ ...evaluate, seed }),
  section: evaluationSection,
  run: async (context: Context) => {
    const { config, folder } = context
    const connection = await connect()
    try {
      const { sets, notes } = await openQuerySets(connection, context)
      const names = metricNames(config)
      const trained = trainedOf(context)
      const systems = evaluatedSystems(trained)
      saveQueryIds(folder, sets)
      for (const [index, system] of systems.entries()) {
        context.check()
        if (readScores(folder, system) === undefined) {
          const onProgress = () => context.mark(index, systems.length, 'systems', system.name)
          saveScores(folder, system, await score({ system, sets, names, connection, context, onProgress }))
        }
        context.mark(index + 1, systems.length, 'systems')
      }
      const summary = summarise({
        main: mainGroup(trained),
        synthetic: syntheticOf(context),
        seed: config.seed,
        resamples: config.evaluate.resamples,
        sets,
        notes,
        names,
        systems,
        scores: (system) => scoresOf(folder, system),
      })
      writeFileAtomic(join(folder, METRICS_FILE), `${JSON.stringify(summary, null, 1)}\n`)
      return { counts: Object.fromEntries(sets.map((set) => [set.name, set.queries.length])), warnings: notes }
    } finally {
      connection.closeSync()
    }
  },
} satisfies Stage<Config>
