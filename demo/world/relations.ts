// How facts are worded: articles and questions use different families of phrases for the same relation.
import { inverses } from './relations-inverse.ts'
import { people } from './relations-people.ts'
import { things } from './relations-things.ts'
import type { Relation } from './relation.ts'

const all: Readonly<Record<string, Relation>> = { ...people, ...things, ...inverses }

/** The wordings of a relation that a fact names. */
export const relationOf = (name: string): Relation => {
  const found = all[name]
  if (!found) throw new Error(`no relation is named ${name}`)
  return found
}
