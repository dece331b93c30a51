// What stage ingest writes; it reads nothing of other stages.
import { documents, qrels, queries } from '../../data/schemas.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import type { Config } from './config.ts'

export const reads = {}
export const writes = [documents, queries, qrels] as const
export type Context = ContextOf<Config, typeof reads, typeof writes>
