// Writes an article: a lead sentence, the stated facts in a shuffled order, and filler up to a drawn length.
import type { Entity, Fact, World } from './entity.ts'
import { fillerOf } from './filler.ts'
import { derive, random, type Random } from './random.ts'
import { relationOf } from './relations.ts'
import { subjects } from './values.ts'
import { capital, objectOf, possessive, withArticle, withKinship, wordOf } from './wording.ts'

const SUBJECTS = Object.values(subjects)
const pronoun = { she: ['She', 'Her'], he: ['He', 'His'], it: ['It', 'Its'] } as const

const nounFor = (rng: Random, { type }: Entity): string => wordOf(rng, type, 'article').replace(/^species of /, '')

/** Fills the references to the subject: name, noun or (at the start) pronoun. */
const refer = (rng: Random, entity: Entity, template: string): string => {
  const [nominative, own] = pronoun[entity.gender]
  const draw = rng.unit()
  const named = draw < 0.3 ? entity.name : `the ${nounFor(rng, entity)}`
  const inside = rng.chance(0.5) ? entity.name : `the ${nounFor(rng, entity)}`
  return template
    .replaceAll("{S's}", draw < 0.55 ? own : possessive(capital(named)))
    .replaceAll("{s's}", rng.chance(0.6) ? own.toLowerCase() : possessive(entity.name))
    .replaceAll('{S}', draw < 0.55 ? nominative : capital(named))
    .replaceAll('{s}', inside)
}

const valueText = (rng: Random, world: World, fact: Fact): string =>
  'year' in fact.value
    ? String(fact.value.year)
    : 'concept' in fact.value
      ? wordOf(rng, fact.value.concept, 'article')
      : (objectOf(world, fact)?.name ?? '')

/** Whom and what an entity with this fact is, in a few words: "the composer Anna Example". */
const introduced = (rng: Random, world: World, fact: Fact): string => {
  const object = objectOf(world, fact)
  if (!object || !rng.chance(0.45)) return valueText(rng, world, fact)
  return `the ${nounFor(rng, object)} ${object.name}`
}

const factSentence = (rng: Random, world: World, entity: Entity, fact: Fact): string => {
  const object = objectOf(world, fact)
  const template = withKinship(rng.pick(relationOf(fact.relation).article), entity, object)
  return capital(refer(rng, entity, template).replaceAll('{O}', introduced(rng, world, fact)))
}

const fillerSentence = (rng: Random, world: World, entity: Entity, template: string): string => {
  const members = world.communities[entity.community].members
  const some = (fits: (other: Entity) => boolean): string => {
    for (let tries = 0; tries < 40; tries++) {
      const other = world.entities[rng.pick(members)]
      if (other !== entity && fits(other)) return other.name
    }
    return entity.country
  }
  const [v, w] = rng.shuffle(SUBJECTS)
  const person = template.includes('{p}') || template.includes('{P}') ? some((other) => other.kind === 'person') : ''
  return capital(
    refer(rng, entity, template)
      .replace(/\{p\}|\{P\}/g, person)
      .replaceAll('{t}', template.includes('{t}') ? some(({ type }) => type.key === 'town' || type.key === 'port') : '')
      .replaceAll('{e}', template.includes('{e}') ? some(() => true) : '')
      .replaceAll('{v}', wordOf(rng, v, 'article'))
      .replaceAll('{w}', wordOf(rng, w, 'article'))
      .replaceAll('{y}', String(1700 + rng.int(0, 280))),
  )
}

const lead = (rng: Random, entity: Entity): string => {
  const known =
    entity.alias === undefined ? '' : rng.pick([`, also known as ${entity.alias},`, ` (also ${entity.alias})`])
  const verb = entity.gender === 'it' ? 'is' : 'was'
  const noun = withArticle(`${entity.demonym} ${wordOf(rng, entity.type, 'article')}`)
  if (entity.kind === 'place')
    return `${entity.name}${known} is ${withArticle(wordOf(rng, entity.type, 'article'))} in ${entity.country}.`
  return `${entity.name}${known} ${entity.kind === 'event' ? 'was' : verb} ${noun}.`
}

const wordCount = (text: string): number => text.split(' ').length

/** The text of an entity's article; the same for the same world seed, whatever else was written before. */
export const writeArticle = (seed: number, world: World, entity: Entity): string => {
  const rng = random(derive(derive(seed, 3), entity.index))
  const target = rng.chance(0.06) ? rng.int(400, 600) : rng.chance(0.2) ? rng.int(180, 400) : rng.int(80, 130)
  const sentences = entity.facts
    .filter((fact) => fact.stated)
    .map((fact) => `${factSentence(rng, world, entity, fact)}.`)
  let length = sentences.reduce((sum, sentence) => sum + wordCount(sentence), 12)
  for (const template of rng.shuffle(fillerOf(entity.kind))) {
    if (length >= target) break
    const sentence = fillerSentence(rng, world, entity, template)
    sentences.push(sentence)
    length += wordCount(sentence)
  }
  return [lead(rng, entity), ...rng.shuffle(sentences)].join(' ')
}
