// What a run amounts to: the funnel from questions to training pairs, and what each stage has to say.
import { join } from 'node:path'
import { writeFileAtomic } from '../../core/files.ts'
import { readManifest, stageFolder, type Manifest } from '../../pipeline/manifest.ts'
import type { FunnelRow, Stage } from '../../pipeline/stage.ts'
import { version } from '../../core/versions.ts'

export interface FunnelStep {
  readonly step: string
  readonly count: number
  /** What was dropped on the way here, by reason. */
  readonly dropped: Readonly<Record<string, number>>
}

/** What a stage adds beside the funnel: its value in report.json, and its text. */
export interface Section {
  readonly key: string
  readonly json: unknown
  readonly text?: string | undefined
}

export interface Report {
  readonly lrat: string
  readonly run: string
  readonly funnel: readonly FunnelStep[]
  readonly warnings: readonly string[]
  readonly seconds: Readonly<Record<string, number>>
  readonly sections: readonly Section[]
}

/** Stages as far as the report asks them. */
export type Reported = Pick<Stage<never>, 'name' | 'funnel' | 'section'>

const positive = (counts: FunnelRow['dropped'] = {}): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).flatMap(([name, count]) => (count && count > 0 ? [[name, count]] : [])))

/** Rows in the order of the stages; what a later stage says of an earlier one's step joins it. */
const funnelOf = (rows: readonly FunnelRow[]): FunnelStep[] => {
  const steps = new Map<string, FunnelStep>()
  for (const { step, count, dropped } of rows) {
    const known = steps.get(step)
    if (known) steps.set(step, { ...known, dropped: { ...known.dropped, ...positive(dropped) } })
    else if (count !== undefined) steps.set(step, { step, count, dropped: positive(dropped) })
  }
  return [...steps.values()]
}

/** The report on what stands in the run's folder now. */
export const buildReport = (run: string, stages: readonly Reported[]): Report => {
  const found = stages.map((stage): readonly [Reported, Manifest | undefined] => [
    stage,
    readManifest(stageFolder(run, stage.name)),
  ])
  const manifests = found.flatMap(([, manifest]) => manifest ?? [])
  return {
    lrat: version,
    run,
    funnel: funnelOf(found.flatMap(([stage, manifest]) => (manifest && stage.funnel?.(manifest)) ?? [])),
    warnings: manifests.flatMap(({ stage, warnings }) => warnings.map((text) => `${stage}: ${text}`)),
    seconds: Object.fromEntries(manifests.map(({ stage, seconds }) => [stage, seconds])),
    sections: found.flatMap(([{ name, section }, manifest]) =>
      section ? [{ key: section.key, ...section.of(stageFolder(run, name), manifest) }] : [],
    ),
  }
}

/** What report.json holds. */
export const reportJson = ({ sections, ...report }: Report): Readonly<Record<string, unknown>> => ({
  ...report,
  ...Object.fromEntries(sections.map(({ key, json }) => [key, json])),
})

/** Writes `report.json` into the run's folder. */
export const writeReport = (run: string, report: Report): void =>
  writeFileAtomic(join(run, 'report.json'), `${JSON.stringify(reportJson(report), null, 1)}\n`)
