// Stage report: the run's funnel and numbers as one page.
import { join } from 'node:path'
import { writeFileAtomic } from '../../core/files.ts'
import type { Stage } from '../../pipeline/stage.ts'
import type { Settings } from '../settings.ts'
import { renderReport } from './render.ts'
import { buildReport, type Reported } from './report.ts'

/** The report on the stages listed before it; it needs the last of them. */
export const reportStage = (stages: readonly Reported[]) =>
  ({
    name: 'report',
    version: 1,
    summary: 'write the funnel and the measures on one page',
    reads: Object.fromEntries(stages.slice(-1).map(({ name }) => [name, { stage: name, file: '.' }])),
    writes: [],
    parameters: () => ({}),
    run: async ({ config, folder, restsOn }) => {
      const reported = stages.filter(({ name }) => restsOn.includes(name))
      writeFileAtomic(join(folder, 'report.txt'), `${renderReport(buildReport(config.run, reported))}\n`)
      return { counts: {} }
    },
  }) satisfies Stage<Settings>
