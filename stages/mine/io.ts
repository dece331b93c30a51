// What stage mine reads and writes.
import { browses, documents, pairs, queries, relevance, trajectories, verdicts } from '../../data/schemas.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import type { Config } from './config.ts'

export const reads = {
  documents: { stage: 'ingest', table: documents },
  questions: { stage: 'ingest', table: queries },
  importedQuestions: { stage: 'generate', table: queries },
  trajectories: { stage: 'generate', table: trajectories },
  verdicts: { stage: 'filter', table: verdicts, alignedWith: 'trajectories' },
} as const
export const writes = [browses, relevance, pairs] as const
export type Context = ContextOf<Config, typeof reads, typeof writes>
