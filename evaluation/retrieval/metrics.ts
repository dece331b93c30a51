// Measures of ranked lists against relevance judgements, with trec_eval's definitions.

/** Grades of one query's judged documents; a grade below 1 is not relevant. */
export type Grades = ReadonlyMap<string, number>
/** Judgements: query id → docid → grade. */
export type Judgements = ReadonlyMap<string, Grades>
/** Docids of each query, best first. */
export type Rankings = ReadonlyMap<string, readonly string[]>

const measures = ['recall', 'precision', 'ndcg', 'mrr', 'map'] as const
type Measure = (typeof measures)[number]
/** "recall@10", "precision@5", "ndcg@10", "mrr@10", "map@100", or "map", "mrr" and "ndcg" over the whole list. */
export type MetricName = `${Measure}@${number}` | 'map' | 'mrr' | 'ndcg'

/** Splits a metric's name into measure and cut-off (Infinity for the whole list); undefined if it is not one. */
export const parseMetric = (name: string): { measure: Measure; k: number } | undefined => {
  const [, word, digits] = /^([a-z]+)(?:@([1-9]\d{0,8}))?$/.exec(name) ?? []
  const measure = measures.find((known) => known === word)
  if (measure === undefined || (digits === undefined && (measure === 'recall' || measure === 'precision')))
    return undefined
  return { measure, k: digits === undefined ? Infinity : Number(digits) }
}

/** Whether `name` is a metric that `rankingMetrics` computes. */
export const isMetricName = (name: string): name is MetricName => parseMetric(name) !== undefined

/** Gains discounted by log2(rank + 1), summed over the first k. */
const discounted = (gains: readonly number[], k: number): number => {
  let sum = 0
  for (let i = 0; i < gains.length && i < k; i++) sum += gains[i] / Math.log2(i + 2)
  return sum
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

/**
 * Metrics of one ranked list, each in [0, 1]. Definitions are trec_eval's: linear gains with discount log2(rank + 1)
 * and the ideal order of all judged documents for nDCG; precision divides by k even if fewer are ranked; recall and MAP
 * divide by the number of relevant documents; a query without any has 0. A docid that is repeated counts once, at its
 * first rank. Order alone counts here: see `rankByScore` for trec_eval's order of a run file.
 */
export const rankingMetrics = <N extends MetricName>(
  ranked: readonly string[],
  grades: Grades,
  names: readonly N[],
): Record<N, number> => {
  const seen = new Set<string>()
  const gains = ranked.map((docid) => {
    if (seen.has(docid)) return 0
    seen.add(docid)
    return Math.max(0, grades.get(docid) ?? 0)
  })
  const ideal = [...grades.values()].filter((grade) => grade > 0).sort((a, b) => b - a)
  const relevant = ideal.length
  const hits = (k: number) => gains.slice(0, k).filter((gain) => gain > 0).length
  const value = (measure: Measure, k: number): number => {
    switch (measure) {
      case 'recall':
        return ratio(hits(k), relevant)
      case 'precision':
        return hits(k) / k
      case 'ndcg':
        return ratio(discounted(gains, k), discounted(ideal, k))
      case 'mrr': {
        const first = gains.findIndex((gain) => gain > 0)
        return first >= 0 && first < k ? 1 / (first + 1) : 0
      }
      case 'map': {
        let found = 0
        let sum = 0
        for (let i = 0; i < gains.length && i < k; i++) if (gains[i] > 0) sum += ++found / (i + 1)
        return ratio(sum, relevant)
      }
    }
  }
  const entries = names.map((name) => {
    const parsed = parseMetric(name)
    if (parsed === undefined) throw new RangeError(`unknown metric "${name}"`)
    return [name, value(parsed.measure, parsed.k)] as const
  })
  return Object.fromEntries(entries) as Record<N, number>
}

/** Metrics of many queries: `values[name][i]` belongs to `queryIds[i]`. */
export interface MetricColumns<N extends MetricName = MetricName> {
  readonly queryIds: readonly string[]
  readonly values: Readonly<Record<N, Float64Array>>
  /** Judged queries that have no ranked list; they count as zero in every metric, or were left out when asked. */
  readonly missing: readonly string[]
}

/** Whether any document is relevant. */
export const hasRelevant = (grades: Grades): boolean => [...grades.values()].some((grade) => grade > 0)

/**
 * Metrics of every judged query, in the order of the judgements. A judged query without a ranked list counts as 0
 * (trec_eval -c), or is left out with `missing: 'skip'` (trec_eval's default). So does one without a relevant document
 * (trec_eval), or it is left out with `empty: 'skip'`.
 */
export const evaluateRankings = <N extends MetricName>(
  judgements: Judgements,
  rankings: Rankings,
  names: readonly N[],
  { missing = 'zero', empty = 'zero' }: { missing?: 'zero' | 'skip'; empty?: 'zero' | 'skip' } = {},
): MetricColumns<N> => {
  const judged = empty === 'zero' ? [...judgements] : [...judgements].filter(([, grades]) => hasRelevant(grades))
  const absent = judged.filter(([queryId]) => !rankings.has(queryId)).map(([queryId]) => queryId)
  const kept = missing === 'zero' ? judged : judged.filter(([queryId]) => rankings.has(queryId))
  const rows = kept.map(([queryId, grades]) => rankingMetrics(rankings.get(queryId) ?? [], grades, names))
  const columns = names.map((name) => [name, Float64Array.from(rows, (row) => row[name])] as const)
  return {
    queryIds: kept.map(([queryId]) => queryId),
    values: Object.fromEntries(columns) as Record<N, Float64Array>,
    missing: absent,
  }
}

// UTF-8 orders as code points do; UTF-16 puts those beyond 16 bits, as surrogates, before U+E000.
const bytesOrder = (code: number): number => (code >= 0xe000 ? code - 0x800 : code >= 0xd800 ? code + 0x2000 : code)

/** The order of two texts by their bytes in UTF-8, as C's strcmp has it. */
export const compareBytes = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return bytesOrder(x) - bytesOrder(y)
  }
  return a.length - b.length
}

/**
 * Docids in the order in which trec_eval reads a run: by score in single precision, highest first, and equal scores by
 * docid, last first.
 */
export const rankByScore = (scored: Iterable<readonly [docid: string, score: number]>): string[] =>
  Array.from(scored, ([docid, score]) => ({ docid, score: Math.fround(score) }))
    .sort((a, b) => b.score - a.score || compareBytes(b.docid, a.docid))
    .map(({ docid }) => docid)
