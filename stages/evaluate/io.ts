// What stage evaluate reads; it writes metrics.json and the scores of each query, no table.
import { documents, qrels, queries, trajectories } from '../../data/schemas.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import { BM25 } from '../../search/bm25.ts'
import type { Config } from './config.ts'

export const reads = {
  documents: { stage: 'ingest', table: documents },
  questions: { stage: 'ingest', table: queries },
  qrels: { stage: 'ingest', table: qrels },
  index: { stage: 'index', file: BM25 },
  trajectories: { stage: 'generate', table: trajectories },
  importedQuestions: { stage: 'generate', table: queries },
  models: { stage: 'train', file: '.' },
} as const
export type Context = ContextOf<Config, typeof reads>
