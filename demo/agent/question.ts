// Takes a question apart: unknowns ("a painter"), each with the clauses that describe it, and how they hang together.
import { contentWords, type Word } from './words.ts'

export interface Clause {
  readonly text: string
  readonly words: readonly Word[]
  /** The unknown that this clause ties its own unknown to, if it ends in one ("was taught by a painter"). */
  readonly child: number | undefined
}

/** Something the question does not name. The first unknown of a question is its answer. */
export interface Unknown {
  readonly head: string
  readonly headWords: readonly Word[]
  readonly clauses: Clause[]
  readonly parent: number | undefined
}

const BOUNDARY = /(,? and |, | )(?=(?:who|that|whose|which)\b)|(?<=[?.])\s+/g
const OPENING = /^(?:who|what) (?:is|was|were|are)(?: the name of)? |^which /i
const DETERMINER = /^(?:the|an?) /i
const ENDS_IN_UNKNOWN =
  /^(.*?)\b(an? (?:(?!(?:by|with|to|of an?|in an?|from an?|on an?) )[\p{L}'-]+ ){0,7}[\p{L}'-]+)$/u
const PRONOUN = /^(?:additionally, )?(?:this [a-z]+(?:'s)?|it|its|he|she|his|her)\b /i
const RELATIVE = /^(?:who|that|whose|which) /

// A word in front keeps the first one from looking like the start of a sentence.
const wordsInside = (text: string): Word[] => contentWords(`the ${text}`)

const unknown = (phrase: string, parent: number | undefined): Unknown => {
  const head = phrase.replace(DETERMINER, '')
  return { head, headWords: wordsInside(head), clauses: [], parent }
}

interface Piece {
  readonly text: string
  /** What stands before it: " " right after a noun, ", and " and the like, white space after a sentence. */
  readonly joint: string
  readonly afterSentence: boolean
}

const cut = (question: string): Piece[] => {
  const pieces: Piece[] = []
  let from = 0
  let joint = ''
  const push = (to: number): void => {
    const text = question.slice(from, to)
    pieces.push({
      text: text.replace(/[?.,]+$/, ''),
      joint,
      afterSentence: /[?.]$/.test(question.slice(0, from).trim()),
    })
  }
  for (const match of question.matchAll(BOUNDARY)) {
    push(match.index)
    joint = match[0]
    from = match.index + joint.length
  }
  push(question.length)
  return pieces
}

/** The question's unknowns, the answer first. Purely by surface marks, so it gets some questions wrong. */
export const takeApart = (question: string): Unknown[] => {
  const [first, ...rest] = cut(question.trim())
  const unknowns = [unknown(first.text.replace(OPENING, ''), undefined)]
  let current = 0
  let pending: number | undefined
  for (const [at, { text, joint, afterSentence }] of rest.entries()) {
    if (afterSentence || joint.startsWith(',')) current = 0
    else if (pending !== undefined) current = pending
    pending = undefined
    const clause = text.replace(PRONOUN, '').replace(RELATIVE, '')
    const next = rest.at(at + 1)
    const described = at + 1 < rest.length && next?.joint === ' ' && !next.afterSentence
    const nested = described ? ENDS_IN_UNKNOWN.exec(clause) : null
    if (nested) {
      pending = unknowns.length
      unknowns.push(unknown(nested[2], current))
    }
    const own = nested ? nested[1].trim() : clause
    unknowns[current].clauses.push({ text: own, words: wordsInside(own), child: pending })
  }
  return unknowns
}
