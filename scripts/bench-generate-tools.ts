// A small BM25 index in memory, so that bench-generate measures the client and not a search engine.
import type { Passage, Tools } from '../agents/tools.ts'

const WORDS =
  'amber basin copper delta ember fjord garnet harbor island juniper kelp lagoon meadow north orchid pebble quarry river saffron timber'.split(
    ' ',
  )

/** A deterministic stream of 32-bit numbers. */
const numbers = (seed: number) => (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0)

const wordsOf = (text: string): string[] => text.toLowerCase().match(/\p{L}+|\p{N}+/gu) ?? []

/** Indices of the ten highest scores above 0, best first, equal ones by index. */
const topTen = (scores: Float32Array): number[] => {
  const top: number[] = []
  for (let index = 0; index < scores.length; index += 1) {
    const score = scores[index]
    if (score === 0 || (top.length === 10 && score <= scores[top[9]])) continue
    let place = Math.min(top.length, 9)
    for (; place > 0 && scores[top[place - 1]] < score; place -= 1) top[place] = top[place - 1]
    top[place] = index
  }
  return top
}

/** Search (BM25, k1 0.9, b 0.4, ten hits of 64 words) and reading (512 words) over `size` documents of random words. */
export const memoryTools = (size: number): Tools => {
  const next = numbers(7)
  const words = Array.from({ length: size }, () =>
    Array.from({ length: 60 + (next() % 200) }, () => `${WORDS[(next() >>> 8) % WORDS.length]}${(next() >>> 8) % 300}`),
  )
  const mean = words.reduce((sum, { length }) => sum + length, 0) / size
  const counts = new Map<string, Map<number, number>>()
  words.forEach((document, index) => {
    for (const word of document) {
      const list = counts.get(word) ?? new Map<number, number>()
      counts.set(word, list.set(index, (list.get(index) ?? 0) + 1))
    }
  })
  const postings = [...counts.values()].map((list) => {
    const idf = Math.log(1 + (size - list.size + 0.5) / (list.size + 0.5))
    const impact = (index: number, tf: number): number =>
      (idf * tf) / (tf + 0.9 * (0.6 + (0.4 * words[index].length) / mean))
    const impacts = Float32Array.from(list, ([index, tf]) => impact(index, tf))
    return { documents: Int32Array.from(list.keys()), impacts }
  })
  const scores = new Float32Array(size)
  const cut = (most: number): Passage[] =>
    words.map((document, index) => ({
      docid: String(index),
      title: `Article ${index}`,
      text: Buffer.from(document.slice(0, most).join(' ')).toString(),
    }))
  const [snippets, documents] = [cut(64), cut(512)]
  return {
    search: async ({ text }) => {
      scores.fill(0)
      // The scripted questions' words are not the corpus's: each stands for one that is.
      for (const word of wordsOf(text)) {
        let code = 7
        for (let at = 0; at < word.length; at += 1) code = Math.imul(code, 31) + word.charCodeAt(at)
        const { documents: ids, impacts } = postings[(code >>> 0) % postings.length]
        for (let at = 0; at < ids.length; at += 1) scores[ids[at]] += impacts[at]
      }
      return topTen(scores).map((index) => snippets[index])
    },
    getDocument: async (docid) => documents[Number(docid)],
  }
}
