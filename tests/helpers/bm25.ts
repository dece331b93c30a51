// BM25 as Lucene defines it, in double precision, over words that no stemmer or stop list changes.
import type { Hit } from '../../search/searcher.ts'
import type { IndexedDocument } from '../../search/build.ts'
import { compareHits } from '../../search/ranking.ts'

/** Documents of words with a long-tailed distribution, from a small linear congruential generator. */
export const syntheticDocuments = (count: number): IndexedDocument[] => {
  let state = 12345
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff
  const word = () => `w${Math.floor(5000 ** random())}`
  return Array.from({ length: count }, (_, i) => ({
    docid: `d${i % 7}-${i}`,
    title: i % 3 === 0 ? '' : word(),
    text: Array.from({ length: 10 + Math.floor(random() * 60) }, word).join(' '),
  }))
}

/** One to six words of some of the documents. */
export const queriesOf = (rows: readonly IndexedDocument[], count: number): { text: string }[] =>
  Array.from({ length: count }, (_, i) => ({
    text: rows[(i * 31) % rows.length].text
      .split(' ')
      .slice(0, 1 + (i % 6))
      .join(' '),
  }))

/** Scores every document by k1 1.2 and b 0.75; the best first, all that score. */
export const bruteForceBm25 = (rows: readonly IndexedDocument[]): ((query: string) => Hit[]) => {
  const [k1, b] = [1.2, 0.75]
  const counted = rows.map(({ text }) => {
    const counts = new Map<string, number>()
    const words = text.split(' ')
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
    return { counts, length: words.length }
  })
  const mean = counted.reduce((sum, { length }) => sum + length, 0) / rows.length
  const documents = new Map<string, number>()
  for (const { counts } of counted) {
    for (const word of counts.keys()) documents.set(word, (documents.get(word) ?? 0) + 1)
  }
  return (query) => {
    const hits: Hit[] = []
    counted.forEach(({ counts, length }, at) => {
      let score = 0
      for (const word of query.split(' ')) {
        const frequency = counts.get(word) ?? 0
        if (frequency === 0) continue
        const found = documents.get(word) ?? 0
        const idf = Math.log(1 + (rows.length - found + 0.5) / (found + 0.5))
        score += (idf * (k1 + 1) * frequency) / (frequency + k1 * (1 - b + (b * length) / mean))
      }
      if (score > 0) hits.push({ docid: rows[at].docid, score })
    })
    return hits.sort(compareHits)
  }
}

/**
 * The largest relative error of `found`'s scores against the oracle's at the same rank, and of each document's score
 * against its own: 0 for the k best documents, those of equal scores in any order.
 */
export const largestError = (found: readonly Hit[], oracle: readonly Hit[]): number => {
  const scores = new Map(oracle.map(({ docid, score }) => [docid, score]))
  return found.reduce((most, { docid, score }, rank) => {
    const own = Math.abs(score - (scores.get(docid) ?? 0)) / score
    const ranked = Math.abs(score - oracle[rank].score) / score
    return Math.max(most, own, ranked)
  }, 0)
}
