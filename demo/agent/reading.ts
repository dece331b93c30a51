// Compares what was read with what is asked: which sentence of a page speaks for which clause.
import { withoutTitle } from '../../data/title.ts'
import type { Clause, Unknown } from './question.ts'
import { meaningsOf, sentencesOf, type Word } from './words.ts'

export interface Page {
  readonly docid: string
  readonly title: string
  readonly text: string
  readonly sentences: readonly { readonly text: string; readonly meanings: ReadonlySet<string> }[]
  readonly meanings: ReadonlySet<string>
}

export interface Support {
  readonly unknown: number
  readonly clause: Clause
  readonly sentence: string
  /** Share of the clause's words, by weight, that the sentence has. */
  readonly share: number
}

export const pageOf = (docid: string, title: string, text: string): Page => ({
  docid,
  title,
  text,
  sentences: sentencesOf(withoutTitle(title, text)).map((sentence) => ({
    text: sentence,
    meanings: meaningsOf(sentence),
  })),
  meanings: meaningsOf(`${title} ${text}`),
})

const shareOf = (words: readonly Word[], meanings: ReadonlySet<string>): number => {
  let whole = 0
  let found = 0
  for (const { meaning, weight } of words) {
    whole += weight
    if (meanings.has(meaning)) found += weight
  }
  return whole === 0 ? 0 : found / whole
}

/** How well text fits a kind of thing: one telling word is nearly enough. */
const kindShare = (headWords: readonly Word[], meanings: ReadonlySet<string>): number => {
  const share = shareOf(headWords, meanings)
  const synonym = headWords.some(({ meaning }) => meaning.startsWith('#') && meanings.has(meaning))
  return synonym ? Math.max(share, 0.7) : share
}

/** Sentences that deny or doubt say nothing in favour of a clause. */
const DENIES = /\b(?:nothing|never|not|confuse|rejected|mistake|rumours|compared|mentions)\b/i

/** The page's title without what tells namesakes apart. */
export const nameOf = (title: string): string => title.replace(/ \([^)]*\)$/, '')

/** The sentence that speaks best for a clause. A clause about another unknown needs that one's name, once known. */
const supportOf = (page: Page, clause: Clause, index: number, names: ReadonlyMap<number, string>): Support => {
  const other = clause.child === undefined ? undefined : names.get(clause.child)
  let best: Support = { unknown: index, clause, sentence: '', share: 0 }
  for (const { text, meanings } of page.sentences) {
    let share = shareOf(clause.words, meanings) * (DENIES.test(text) ? 0.3 : 1)
    if (other !== undefined) share = text.includes(other) ? 0.7 + 0.3 * share : share * 0.3
    else if (clause.child !== undefined) share *= 0.6
    if (share > best.share) best = { unknown: index, clause, sentence: text, share }
  }
  return best
}

export interface Assessment {
  /** 0 … 1: how well the page describes the unknown. */
  readonly score: number
  readonly supports: readonly Support[]
  /** Whether the page is about the right kind of thing, as far as its first sentence tells. */
  readonly fitting: boolean
}

const OF_THE_KIND = 0.3
const OTHER_KIND_FACTOR = 0.6

/** How well a page fits an unknown, given the names already settled on for others. */
export const assess = (
  page: Page,
  unknowns: readonly Unknown[],
  index: number,
  names: ReadonlyMap<number, string>,
): Assessment => {
  const { headWords, clauses, parent } = unknowns[index]
  const opening = page.sentences[0]?.meanings ?? page.meanings
  const supports = clauses.map((clause) => supportOf(page, clause, index, names))
  const weights = clauses.map(({ words, child }) => {
    const strength = 1 + Math.min(3, words.reduce((sum, word) => sum + word.weight, 0) / 3)
    return child !== undefined && !names.has(child) ? 0.4 * strength : strength
  })
  const whole = weights.reduce((a, b) => a + b, 1)
  const matched = supports.reduce((sum, { share }, i) => sum + (share >= 0.4 ? share : share * 0.3) * weights[i], 0)
  const above = parent === undefined ? undefined : names.get(parent)
  const tied = above !== undefined && page.text.includes(above) ? 0.15 : 0
  // A later chunk of an article does not say at its start what the article is about.
  const introduces = /\b(?:is|was) an?\b/.test(page.sentences[0]?.text ?? '')
  const kind = kindShare(headWords, introduces ? opening : page.meanings)
  const fitting = kind >= OF_THE_KIND || headWords.length === 0
  const score = ((matched + kind) / whole + tied) * (fitting ? 1 : OTHER_KIND_FACTOR)
  return { score: Math.min(1, score), supports, fitting }
}

const NAME = /\p{Lu}[\p{L}'’-]+(?:(?: (?:of|and|the|&))*,? \p{Lu}[\p{L}'’-]+)*/gu

/** Names in the sentence of a page that speaks best for a tie between two unknowns. */
export const namesFor = (page: Page, clause: Clause): string[] => {
  const { sentence, share } = supportOf(page, { ...clause, child: undefined }, 0, new Map())
  if (share < 0.3) return []
  const own = nameOf(page.title)
  const inside = sentence.charAt(0).toLowerCase() + sentence.slice(1)
  return [...inside.replaceAll(own, '').matchAll(NAME)].map(([name]) => name)
}

/** How promising a hit looks, from its title and snippet alone: 0 … 1. */
export const promise = (text: string, { headWords, clauses }: Unknown, names: ReadonlyMap<number, string>): number => {
  const meanings = meaningsOf(text)
  const kind = kindShare(headWords, meanings)
  const shares = clauses.map(({ words, child }) => {
    const other = child === undefined ? undefined : names.get(child)
    return other !== undefined && text.includes(other) ? 1 : shareOf(words, meanings)
  })
  const [first = 0, second = 0] = shares.sort((a, b) => b - a)
  return (0.4 * kind + 0.4 * first + 0.2 * second) * (kind >= OF_THE_KIND ? 1 : OTHER_KIND_FACTOR)
}
