// What the offline agent knows, and how it decides what to do next.
import type { Seen } from './observation.ts'
import { queryFor, type Dice } from './queries.ts'
import { takeApart, type Unknown } from './question.ts'
import { assess, nameOf, namesFor, pageOf, promise, type Page } from './reading.ts'
import { answerText, openText, otherKindText, searchText, settledText, startText, verdictText } from './wording.ts'

export type Decision =
  | { readonly kind: 'search'; readonly reasoning: string; readonly queries: readonly string[] }
  | { readonly kind: 'open'; readonly reasoning: string; readonly docids: readonly string[] }
  | { readonly kind: 'answer'; readonly reasoning: string; readonly answer: string }

export interface Mind {
  sawHits(hits: readonly Seen[]): void
  sawPage(docid: string, text: string | undefined): void
  decide(): Decision
  /** The best answer so far, when there is no more time. */
  concede(): Decision
}

/** A page that fits an unknown this well settles it. */
const SETTLES = 0.52
/** With patience gone, the agent still answers if its best page fits this well. */
const BETTER_THAN_NOTHING = 0.36
const WORTH_OPENING = 0.5
const ATTEMPTS_PER_UNKNOWN = 4

interface Candidate {
  readonly page: Page
  readonly score: number
}

export const createMind = (question: string, dice: Dice): Mind => {
  const unknowns: readonly Unknown[] = takeApart(question)
  const heads = unknowns.map(({ head }) => head)
  const pick = <T>(items: readonly T[]): T => dice.pick(items)
  const settled = new Map<number, Candidate>()
  const names = new Map<number, string>()
  const pages = new Map<string, Page>()
  const titles = new Map<string, string>()
  const attempts = unknowns.map(() => 0)
  const asked = new Set<string>()
  const patience = 5 + Math.floor(dice.unit() * 9)
  const carelessness = 0.05 + 0.25 * dice.unit()
  let hits: readonly Seen[] = []
  let opensLeft = 0
  let focus = 0
  let calls = 0
  let verified = false
  let remark = ''

  const settle = (index: number, candidate: Candidate): void => {
    settled.set(index, candidate)
    names.set(index, nameOf(candidate.page.title))
  }

  /** A newly known name can change how well the pages already read fit other unknowns. */
  const reconsider = (): void => {
    for (const index of unknowns.keys()) {
      const inUse = new Set([...settled].filter(([other]) => other !== index).map(([, { page }]) => page.docid))
      for (const page of pages.values()) {
        if (inUse.has(page.docid)) continue
        const { score } = assess(page, unknowns, index, names)
        const current = settled.get(index)
        const now = current && assess(current.page, unknowns, index, names).score
        if (score >= SETTLES && (now === undefined || score > now + 0.1)) settle(index, { page, score })
      }
    }
  }

  const best = (index: number): Candidate | undefined => {
    let found = settled.get(index)
    for (const page of pages.values()) {
      const { score } = assess(page, unknowns, index, names)
      if (found === undefined || score > found.score) found = { page, score }
    }
    return found
  }

  const chooseFocus = (): number => {
    const open = [...unknowns.keys()].filter((index) => !settled.has(index) && attempts[index] < ATTEMPTS_PER_UNKNOWN)
    if (open.length === 0) return settled.has(0) ? (attempts.length > 1 ? dice.pick([...unknowns.keys()]) : 0) : 0
    const ease = (index: number): number => {
      const { clauses, parent } = unknowns[index]
      const tied = clauses.some(({ child }) => child !== undefined && names.has(child))
      const known = parent !== undefined && names.has(parent)
      const strong = clauses.filter(({ words }) => words.some(({ weight }) => weight > 1)).length
      return strong + (tied ? 2 : 0) + (known ? 1 : 0) - 0.8 * attempts[index] + 1.2 * dice.unit()
    }
    return open.map((index) => ({ index, ease: ease(index) })).sort((a, b) => b.ease - a.ease)[0].index
  }

  /** Names that pages of settled unknowns give for the one in focus, as far as nobody has read their pages. */
  const leadsTo = (index: number): string[] => {
    const { clauses, parent } = unknowns[index]
    const above = parent === undefined ? undefined : settled.get(parent)
    const tie = parent === undefined ? undefined : unknowns[parent].clauses.find(({ child }) => child === index)
    const named = [
      ...(above && tie ? namesFor(above.page, tie) : []),
      ...clauses.flatMap((clause) => {
        const below = clause.child === undefined ? undefined : settled.get(clause.child)
        return below ? namesFor(below.page, clause) : []
      }),
    ]
    const read = new Set([...pages.values()].map(({ title }) => nameOf(title)))
    return named.filter((name) => !read.has(name) && !question.includes(name))
  }

  const newQuery = (index: number, attempt: number): string =>
    queryFor(dice, unknowns, index, names, attempt, leadsTo(index))

  const search = (): Decision => {
    focus = chooseFocus()
    let query = calls === 0 && dice.chance(0.3) ? question : newQuery(focus, attempts[focus])
    for (let tries = 1; tries < 8 && asked.has(query); tries++) query = newQuery(focus, attempts[focus] + tries)
    attempts[focus] += 1
    asked.add(query)
    calls += 1
    const extra = dice.chance(0.12) ? [newQuery(focus, attempts[focus])] : []
    const reasoning = calls === 1 ? startText(pick, question, unknowns) : remark || searchText(pick, heads[focus])
    remark = ''
    return { kind: 'search', reasoning, queries: [query, ...extra] }
  }

  const open = (chosen: readonly Seen[]): Decision => {
    opensLeft -= chosen.length
    calls += chosen.length
    const reasoning = remark || openText(pick, chosen[0].title, heads[focus])
    remark = ''
    return { kind: 'open', reasoning, docids: chosen.map(({ docid }) => docid) }
  }

  const answer = (candidate: Candidate | undefined): Decision => {
    const name = candidate ? nameOf(candidate.page.title) : 'unknown'
    return { kind: 'answer', reasoning: `${remark} ${answerText(pick, name)}`.trim(), answer: name }
  }

  /** The unread hits that look best for what is still open; noise and rank have a say. */
  const promising = (): Seen[] => {
    const open = [...unknowns.keys()].filter((index) => !settled.has(index))
    return hits
      .map((hit, rank) => ({ hit, rank }))
      .filter(({ hit }) => !pages.has(hit.docid))
      .map(({ hit, rank }) => {
        const text = `${hit.title} ${hit.snippet}`
        const looks = open.map((index) => promise(text, unknowns[index], names) - (index === focus ? 0 : 0.08))
        const known = question.includes(nameOf(hit.title)) ? 0.35 : 0
        return { hit, look: Math.max(0, ...looks) + 0.15 / (rank + 1) - known + carelessness * dice.unit() }
      })
      .filter(({ look }) => look > WORTH_OPENING)
      .sort((a, b) => b.look - a.look)
      .map(({ hit }) => hit)
  }

  const finished = (): boolean =>
    settled.has(0) && (unknowns.every((_, index) => settled.has(index)) || calls > patience || dice.chance(0.15))

  return {
    sawHits: (seen) => {
      hits = seen
      for (const { docid, title } of seen) titles.set(docid, title)
      opensLeft = 1 + Math.floor(dice.unit() * 3)
    },
    sawPage: (docid, text) => {
      if (text === undefined) return
      const page = pageOf(docid, titles.get(docid) ?? text.split('\n', 1)[0], text)
      pages.set(docid, page)
      const before = new Map(names)
      // A page is held against the unknown in focus first; what it says of others is noticed too.
      const order = [focus, ...[...unknowns.keys()].filter((index) => index !== focus)]
      const seen = order.map((index) => ({ index, ...assess(page, unknowns, index, names) }))
      const preference = (one: (typeof seen)[number]): number => one.score + (one.fitting ? 0.3 : 0)
      const fit = seen.reduce((a, b) => (preference(b) > preference(a) + 0.05 ? b : a))
      const misled = !fit.fitting && dice.chance(carelessness)
      remark =
        fit.fitting || misled
          ? verdictText(pick, page.title, fit.supports, heads)
          : otherKindText(pick, page.title, heads[focus])
      reconsider()
      for (const [index, name] of names)
        if (before.get(index) !== name && settled.get(index)?.page === page)
          remark += settledText(pick, name, heads[index])
    },
    decide: () => {
      if (calls === 0) return search()
      if (finished()) {
        const final = settled.get(0)
        if (final && !verified && dice.chance(0.12)) {
          verified = true
          calls += 1
          remark = ''
          return {
            kind: 'open',
            reasoning: `Before I answer, let me read ${final.page.title} once more.`,
            docids: [final.page.docid],
          }
        }
        return answer(final)
      }
      if (calls > patience) {
        const candidate = best(0)
        if (candidate && candidate.score >= BETTER_THAN_NOTHING) return answer(candidate)
      }
      const inFocus = settled.has(focus) && dice.chance(0.8)
      const wanted = opensLeft > 0 && !inFocus ? promising() : []
      if (wanted.length === 0) return search()
      return open(wanted.length > 1 && opensLeft > 1 && dice.chance(0.08) ? wanted.slice(0, 2) : wanted.slice(0, 1))
    },
    concede: () => answer(best(0)),
  }
}
