// Scores a model while it trains: where the positives of the development rows rank among all documents of these rows.
import { at } from '../../core/at.ts'
import { parseMetric, rankingMetrics, type MetricName } from '../../evaluation/retrieval/metrics.ts'
import { openDotProducts } from '../../search/matmul.ts'
import type { DevConfig } from './config.ts'
import type { Dataset } from './dataset.ts'

export interface DevelopmentSet {
  /** Distinct queries, and documents that are ranked for each. */
  readonly queries: number
  readonly documents: number
  /**
   * Metrics averaged over the queries, each in [0, 1]. `embed` gives unit vectors, row-major; `check` may throw to stop.
   * Memory: the embeddings of queries and positives, and a block of others.
   */
  score(
    embed: (texts: readonly Int32Array[]) => Promise<Float32Array>,
    check: () => void,
  ): Promise<Readonly<Record<string, number>>>
}

/** What is measured besides the metric that decides. */
const USUAL: readonly MetricName[] = ['mrr@10', 'ndcg@10', 'recall@1', 'recall@10']
/** Documents scored at a time. */
const BLOCK = 1024

/** A positive of a query: its own score, and how many other documents score at least that. */
interface Target {
  readonly text: number
  score: number
  above: number
}

/** The queries, positives and first `negatives` negatives of these examples. */
export const developmentSet = (
  dataset: Dataset,
  examples: Uint32Array,
  { metric, negatives }: Pick<DevConfig, 'metric' | 'negatives'>,
): DevelopmentSet => {
  const relevant = new Map<number, Set<number>>()
  const seen = new Set<number>()
  for (const index of examples) {
    const row = dataset.example(index)
    const known = relevant.get(row.query) ?? new Set()
    for (const text of row.positives) known.add(text)
    relevant.set(row.query, known)
    for (const text of row.negatives.subarray(0, negatives)) seen.add(text)
  }
  const queries = [...relevant.keys()]
  const positives = [...new Set([...relevant.values()].flatMap((texts) => [...texts]))]
  for (const text of positives) seen.delete(text)
  const others = [...seen]
  const names = [...new Set([metric, ...USUAL])]

  return {
    queries: queries.length,
    documents: positives.length + others.length,
    score: async (embed, check) => {
      const blocks = async function* (texts: readonly number[]) {
        for (let from = 0; from < texts.length; from += BLOCK) {
          check()
          const block = texts.slice(from, from + BLOCK)
          yield { block, vectors: await embed(block.map(dataset.ids)) }
        }
      }
      const targets = queries.map((query) =>
        [...(relevant.get(query) ?? [])].map((text): Target => ({ text, score: NaN, above: 0 })),
      )
      const products = await openDotProducts()
      try {
        const asked: Float32Array[] = []
        for await (const { vectors } of blocks(queries)) asked.push(vectors)
        const width = at(asked, 0).length / Math.min(BLOCK, queries.length)
        const matrix = joined(asked)
        const held = []
        for await (const { block, vectors } of blocks(positives)) {
          const scores = await products.run(matrix, vectors, width)
          held.push({ block, vectors })
          const columns = new Map(block.map((text, column) => [text, column]))
          for (const [row, own] of targets.entries())
            for (const target of own) {
              const column = columns.get(target.text)
              if (column !== undefined) target.score = at(scores, row * block.length + column)
            }
        }
        for (const { block, vectors } of held) count(targets, block, await products.run(matrix, vectors, width))
        for await (const { block, vectors } of blocks(others))
          count(targets, block, await products.run(matrix, vectors, width))
      } finally {
        await products.close()
      }
      return averages(targets, names, positives.length + others.length)
    },
  }
}

const joined = (parts: readonly Float32Array[]): Float32Array => {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Counts the documents of a block that are not below a target. A tie, or no number, is never to the model's credit. */
const count = (targets: readonly (readonly Target[])[], block: readonly number[], scores: Float32Array): void => {
  for (const [row, own] of targets.entries()) {
    const positive = new Set(own.map(({ text }) => text))
    const from = row * block.length
    for (const target of own)
      for (const [column, text] of block.entries())
        if (!((scores[from + column] ?? NaN) < target.score) && !positive.has(text)) target.above++
  }
}

const averages = <N extends MetricName>(
  targets: readonly (readonly Target[])[],
  names: readonly N[],
  documents: number,
): Record<string, number> => {
  const depth = Math.min(documents, Math.max(...names.map((name) => parseMetric(name)?.k ?? 0)))
  const sums = new Map<string, number>(names.map((name) => [name, 0]))
  for (const own of targets) {
    const ranked = Array.from({ length: depth }, (_, place) => `other ${place}`)
    const ordered = own.map(({ above }) => above).sort((a, b) => a - b)
    for (const [before, above] of ordered.entries())
      if (above + before < depth) ranked[above + before] = `positive ${before}`
    const grades = new Map(ordered.map((_, before) => [`positive ${before}`, 1]))
    const found = rankingMetrics(ranked, grades, names)
    for (const name of names) sums.set(name, (sums.get(name) ?? 0) + found[name])
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / targets.length]))
}
