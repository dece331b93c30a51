// Are test questions among the training questions? Word for word, or nearly?
import { at } from '../core/at.ts'
import { UserError } from '../core/errors.ts'

/** Lower case, letters and digits of any script, single spaces: what counts as the same text. */
export const normaliseText = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

export interface QuestionRow {
  readonly query_id: string
  readonly question: string
}

export interface Overlap {
  readonly test: string
  readonly train: string
  /** Jaccard similarity of the questions' word pairs; 1 for the same text. */
  readonly similarity: number
}

/** Pairs of neighbouring words (single words for one-word texts), as a set. */
const shinglesOf = (text: string): ReadonlySet<string> => {
  const words = normaliseText(text).split(' ')
  return new Set(words.length < 2 ? words : words.slice(1).map((word, at) => `${words[at]} ${word}`))
}

const jaccard = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a]
  let common = 0
  for (const shingle of small) if (large.has(shingle)) common += 1
  return common / (a.size + b.size - common)
}

/**
 * For each test question the most similar training question, where their similarity is at least `threshold` (0–1]. Exact, not
 * a sketch: two sets that similar share one of the rarest shingles of each (prefix filtering, Chaudhuri et al. 2006), so only few
 * pairs are compared. Time grows with the number of such pairs; memory with the training questions.
 */
export const findOverlap = (
  test: readonly QuestionRow[],
  train: readonly QuestionRow[],
  threshold = 0.8,
): Overlap[] => {
  const trainSets = train.map((row) => shinglesOf(row.question))
  const testSets = test.map((row) => shinglesOf(row.question))
  const frequency = new Map<string, number>()
  for (const set of [...trainSets, ...testSets])
    for (const shingle of set) frequency.set(shingle, (frequency.get(shingle) ?? 0) + 1)
  const prefixOf = (set: ReadonlySet<string>): string[] => {
    const order = (a: string, b: string): number =>
      (frequency.get(a) ?? 0) - (frequency.get(b) ?? 0) || (a < b ? -1 : a > b ? 1 : 0)
    // The small margin keeps 0.8 × 5 from becoming 4.000000000000001.
    return [...set].sort(order).slice(0, set.size - Math.ceil(threshold * set.size - 1e-9) + 1)
  }
  const byShingle = new Map<string, number[]>()
  trainSets.forEach((set, index) => {
    for (const shingle of prefixOf(set)) {
      const rows = byShingle.get(shingle)
      if (rows) rows.push(index)
      else byShingle.set(shingle, [index])
    }
  })
  return testSets.flatMap((set, index) => {
    let best: Overlap | undefined
    for (const candidate of new Set(prefixOf(set).flatMap((shingle) => byShingle.get(shingle) ?? []))) {
      const similarity = jaccard(set, at(trainSets, candidate))
      if (similarity >= threshold && similarity > (best?.similarity ?? 0))
        best = { test: at(test, index).query_id, train: at(train, candidate).query_id, similarity }
    }
    return best ? [best] : []
  })
}

/** Errors: UserError when a test question is (nearly) a training question, unless that is allowed. Returns what it found. */
export const checkOverlap = (
  test: readonly QuestionRow[],
  train: readonly QuestionRow[],
  { threshold = 0.8, allow = false }: { readonly threshold?: number; readonly allow?: boolean } = {},
): Overlap[] => {
  const found = findOverlap(test, train, threshold)
  if (found.length === 0 || allow) return found
  const examples = found
    .slice(0, 5)
    .map((overlap) => `${overlap.test} ~ ${overlap.train} (${overlap.similarity.toFixed(2)})`)
  throw new UserError({
    where: 'queries',
    expected: 'test questions that are not among the training questions',
    found: `${found.length} that are, or nearly: ${examples.join(', ')}${found.length > 5 ? ' …' : ''}`,
    fix: 'Remove them from one of the two, or allow the overlap if it is intended.',
  })
}
