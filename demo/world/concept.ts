// A meaning with two families of words for it: what articles say and what questions say.

export interface Concept {
  readonly key: string
  readonly article: readonly string[]
  readonly question: readonly string[]
}

const words = (text: string): string[] => text.split('/').map((word) => word.trim())

/** Reads `{ key: 'article words/… | question words/…' }`. */
export const concepts = (lines: Readonly<Record<string, string>>): Record<string, Concept> =>
  Object.fromEntries(
    Object.entries(lines).map(([key, line]) => {
      const [article = '', question = ''] = line.split('|')
      return [key, { key, article: words(article), question: words(question) }]
    }),
  )
