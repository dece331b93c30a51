// Cuts text into sentences and weighted content words, as the agent reads it.
import { meaningOf } from './thesaurus.ts'

const STOP = new Set(
  (
    'a an the of in on at to for from by with and or but not no as is are was were be been being it its he she his her him ' +
    'they them their this that these those who whom whose which what when where why how also had has have did do does ' +
    'there here one name person into than then so such some any all very after before during about between within under ' +
    'additionally because thanks while for other another only most more own up out if'
  ).split(' '),
)

export interface Word {
  readonly text: string
  readonly meaning: string
  /** Names weigh most, then years, then other words. */
  readonly weight: number
}

const NAME_WEIGHT = 2.5
const YEAR_WEIGHT = 2

/** Content words in order. A capital inside a sentence marks a name. */
export const contentWords = (text: string): Word[] => {
  const words: Word[] = []
  let start = true
  for (const [token] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’-]*|[.?!]/gu)) {
    if (/^[.?!]$/.test(token)) {
      start = true
      continue
    }
    const isName = !start && /^\p{Lu}/u.test(token)
    start = false
    if (STOP.has(token.toLowerCase())) continue
    const weight = isName ? NAME_WEIGHT : /^\d{3,4}$/.test(token) ? YEAR_WEIGHT : 1
    words.push({ text: token, meaning: meaningOf(token), weight })
  }
  return words
}

export const sentencesOf = (text: string): string[] =>
  text
    .split(/(?<=[.?!])\s+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')

export const meaningsOf = (text: string): Set<string> => {
  const set = new Set<string>()
  for (const [token] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu)) set.add(meaningOf(token))
  return set
}
