// What the scores on the development split say so far: which step is the best, and how long ago that was.
import type { Scored } from './metrics.ts'

export interface Standing {
  readonly step: number
  readonly score: number
  /** Evaluations since, none of which scored above it. */
  readonly since: number
}

/** The measure that decides, of what was scored at a step. Throws where it was not measured. */
export const scoreOf = (scores: Scored['scores'], metric: string): number => {
  const score = scores[metric]
  if (score === undefined) throw new TypeError(`${metric} was not measured`)
  return score
}

/** The best of these steps, in order of steps; of equal ones the first. Undefined where nothing was scored. */
export const standingOf = (scored: ReadonlyMap<number, Scored['scores']>, metric: string): Standing | undefined => {
  let best: Standing | undefined
  for (const [step, scores] of scored) {
    const score = scoreOf(scores, metric)
    best = best !== undefined && !(score > best.score) ? { ...best, since: best.since + 1 } : { step, score, since: 0 }
  }
  return best
}
