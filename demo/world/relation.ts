// The form of a relation's wordings.
// Articles: {S} subject (start of a sentence), {s} subject (inside), {S's} and {s's} possessive, {O} object or value.
// Questions: a predicate about the subject; one that starts with "whose" needs no relative pronoun.
// {sib:O} {par:O} {child:O} {spouse:O}: kinship words for the gender of the object (of the subject with :S).

export interface Relation {
  readonly article: readonly string[]
  readonly question: readonly string[]
  /** The same fact seen from its object. */
  readonly inverse?: string
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** Reads wordings, one a line. */
export const relation = (article: string, question: string, inverse?: string): Relation => ({
  article: lines(article),
  question: lines(question),
  ...(inverse === undefined ? {} : { inverse }),
})
