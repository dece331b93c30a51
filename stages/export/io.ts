// What stage export reads; it writes a file, no table.
import { documents, pairs, weights } from '../../data/schemas.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import type { Config } from './config.ts'

export const reads = {
  documents: { stage: 'ingest', table: documents },
  pairs: { stage: 'mine', table: pairs },
  weights: { stage: 'weigh', table: weights, alignedWith: 'pairs' },
} as const
export type Context = ContextOf<Config, typeof reads>
