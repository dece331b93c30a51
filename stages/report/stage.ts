// Stage report: the run's funnel and numbers as one page.
import { join } from 'node:path'
import { writeFileAtomic } from '../../core/files.ts'
import type { Stage } from '../../pipeline/stage.ts'
import type { Config } from '../config.ts'
import { renderReport } from './render.ts'
import { buildReport } from './report.ts'

export const reportStage: Stage<Config> = {
  name: 'report',
  version: 1,
  summary: 'write the funnel and the measures on one page',
  tables: [],
  needs: () => ['evaluate'],
  parameters: () => ({}),
  outside: () => [],
  run: async ({ config, folder }) => {
    writeFileAtomic(join(folder, 'report.txt'), `${renderReport(buildReport(config.run))}\n`)
    return { counts: {} }
  },
}
