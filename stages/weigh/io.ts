// What stage weigh reads and writes: a weight for each pair, in the same order.
import { pairs, weights } from '../../data/schemas.ts'
import type { ContextOf } from '../../pipeline/stage.ts'
import type { Config } from './config.ts'

export const reads = { pairs: { stage: 'mine', table: pairs } } as const
export const writes = [weights] as const
export const aligned = { weights: 'pairs' } as const
export type Context = ContextOf<Config, typeof reads, typeof writes>
