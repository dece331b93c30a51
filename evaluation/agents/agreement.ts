// How well a judge agrees with given labels.
import { alignRows } from '../../core/align.ts'

export interface Agreement {
  /** Items that both labelled. */
  readonly both: number
  /** Items that only one of the two labelled. */
  readonly onlyGiven: number
  readonly onlyJudged: number
  /** Share of equal labels, 0–1; NaN when nothing is comparable. */
  readonly accuracy: number
  /** Cohen's κ: agreement beyond what the two label frequencies give by chance. NaN when chance alone agrees always. */
  readonly kappa: number
  /** All labels, sorted. */
  readonly labels: readonly string[]
  /** `confusion[i][j]`: items with given label `labels[i]` and judged label `labels[j]`. */
  readonly confusion: readonly (readonly number[])[]
}

/** Compares labels by item key. */
export const agreement = (given: ReadonlyMap<string, string>, judged: ReadonlyMap<string, string>): Agreement => {
  const pairs = [...given].flatMap(([key, label]) => {
    const other = judged.get(key)
    return other === undefined ? [] : [[label, other] as const]
  })
  const labels = [...new Set(pairs.flat())].sort()
  const at = new Map(labels.map((label, index) => [label, index]))
  const confusion = labels.map(() => labels.map(() => 0))
  for (const [label, other] of pairs) confusion[at.get(label)!][at.get(other)!] += 1
  const n = pairs.length
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const accuracy = sum(labels.map((_, index) => confusion[index][index])) / n
  const chance = sum(labels.map((_, i) => (sum(confusion[i]) / n) * (sum(confusion.map((row) => row[i])) / n)))
  return {
    both: n,
    onlyGiven: given.size - n,
    onlyJudged: [...judged.keys()].filter((key) => !given.has(key)).length,
    accuracy,
    kappa: (accuracy - chance) / (1 - chance),
    labels,
    confusion,
  }
}

/** As text, the confusion table with given labels down and judged labels across. */
export const formatAgreement = (result: Agreement): string => {
  const { both, onlyGiven, onlyJudged, accuracy, kappa, labels, confusion } = result
  const cells = [
    ['given \\ judged', ...labels],
    ...labels.map((label, i) => [label, ...(confusion[i] ?? []).map(String)]),
  ]
  return [
    `compared   ${both} (only given: ${onlyGiven}, only judged: ${onlyJudged})`,
    `accuracy   ${accuracy.toFixed(4)}`,
    `Cohen's κ  ${kappa.toFixed(4)}`,
    '',
    ...alignRows(cells, 'all but the first'),
  ].join('\n')
}
