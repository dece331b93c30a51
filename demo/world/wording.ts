// Small helpers of English wording.
import type { Concept } from './concept.ts'
import type { Entity, World } from './entity.ts'
import type { Fact } from './entity.ts'
import type { Random } from './random.ts'

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** "a" or "an" before the text. */
export const withArticle = (text: string): string => `${/^[aeiou]/i.test(text) ? 'an' : 'a'} ${text}`

export const possessive = (name: string): string => (name.endsWith('s') ? `${name}'` : `${name}'s`)

const kinship = {
  sib: { she: 'sister', he: 'brother', it: 'sibling' },
  par: { she: 'mother', he: 'father', it: 'parent' },
  child: { she: 'daughter', he: 'son', it: 'child' },
  spouse: { she: 'wife', he: 'husband', it: 'spouse' },
} as const

/** Puts the right kinship words for `{sib:O}` and the like. */
export const withKinship = (template: string, subject: Entity, object: Entity | undefined): string =>
  template.replace(/\{(sib|par|child|spouse):([SO])\}/g, (_, word: keyof typeof kinship, whose: string) => {
    const { gender } = whose === 'S' ? subject : (object ?? subject)
    return kinship[word][gender]
  })

/** The entity that a fact points to, if it points to one. */
export const objectOf = (world: World, fact: Fact): Entity | undefined =>
  'entity' in fact.value ? world.entities[fact.value.entity] : undefined

export const wordOf = (rng: Random, concept: Concept, family: 'article' | 'question'): string =>
  rng.pick(concept[family])
