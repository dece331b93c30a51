// What stage filter reads and writes: a verdict on each trajectory, in the same order.
import { queries, scores, trajectories, verdicts } from '../../data/schemas.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import type { Config } from './config.ts'

export const reads = {
  trajectories: { stage: 'generate', table: trajectories },
  scores: { stage: 'generate', table: scores },
  questions: { stage: 'ingest', table: queries },
  importedQuestions: { stage: 'generate', table: queries },
} as const
export const writes = [verdicts] as const
export const aligned = { verdicts: 'trajectories' } as const
export type Context = ContextOf<Config, typeof reads, typeof writes>
