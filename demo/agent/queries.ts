// What to type into the search box.
import type { Unknown } from './question.ts'
import { synonymsOf } from './thesaurus.ts'
import type { Word } from './words.ts'

export interface Dice {
  /** Uniform in [0, 1). */
  unit(): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

const textOf = (words: readonly Word[]): string => words.map(({ text }) => text).join(' ')
const strength = (words: readonly Word[]): number => words.reduce((sum, { weight }) => sum + weight, 0)

/** Replaces some words by others that the agent takes to mean the same. */
const reworded = (dice: Dice, words: readonly Word[]): string =>
  words
    .map(({ text }) => {
      const others = synonymsOf(text)
      return others.length > 0 && dice.chance(0.4) ? dice.pick(others) : text
    })
    .join(' ')

/** A query for an unknown: by its clauses, one of them, other words, or the name of something it is tied to. */
export const queryFor = (
  dice: Dice,
  unknowns: readonly Unknown[],
  index: number,
  names: ReadonlyMap<number, string>,
  attempt: number,
  leads: readonly string[],
): string => {
  const { headWords, clauses, parent } = unknowns[index]
  const tied = clauses.find(({ child }) => child !== undefined && names.has(child))
  const above = parent === undefined ? undefined : names.get(parent)
  const name = tied?.child === undefined ? above : names.get(tied.child)
  if (leads.length > 0 && (attempt < 2 || dice.chance(0.5)))
    return `${dice.pick(leads)} ${textOf(dice.chance(0.5) ? headWords : (tied?.words ?? headWords))}`
  const plain = clauses.filter(({ child }) => child === undefined)
  const ranked = [...plain].sort((a, b) => strength(b.words) - strength(a.words))
  const all = [...headWords, ...plain.flatMap(({ words }) => words)]
  const strongest = [...headWords, ...(ranked[0]?.words ?? [])]
  if (name !== undefined && (attempt % 2 === 0 || dice.chance(0.5)))
    return `${name} ${textOf(attempt % 4 < 2 ? [...(tied?.words ?? []), ...headWords] : all)}`
  const style = (attempt + (dice.chance(0.25) ? 1 : 0)) % 4
  const text =
    style === 0
      ? textOf(all)
      : style === 1
        ? reworded(dice, all)
        : style === 2
          ? textOf(strongest)
          : reworded(dice, [...headWords, ...(dice.pick(ranked.length > 0 ? ranked : clauses)?.words ?? [])])
  return text.trim() === '' ? unknowns[index].head : text
}
