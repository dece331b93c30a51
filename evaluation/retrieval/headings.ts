// How metrics are called in tables for people.

const METRICS: Readonly<Record<string, string>> = { ndcg: 'nDCG', mrr: 'MRR', map: 'MAP' }
/** `ndcg@10` as nDCG@10. */
export const heading = (metric: string): string => {
  const [name = metric, k] = metric.split('@')
  return `${METRICS[name] ?? name}${k === undefined ? '' : `@${k}`}`
}
