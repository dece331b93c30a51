// Which rows are set aside to score the model on while it trains.
import { splitForDevelopment, type SplitPair } from './dev-split.ts'
import { at } from '../../core/at.ts'
import { UserError } from '../../core/errors.ts'
import type { DevConfig, DropReason } from './config.ts'
import type { Dataset } from './dataset.ts'
import type { SplitRecord } from './records.ts'
import { noRows, trainRows } from './rows.ts'

/** Indices of examples. */
export interface Split {
  readonly train: Uint32Array
  readonly dev: Uint32Array
  /** Rows first chosen for development and given back, since a training query nearly says the same. */
  readonly returned: number
}

/**
 * Which of the kept rows of a training file to set aside, by query: no query, near-duplicate of one, or positive is on
 * both sides. The same for every seed, so that models compare. Holds the queries' texts.
 */
export const chooseRows = async (
  examples: string,
  dataset: Dataset,
  { keep }: { readonly keep: readonly DropReason[] },
  { share, rows }: Pick<DevConfig, 'share' | 'rows'>,
): Promise<SplitRecord> => {
  const pairs: SplitPair[] = []
  for await (const { query } of trainRows(examples, keep, noRows())) {
    const index = pairs.length
    // Equal texts have equal numbers.
    pairs.push({ pair_id: String(index), query, positives: Array.from(dataset.example(index).positives, String) })
  }
  const { dev, returned } = splitForDevelopment(pairs, rows === undefined ? { share } : { rows })
  return { dev: dev.map(Number), returned }
}

/** Both sides. Errors: UserError when one is empty. */
export const splitOf = (examples: string, dataset: Dataset, { dev, returned }: SplitRecord): Split => {
  const aside = new Set(dev)
  const train = Uint32Array.from([...Array(dataset.size).keys()].filter((index) => !aside.has(index)))
  if (dev.length === 0 || train.length === 0) {
    throw new UserError({
      where: `${examples}, train.dev`,
      expected: 'rows for training and others to set aside, with no query or positive in common',
      found: `${dataset.size} rows, of which ${dev.length} can be set aside`,
      fix: 'Give more rows, ask for another share, or leave train.dev away.',
    })
  }
  return { train, dev: Uint32Array.from(dev), returned }
}

/** The examples of these indices alone. */
export const subset = (dataset: Dataset, indices: Uint32Array): Dataset => ({
  ...dataset,
  size: indices.length,
  example: (index) => dataset.example(at(indices, index)),
})
