// What stage index reads; it writes a folder, no table.
import { documents } from '../../data/schemas.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import type { Config } from './config.ts'

export const reads = { documents: { stage: 'ingest', table: documents } } as const
export type Context = ContextOf<Config, typeof reads>
