// The fact graph: entities and what is true of them.
import type { Concept } from './concept.ts'
import { relationOf } from './relations.ts'

export type Kind = 'person' | 'place' | 'organisation' | 'work' | 'structure' | 'event' | 'species'

export interface Fact {
  readonly relation: string
  /** An entity's index, a year, or a property. */
  readonly value: { readonly entity: number } | { readonly year: number } | { readonly concept: Concept }
  /** Whether the subject's own article says it. What it leaves out, the object's article says. */
  readonly stated: boolean
}

export interface Entity {
  readonly index: number
  readonly community: number
  readonly kind: Kind
  readonly type: Concept
  readonly name: string
  /** Unique in the world: the name, with a parenthesis where others share it. */
  readonly title: string
  readonly alias: string | undefined
  readonly demonym: string
  readonly country: string
  readonly gender: 'she' | 'he' | 'it'
  readonly facts: Fact[]
}

export interface World {
  readonly entities: readonly Entity[]
  readonly communities: readonly { readonly test: boolean; readonly members: readonly number[] }[]
}

/** Joins two entities by a relation and its inverse. */
export const link = (subject: Entity, relation: string, object: Entity, statedBack: boolean): void => {
  if (subject === object) return
  const known = subject.facts.some(
    (fact) => fact.relation === relation && 'entity' in fact.value && fact.value.entity === object.index,
  )
  if (known) return
  subject.facts.push({ relation, value: { entity: object.index }, stated: true })
  const { inverse } = relationOf(relation)
  if (inverse !== undefined)
    object.facts.push({ relation: inverse, value: { entity: subject.index }, stated: statedBack })
}

/** Two values are the same entity, year or property. */
export const sameValue = (a: Fact['value'], b: Fact['value']): boolean =>
  'entity' in a
    ? 'entity' in b && a.entity === b.entity
    : 'year' in a
      ? 'year' in b && a.year === b.year
      : 'concept' in b && a.concept === b.concept
