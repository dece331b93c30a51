// Which examples and negatives a step sees: a function of (seed, epoch, position) alone, so a resumed run sees the same.
import { EXCLUDED, normalisedWeights } from '../../model/training/loss.ts'
import { at } from '../../core/at.ts'
import { randomOf, sample, shuffled } from '../../core/random.ts'
import type { ModelConfig } from './config.ts'
import type { Dataset } from './dataset.ts'

/** One step's texts, by number, and how they stand to each other. Matrices are row-major [queries × documents]. */
export interface Batch {
  readonly queries: readonly number[]
  /** Distinct documents, in order of first sight. */
  readonly documents: readonly number[]
  readonly logCounts: Float32Array
  readonly targets: Float32Array
  /** Divided by the normalizer. */
  readonly weights: Float32Array
}

/** Streams of random numbers that must not be the same. */
const [ORDER, NEGATIVES, POSITIVES] = [1, 2, 3]

type Sampling = Pick<
  ModelConfig,
  'seed' | 'batch_size' | 'group_size' | 'in_batch_negatives' | 'weighting' | 'normalizer'
>

export const stepsPerEpoch = (examples: number, batchSize: number): number => Math.ceil(examples / batchSize)

/** Batches by step (0 for the first): remembers the order of one epoch. */
export const batchesOf = (dataset: Dataset, config: Sampling): ((step: number) => Batch) => {
  const perEpoch = stepsPerEpoch(dataset.size, config.batch_size)
  let epoch = -1
  let order: Uint32Array = new Uint32Array()
  return (step) => {
    const current = Math.floor(step / perEpoch)
    if (current !== epoch) {
      epoch = current
      order = shuffled(dataset.size, randomOf(ORDER, config.seed, epoch))
    }
    const start = (step % perEpoch) * config.batch_size
    return assemble(dataset, config, epoch, order.subarray(start, start + config.batch_size))
  }
}

/**
 * The batch of these examples. The documents that count for a query are its group's and, with in-batch negatives, every
 * other query's group, as often as they occur; none that is a positive of the same query counts, but the one drawn, once.
 */
const assemble = (dataset: Dataset, config: Sampling, epoch: number, indices: Uint32Array): Batch => {
  const places = new Map<number, number>()
  const place = (text: number): number => {
    const known = places.get(text) ?? places.size
    places.set(text, known)
    return known
  }
  const groups = Array.from(indices, (index) => {
    const { query, positives, negatives, weight } = dataset.example(index)
    const drawn = sample(positives, 1, randomOf(POSITIVES, config.seed, epoch, index))
    const sampled = sample(negatives, config.group_size - 1, randomOf(NEGATIVES, config.seed, epoch, index))
    return { query, weight, members: [...drawn, ...sampled].map(place) }
  })
  const documents = [...places.keys()]
  const width = documents.length
  const everywhere = countsOf(
    groups.flatMap((group) => group.members),
    width,
  )
  const logCounts = new Float32Array(groups.length * width)
  const targets = new Float32Array(groups.length * width)
  for (const [row, { query, members }] of groups.entries()) {
    const counts = config.in_batch_negatives ? everywhere : countsOf(members, width)
    for (const [column, text] of documents.entries()) {
      const own = column === members[0]
      const count = own ? 1 : dataset.isPositive(query, text) ? 0 : at(counts, column)
      logCounts[row * width + column] = count === 0 ? EXCLUDED : Math.log(count)
      if (own) targets[row * width + column] = 1
    }
  }
  const weights = groups.map(({ weight }) => (config.weighting === 'lrat' ? weight : 1))
  return {
    queries: groups.map(({ query }) => query),
    documents,
    logCounts,
    targets,
    weights: normalisedWeights(weights, config.normalizer),
  }
}

const countsOf = (places: readonly number[], width: number): Uint32Array => {
  const counts = new Uint32Array(width)
  for (const place of places) counts[place] = at(counts, place) + 1
  return counts
}
