// Builds the world: communities that share words and no entity, and the facts inside each.
import type { Concept } from './concept.ts'
import { castCommunity } from './cast.ts'
import { link, type Entity, type Kind, type World } from './entity.ts'
import { createNames } from './names.ts'
import { derive, random, type Random } from './random.ts'
import * as groups from './values.ts'

interface Stage {
  readonly rng: Random
  readonly of: (kind: Kind, ...types: string[]) => readonly Entity[]
  readonly born: Map<number, number>
  /** Year around which everything in this community happens. */
  readonly era: number
}

const has = (entity: Entity, relation: string): boolean => entity.facts.some((fact) => fact.relation === relation)

const property = ({ rng }: Stage, entity: Entity, relation: string, group: Readonly<Record<string, Concept>>): void => {
  entity.facts.push({ relation, value: { concept: rng.pick(Object.values(group)) }, stated: true })
}

const year = (entity: Entity, relation: string, value: number): void => {
  entity.facts.push({ relation, value: { year: value }, stated: true })
}

/** Links to one of the candidates with a probability; half of the objects' articles say it too. */
const join = (
  { rng }: Stage,
  subject: Entity,
  relation: string,
  candidates: readonly Entity[],
  probability = 1,
): void => {
  if (candidates.length > 0 && rng.chance(probability)) link(subject, relation, rng.pick(candidates), rng.chance(0.5))
}

const fitting: Readonly<Record<string, readonly string[]>> = {
  novel: ['novelist', 'journalist', 'lawyer'],
  poem: ['poet', 'novelist', 'physician'],
  play: ['playwright', 'actor', 'poet'],
  painting: ['painter', 'architect'],
  statue: ['sculptor', 'architect'],
  opera: ['composer', 'singer'],
  symphony: ['composer'],
  film: ['director', 'actor', 'photographer'],
  treatise: ['physicist', 'chemist', 'botanist', 'astronomer', 'engineer', 'physician', 'chess'],
  history: ['historian', 'politician', 'general', 'explorer', 'banker'],
  album: ['photographer', 'explorer', 'cyclist'],
}

const people = (stage: Stage): void => {
  const { rng, of, born, era } = stage
  const everyone = of('person')
  for (const person of everyone) born.set(person.index, era + rng.int(-45, 45))
  const age = (person: Entity): number => born.get(person.index) ?? era
  for (const person of everyone) {
    const birth = age(person)
    const near = (low: number, high: number) =>
      everyone.filter((other) => age(other) - birth >= low && age(other) - birth <= high)
    year(person, 'bornYear', birth)
    if (rng.chance(0.8)) year(person, 'diedYear', birth + rng.int(38, 88))
    join(stage, person, 'birthplace', of('place', 'town', 'port'))
    join(stage, person, 'deathplace', of('place', 'town', 'port'), 0.4)
    if (!has(person, 'sibling'))
      join(
        stage,
        person,
        'sibling',
        near(-9, 9).filter((o) => !has(o, 'sibling')),
        0.4,
      )
    if (!has(person, 'parent')) join(stage, person, 'parent', near(-45, -19), 0.25)
    if (!has(person, 'spouse'))
      join(
        stage,
        person,
        'spouse',
        near(-12, 12).filter((o) => o.gender !== person.gender && !has(o, 'spouse')),
        0.4,
      )
    join(stage, person, 'teacher', near(-50, -8), 0.4)
    join(stage, person, 'studied', of('organisation', 'university', 'hospital', 'theatre'), 0.5)
    join(stage, person, 'worked', of('organisation'), 0.45)
    join(stage, person, 'rival', near(-25, 25), 0.25)
    join(stage, person, 'collaborator', near(-25, 25), 0.3)
    join(stage, person, 'letters', near(-30, 30), 0.3)
    join(stage, person, 'tookPart', of('event'), 0.3)
    property(stage, person, 'field', groups.subjects)
    if (rng.chance(0.55)) property(stage, person, 'hobby', groups.hobbies)
    if (rng.chance(0.45)) property(stage, person, 'cause', groups.deaths)
    if (rng.chance(0.45)) property(stage, person, 'honour', groups.honours)
    if (rng.chance(0.4)) property(stage, person, 'trait', groups.traits)
  }
}

