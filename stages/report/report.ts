// What a run amounts to: the funnel from questions to training pairs, and the evaluation.
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { EvaluationSummary } from '../../evaluation/summary.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { readManifest, type Manifest } from '../../pipeline/manifest.ts'
import { stageFolder } from '../../pipeline/stage.ts'
import { version } from '../../core/versions.ts'

export interface FunnelStep {
  readonly step: string
  readonly count: number
  /** What was dropped on the way here, by reason. */
  readonly dropped: Readonly<Record<string, number>>
}

/** How the training of a model went, as the train stage summed it up. */
export interface Training {
  readonly model: string
  readonly steps: number
  readonly chosenStep: number
  readonly loss: { readonly first: number; readonly last: number }
  readonly development?: {
    readonly rows: number
    readonly queries: number
    readonly documents: number
    readonly metric: string
    readonly start: number
    readonly chosen: number
    readonly last: number
  }
}

export interface Report {
  readonly lrat: string
  readonly run: string
  readonly funnel: readonly FunnelStep[]
  readonly training: readonly Training[]
  readonly warnings: readonly string[]
  readonly seconds: Readonly<Record<string, number>>
  readonly evaluation: EvaluationSummary | null
}

const STAGES = ['ingest', 'index', 'generate', 'filter', 'mine', 'weigh', 'export', 'train', 'evaluate']

const positive = (counts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))

const prefixed = (manifest: Manifest | undefined, prefix: string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(manifest?.counts ?? {})
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, count]) => [name.slice(prefix.length).trim().replaceAll('_', ' '), count]),
  )

const funnelOf = (manifests: ReadonlyMap<string, Manifest>): FunnelStep[] => {
  const counts = (stage: string): Readonly<Record<string, number | undefined>> => manifests.get(stage)?.counts ?? {}
  const [generate, filter, mine, train] = ['generate', 'filter', 'mine', 'train'].map(counts)
  const queries = manifests.get('generate')?.tables['queries']?.reduce((sum, part) => sum + (part.rows ?? 0), 0) ?? 0
  const steps: [string, number | undefined, Record<string, number>][] = [
    ['questions', counts('ingest').queries || queries || undefined, {}],
    ['trajectories', generate.trajectories, prefixed(manifests.get('generate'), 'skipped:')],
    ['completed', generate.completed, { unfinished: filter.unfinished ?? 0 }],
    [
      filter.correct === 0 && mine.trajectories !== undefined && filter.incorrect === 0
        ? 'accepted unjudged'
        : 'correct',
      filter.correct === 0 && filter.incorrect === 0 ? filter.undecided : filter.correct,
      {
        incorrect: filter.incorrect ?? 0,
        undecided: filter.correct === 0 && filter.incorrect === 0 ? 0 : (filter.undecided ?? 0),
      },
    ],
    ['mined (training questions)', mine.trajectories, {}],
    ['browses', mine.browses, {}],
    ['relevant browses', mine.relevant, { unlabelled: mine.unlabelled ?? 0, undecided: mine.undecided ?? 0 }],
    ['pairs', mine.pairs, { 'opened document in no held search': mine.browses_in_no_search ?? 0 }],
    ['exported', counts('export').exported, prefixed(manifests.get('export'), 'dropped:')],
    ['trained on', train.trained_on, prefixed(manifests.get('train'), 'dropped:')],
  ]
  return steps.flatMap(([step, count, dropped]) =>
    count === undefined ? [] : [{ step, count, dropped: positive(dropped) }],
  )
}

/** One entry a model of a finished train stage. */
const trainingOf = (run: string, manifest: Manifest | undefined): Training[] =>
  (manifest?.files ?? []).flatMap(({ file }) => {
    if (basename(file) !== 'train.json') return []
    const summary = JSON.parse(readFileSync(join(stageFolder(run, 'train'), file), 'utf8')) as Omit<Training, 'model'>
    const { steps, chosenStep, loss, development } = summary
    return [{ model: dirname(file), steps, chosenStep, loss, ...(development && { development }) }]
  })

/** The report on what stands in the run's folder now. */
export const buildReport = (run: string): Report => {
  const manifests = new Map(
    STAGES.flatMap((stage) => {
      const folder = stageFolder(run, stage)
      const manifest = existsSync(folder) ? readManifest(folder) : undefined
      return manifest ? [[stage, manifest] as const] : []
    }),
  )
  const metrics = join(stageFolder(run, 'evaluate'), 'metrics.json')
  return {
    lrat: version,
    run,
    funnel: funnelOf(manifests),
    training: trainingOf(run, manifests.get('train')),
    warnings: [...manifests.values()].flatMap((manifest) =>
      manifest.warnings.map((text) => `${manifest.stage}: ${text}`),
    ),
    seconds: Object.fromEntries([...manifests].map(([stage, manifest]) => [stage, manifest.seconds])),
    evaluation:
      manifests.has('evaluate') && existsSync(metrics)
        ? (JSON.parse(readFileSync(metrics, 'utf8')) as EvaluationSummary)
        : null,
  }
}

/** Writes `report.json` into the run's folder. */
export const writeReport = (run: string, report: Report): void =>
  writeFileAtomic(join(run, 'report.json'), `${JSON.stringify(report, null, 1)}\n`)
