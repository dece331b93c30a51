// What stage generate reads and writes. Imported trajectories need neither corpus nor index.
import { queries, scores, trajectories } from '../../data/schemas.ts'
import type { Reads } from '../../pipeline/reads.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import { BM25 } from '../../search/bm25.ts'
import type { Config } from './config.ts'

const generates = (config: Config): boolean => config.trajectories.import === undefined

/** Logs that name no questions are matched with those of the questions' file, if there is one. */
export const matchesQuestions = ({ trajectories: { format }, queries: { path } }: Config): boolean =>
  path !== undefined && format !== 'lrat' && format !== 'browsecomp-plus'

export const reads = {
  questions: { stage: 'ingest', table: queries, when: (config) => generates(config) || matchesQuestions(config) },
  index: { stage: 'index', file: BM25, when: generates },
} satisfies Reads<Config>
export const writes = [trajectories, scores, queries] as const
export type Context = ContextOf<Config, typeof reads, typeof writes>
