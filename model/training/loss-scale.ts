// Dynamic loss scaling (Micikevicius et al. 2018, arXiv 1710.03740): gradients are kept long enough for float16.

/** What carries over from step to step, and into checkpoints. */
export interface LossScale {
  /** Factor on the loss, and so on the gradients until they reach the optimizer; a power of two. */
  readonly scale: number
  /** Steps taken since the scale last changed. */
  readonly good: number
  /** Steps left out so far because a gradient was not finite. */
  readonly skipped: number
}

export const LOSS_SCALE: LossScale = { scale: 2 ** 15, good: 0, skipped: 0 }

/** Good steps after which the scale is doubled. */
const PATIENCE = 1000
const LARGEST = 2 ** 24

/** After a step that was taken: doubled once `PATIENCE` such steps follow each other. */
export const afterGoodStep = ({ scale, good, skipped }: LossScale): LossScale =>
  good + 1 < PATIENCE || scale >= LARGEST ? { scale, good: good + 1, skipped } : { scale: scale * 2, good: 0, skipped }

/** After a step that was left out: halved. Undefined when there is nothing left to halve: scaling is not what is wrong. */
export const afterOverflow = ({ scale, skipped }: LossScale): LossScale | undefined =>
  scale > 1 ? { scale: scale / 2, good: 0, skipped: skipped + 1 } : undefined
