// What stage train reads and writes. A training file from elsewhere needs no corpus; where there is one, its words join
// the vocabulary of an encoder from scratch.
import { development, documents, examples, timings, tokens, training } from '../../data/schemas.ts'
import type { Reads } from '../../pipeline/reads.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import { TRAIN_FILE } from '../lrat-train.ts'
import type { Config } from './config.ts'

const isOwn = ({ train }: Config): boolean => train.data === undefined
/** A fine-tuned model has its vocabulary; of the run's own pairs the corpus is an input either way. */
const readsCorpus = ({ train }: Config): boolean => train.data === undefined || train.model === undefined

export const reads = {
  documents: { stage: 'ingest', table: documents, when: readsCorpus, optional: true },
  examples: { stage: 'export', file: TRAIN_FILE, when: isOwn },
} satisfies Reads<Config>
export const writes = [tokens, examples, training, timings, development] as const
export type Context = ContextOf<Config, typeof reads, typeof writes>
