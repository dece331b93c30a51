// The report as text for a terminal.
import type { Comparison, EvaluationSummary, SetSummary, SystemSummary } from '../../evaluation/summary.ts'
import { alignColumns } from '../../core/align.ts'
import { count, duration } from '../../pipeline/progress.ts'
import type { FunnelStep, Report, Training } from './report.ts'

const METRICS: Readonly<Record<string, string>> = { ndcg: 'nDCG', mrr: 'MRR', map: 'MAP' }
const heading = (metric: string): string => {
  const [name, k] = metric.split('@')
  return `${METRICS[name] ?? name}${k === undefined ? '' : `@${k}`}`
}

const short = (value: number): string => value.toFixed(2).replace(/^0\./, '.')

const renderFunnel = (funnel: readonly FunnelStep[]): string =>
  alignColumns(
    [
      ['funnel', 'count', 'dropped here'],
      ...funnel.map(({ step, count: n, dropped }) => [
        step,
        count(n),
        Object.entries(dropped)
          .map(([reason, times]) => `${count(times)} ${reason}`)
          .join(', '),
      ]),
    ],
    [1],
  )

/** Models that a development split was kept for. */
const renderTraining = (training: readonly Training[]): string | undefined => {
  const rows = training.flatMap(({ model, steps, chosenStep, loss, development: dev }) =>
    dev === undefined
      ? []
      : [
          [
            model,
            count(steps),
            `${loss.first.toFixed(3)} -> ${loss.last.toFixed(3)}`,
            `${dev.start.toFixed(4)} -> ${dev.chosen.toFixed(4)}`,
            `${count(chosenStep)}${dev.start > dev.chosen ? ' (the start scored better)' : ''}`,
          ],
        ],
  )
  const [dev] = training.flatMap(({ development }) => development ?? [])
  if (rows.length === 0) return undefined
  const table = alignColumns([['model', 'steps', 'loss', `dev ${heading(dev.metric)}`, 'chosen step'], ...rows], [1])
  return `${table}\n${count(dev.queries)} training queries set aside, ranked over ${count(dev.documents)} documents`
}

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
  if (comparisons.length === 0) return []
  const [{ system, metric }] = comparisons
  return [
    `${metric} of ${system}, against`,
    ...comparisons.map(({ against, difference, p }) => `  ${against} ${signed(difference)} (${chance(p)})`),
  ]
}

const renderSet = ({ name, description, n, systems, comparisons }: SetSummary): string => {
  const metrics = Object.keys(systems[0].metrics)
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

const renderEvaluation = (evaluation: EvaluationSummary): string =>
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

/** The report, ready to print; ends without a newline. */
export const renderReport = ({ funnel, training, evaluation, seconds }: Report): string =>
  [
    ...(funnel.length > 0 ? [renderFunnel(funnel)] : []),
    ...[renderTraining(training)].filter((text) => text !== undefined),
    ...(evaluation ? [renderEvaluation(evaluation)] : []),
    `Stages took ${duration(Object.values(seconds).reduce((sum, value) => sum + value, 0))} in all.`,
  ].join('\n\n')
