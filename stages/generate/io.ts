// What stage generate reads and writes. Imported trajectories need neither corpus nor index.
import { queries, trajectories } from '../../data/schemas.ts'
import type { Reads } from '../../pipeline/reads.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import { BM25 } from '../../search/bm25.ts'
import type { Config } from './config.ts'

const generates = (config: Config): boolean => config.trajectories.import === undefined

export const reads = {
  questions: { stage: 'ingest', table: queries, when: generates },
  index: { stage: 'index', file: BM25, when: generates },
} satisfies Reads<Config>
export const writes = [trajectories, queries] as const
export type Context = ContextOf<Config, typeof reads, typeof writes>
