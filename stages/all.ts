// The method as a list, in the order the data flows.
import { evaluateStage } from './evaluate/stage.ts'
import { exportStage } from './export/stage.ts'
import { filterStage } from './filter/stage.ts'
import { generateStage } from './generate/stage.ts'
import { indexStage } from './index/stage.ts'
import { ingestStage } from './ingest/stage.ts'
import { mineStage } from './mine/stage.ts'
import { reportStage } from './report/stage.ts'
import { trainStage } from './train/stage.ts'
import { weighStage } from './weigh/stage.ts'

const method = [
  ingestStage,
  indexStage,
  generateStage,
  filterStage,
  mineStage,
  weighStage,
  exportStage,
  trainStage,
  evaluateStage,
] as const

export const stages = [...method, reportStage(method)] as const
