// The agent's reasoning in words. What it writes after a page follows from what it found there, and from nothing else.
import type { Support } from './reading.ts'
import type { Unknown } from './question.ts'
import { meaningsOf, type Word } from './words.ts'

export type Pick = <T>(items: readonly T[]) => T

export const startText = (pick: Pick, question: string, unknowns: readonly Unknown[]): string => {
  const parts = unknowns.map(({ head, clauses }) => `"${head}" (${clauses.map(({ text }) => text).join('; ')})`)
  return pick([
    `The question is: ${question} I have to find ${parts.join(', and for that ')}.`,
    `Let me break this down. The unknowns are ${parts.join(' and ')}. I will begin with a search.`,
    `We need to identify ${parts.join('; then ')}.`,
  ])
}

export const openText = (pick: Pick, title: string, head: string): string =>
  pick([
    `"${title}" could be the ${head}. Let me open it.`,
    `The hit "${title}" looks promising; I will read it.`,
    `Let's check "${title}".`,
    `Opening "${title}" to see whether it fits.`,
  ])

export const searchText = (pick: Pick, head: string): string =>
  pick([
    `None of these hits is convincing. I will put the search for the ${head} in other words.`,
    `Still looking for the ${head}. Another search.`,
    `These results do not settle it. Next query for the ${head}.`,
    `Let me search again with other words.`,
  ])

const rejections = [
  'This page is about something else; nothing on what I need.',
  'Not relevant: the page does not mention any of the clues.',
  'That document is unrelated. Let me look elsewhere.',
  'No information on the question here.',
  'The text does not mention what the question asks for.',
  'Nothing useful in this one.',
]

export const otherKindText = (pick: Pick, title: string, head: string): string =>
  pick([
    ...rejections,
    `${title} is not a ${head}. Nothing useful here.`,
    `Not the ${head} I am looking for; the page is about something different.`,
    `This is unrelated: ${title} does not help to find the ${head}.`,
  ])

const weakOnes = [
  'The page does not match well: apart from "{q}" there is little in it.',
  'Not relevant enough. Only "{q}" comes near, which proves nothing.',
  'This does not seem to be it; it says "{q}" but none of the other clues appear.',
]

const common = (support: Support): string[] => {
  const meanings = meaningsOf(support.sentence)
  return [...new Set(support.clause.words.filter(({ meaning }) => meanings.has(meaning)).map(({ text }) => text))]
}

const FIRM = 0.5
const FAINT = 0.25
/** What is firmly found must be this part of what is asked, by weight, to be worth more than a rejection. */
const TELLING = 0.35

const strengthOf = (words: readonly Word[]): number => words.reduce((sum, { weight }) => sum + weight, 0)

/** What to think of a page: firm findings are quoted and compared at length, faint ones once, else a short rejection. */
export const verdictText = (
  pick: Pick,
  title: string,
  supports: readonly Support[],
  heads: readonly string[],
): string => {
  const firm = supports.filter(({ share, clause }) => share >= FIRM && clause.words.length > 0)
  const telling = firm.reduce((sum, { clause, share }) => sum + share * strengthOf(clause.words), 0)
  const whole = supports.reduce(
    (sum, { clause, share }) => sum + (clause.child !== undefined && share < FIRM ? 0 : strengthOf(clause.words)),
    0,
  )
  if (telling < TELLING * whole || firm.length === 0) {
    const [faint] = [...supports].filter(({ share }) => share >= FAINT).sort((a, b) => b.share - a.share)
    return faint && pick([true, false]) ? pick(weakOnes).replace('{q}', faint.sentence) : pick(rejections)
  }
  const findings = firm.map((support) => {
    const { clause, sentence, unknown } = support
    const shared = common(support)
    const about = shared.length > 0 ? ` Both speak of ${shared.join(', ')}.` : ''
    return pick([
      `The page says "${sentence}", which fits "${clause.text}".${about}`,
      `It reads "${sentence}" The question wants a ${heads[unknown]} about whom "${clause.text}" is true.${about} That agrees.`,
      `According to the text: "${sentence}" Compare that with "${clause.text}".${about}`,
      `For "${clause.text}" I find "${sentence}"${about}`,
    ])
  })
  const missing = supports.filter(({ share, clause }) => share < FAINT && clause.words.length > 0)
  const open =
    missing.length > 0 && firm.length > 1
      ? ` Still open: ${missing.map(({ clause }) => `"${clause.text}"`).join(', ')}.`
      : ''
  return `${pick([`${title}: `, `We now have the page on ${title}. `, `I have read ${title}. `])}${findings.join(' ')}${open}`
}

export const settledText = (pick: Pick, title: string, head: string): string =>
  pick([
    ` So ${title} is probably the ${head}.`,
    ` That makes ${title} a good candidate for the ${head}.`,
    ` I take ${title} to be the ${head}.`,
  ])

export const answerText = (pick: Pick, name: string): string =>
  pick([
    `The evidence points to ${name}. I can answer now.`,
    `Thus the answer is ${name}.`,
    `Everything considered, ${name} is the best candidate.`,
  ])
