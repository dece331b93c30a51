// What the parts of the torture have in common.

export interface PartOptions {
  readonly seed: number
  /** Inputs, kills, requests or faults. */
  readonly count: number
  /** The number of the first one. */
  readonly from?: number
  /** Name of the only target. */
  readonly only?: string
  readonly say: (text: string) => void
}

export interface Outcome {
  /** What was done, in words. */
  readonly done: string
  /** How to repeat each failure. */
  readonly failures: readonly string[]
}