const worksAndHouses = (stage: Stage): void => {
  const { rng, of, era } = stage
  for (const work of of('work')) {
    const makers = of('person', ...(fitting[work.type.key] ?? []))
    join(stage, work, 'creator', makers.length > 0 ? makers : of('person'))
    year(work, 'workYear', era + rng.int(-10, 70))
    property(stage, work, 'subject', groups.subjects)
    join(stage, work, 'setting', of('place'), 0.5)
    join(stage, work, 'dedicatee', of('person'), 0.35)
    join(stage, work, 'keptAt', of('organisation', 'museum', 'theatre', 'publisher', 'newspaper'), 0.5)
    join(stage, work, 'inspiredBy', of('event'), 0.3)
    const model = of('work').find((other) => other.name === work.name && other.index < work.index)
    if (model) link(work, 'basedOn', model, rng.chance(0.5))
    else
      join(
        stage,
        work,
        'basedOn',
        of('work', 'novel', 'poem', 'history').filter((o) => o.index < work.index),
        0.2,
      )
  }
  for (const house of of('organisation')) {
    join(stage, house, 'founder', of('person'), 0.8)
    year(house, 'foundedYear', era + rng.int(-60, 50))
    join(stage, house, 'seat', of('place', 'town', 'port'))
    const makes = ['brewery', 'shipyard', 'railway', 'bank'].includes(house.type.key)
    if (makes) property(stage, house, 'product', groups.products)
    else property(stage, house, 'focus', groups.subjects)
    join(stage, house, 'director', of('person'), 0.6)
    if (rng.chance(0.5)) property(stage, house, 'emblem', groups.emblems)
    join(stage, house, 'merged', of('organisation', house.type.key), 0.2)
  }
}

const land = (stage: Stage): void => {
  const { rng, of, era } = stage
  for (const structure of of('structure')) {
    join(stage, structure, 'designer', of('person', 'architect', 'engineer', 'sculptor'), 0.9)
    year(structure, 'builtYear', era + rng.int(-40, 60))
    join(stage, structure, 'standsIn', of('place', 'town', 'port'))
    property(stage, structure, 'material', groups.materials)
    if (['bridge', 'viaduct'].includes(structure.type.key))
      join(stage, structure, 'crosses', of('place', 'river', 'lake'))
    join(stage, structure, 'openedBy', of('person', 'politician', 'general', 'actor', 'singer'), 0.4)
    join(stage, structure, 'namedAfter', of('person'), 0.25)
  }
  for (const event of of('event')) {
    year(event, 'eventYear', era + rng.int(-20, 60))
    join(stage, event, 'place', of('place'))
    join(stage, event, 'leader', of('person'), 0.7)
    property(stage, event, 'consequence', groups.consequences)
    join(stage, event, 'sponsor', of('organisation'), 0.4)
  }
  for (const kind of of('species')) {
    join(stage, kind, 'describer', of('person', 'botanist', 'explorer', 'physician', 'chemist'))
    year(kind, 'describedYear', era + rng.int(-20, 60))
    property(stage, kind, 'habitat', groups.habitats)
    property(stage, kind, 'look', groups.looks)
    join(stage, kind, 'foundNear', of('place'), 0.8)
  }
  for (const place of of('place')) {
    property(stage, place, 'legend', groups.subjects)
    const natural = ['river', 'mountain', 'lake'].includes(place.type.key)
    if (natural) {
      join(stage, place, 'namedAfter', of('person'), 0.3)
      continue
    }
    join(stage, place, 'liesOn', of('place', 'river', 'lake'), 0.8)
    property(stage, place, 'product', groups.products)
    property(stage, place, 'landmark', groups.landmarks)
    if (rng.chance(0.6)) property(stage, place, 'emblem', groups.emblems)
    join(stage, place, 'mayor', of('person'), 0.6)
  }
}

/** A world of `articles` entities; communities are test communities in about the share `testShare`. */
export const buildWorld = ({
  seed,
  articles,
  testShare,
}: {
  seed: number
  articles: number
  testShare: number
}): World => {
  const rng = random(derive(seed, 1))
  const names = createNames(random(derive(seed, 2)), articles)
  const count = Math.max(2, Math.round(articles / 240))
  const testCount = Math.min(count - 1, Math.max(1, Math.round(count * testShare)))
  const isTest = rng.shuffle(Array.from({ length: count }, (_, i) => i < testCount))
  const entities: Entity[] = []
  const communities = isTest.map((test, community) => {
    const first = entities.length
    const size = Math.floor((articles * (community + 1)) / count) - Math.floor((articles * community) / count)
    const cast = castCommunity(rng, names, community, first, size)
    const of: Stage['of'] = (kind, ...types) =>
      cast.filter((entity) => entity.kind === kind && (types.length === 0 || types.includes(entity.type.key)))
    const stage: Stage = { rng, of, born: new Map(), era: 1700 + rng.int(0, 22) * 10 }
    people(stage)
    worksAndHouses(stage)
    land(stage)
    entities.push(...cast)
    return { test, members: cast.map((entity) => entity.index) }
  })
  return { entities, communities }
}
