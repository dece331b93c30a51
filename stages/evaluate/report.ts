// What the report says of an evaluation: tables of measures with their intervals, and comparisons.
import { join } from 'node:path'
import { alignColumns } from '../../core/align.ts'
import { heading } from '../../evaluation/retrieval/headings.ts'
import {
  evaluationSummary,
  type Comparison,
  type EvaluationSummary,
  type SetSummary,
  type SystemSummary,
} from '../../evaluation/summary.ts'
import { count } from '../../pipeline/progress.ts'
import { readRecord } from '../../pipeline/record.ts'
import type { ReportSection } from '../../pipeline/stage.ts'

export const METRICS_FILE = 'metrics.json'

const short = (value: number): string => value.toFixed(2).replace(/^0\./, '.')

const rowsOf = ({ system, seeds, metrics }: SystemSummary): string[][] => [
  [
    seeds.length > 1 ? `${system} (${seeds.length} seeds)` : system,
    ...Object.values(metrics).map(({ mean }) => mean.toFixed(3)),
  ],
  ['', ...Object.values(metrics).map(({ low, high }) => `${short(low)}–${short(high)}`)],
]

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`

/** The least p that 10,000 permutations can show is 0.0001. */
const chance = (p: number): string => (p < 0.0002 ? 'p ≤ 0.0001' : `p = ${p.toPrecision(2)}`)

const renderComparisons = (comparisons: readonly Comparison[]): string[] => {
  const [first] = comparisons
  if (!first) return []
  const { system, metric } = first
  return [
    `${metric} of ${system}, against`,
    ...comparisons.map(({ against, difference, p }) => `  ${against} ${signed(difference)} (${chance(p)})`),
  ]
}

const renderSet = ({ name, description, n, systems, comparisons }: SetSummary): string => {
  const metrics = Object.keys(systems[0]?.metrics ?? {})
  const table = alignColumns(
    [[`${name} (${count(n)} queries)`, ...metrics.map(heading)], ...systems.flatMap(rowsOf)],
    metrics.map((_, at) => at + 1),
  )
  return [table, description, ...renderComparisons(comparisons)].join('\n')
}

const MAIN = 'recall@10'

/** Each model by itself at recall@10, where there are several seeds. */
const renderModels = ({ name, models }: SetSummary): string | undefined => {
  if (models.length < 4 || models[0].metrics[MAIN] === undefined) return undefined
  const cell = ({ system, metrics }: SystemSummary): string => {
    const { mean, low, high } = metrics[MAIN]
    return `${system} ${mean.toFixed(3)} [${short(low)}–${short(high)}]`
  }
  const cells = models.map(cell)
  const width = Math.max(...cells.map((text) => text.length)) + 3
  const perLine = Math.max(1, Math.floor(100 / width))
  const lines = Array.from({ length: Math.ceil(cells.length / perLine) }, (_, line) =>
    cells
      .slice(line * perLine, (line + 1) * perLine)
      .map((text) => text.padEnd(width))
      .join('')
      .trimEnd(),
  )
  return [`${MAIN} of each model, ${name}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}

const origin = ({ synthetic: { corpus, agent } }: EvaluationSummary): string | undefined => {
  if (corpus && agent)
    return 'Corpus, questions and agent are SYNTHETIC: these numbers show that the pipeline works, not how it does on Wikipedia.'
  if (corpus) return 'Corpus and questions are SYNTHETIC.'
  return agent ? 'The agent is the built-in rule-based one, not a language model.' : undefined
}

/** The measures as text. */
export const renderEvaluation = (evaluation: EvaluationSummary): string =>
  [
    ...evaluation.sets.map(renderSet),
    ...evaluation.sets.map(renderModels).filter((text) => text !== undefined),
    [
      `Second lines: ${evaluation.intervals}. Against: paired randomisation over questions.`,
      ...evaluation.notes,
      origin(evaluation),
    ]
      .filter(Boolean)
      .join('\n'),
  ].join('\n\n')

export const evaluationSection: ReportSection = {
  key: 'evaluation',
  of: (folder, manifest) => {
    const summary =
      manifest &&
      readRecord(join(folder, METRICS_FILE), evaluationSummary, {
        expected: 'the measures of an evaluation',
        fix: 'Restore it, or measure again with --from evaluate.',
      })
    return summary ? { json: summary, text: renderEvaluation(summary) } : { json: null }
  },
}
