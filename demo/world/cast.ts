// Who and what lives in a community: entities with names, before any fact.
import type { Concept } from './concept.ts'
import type { Entity, Kind } from './entity.ts'
import type { Names } from './names.ts'
import type { Random } from './random.ts'
import { events, organisations, places, professions, species, structures, works } from './types.ts'

/** Shares of a community's articles; places take the rest. */
const shares: readonly (readonly [Kind, number])[] = [
  ['person', 0.46],
  ['work', 0.21],
  ['organisation', 0.1],
  ['structure', 0.07],
  ['event', 0.06],
  ['species', 0.04],
]

const values = (group: Readonly<Record<string, Concept>>): Concept[] => Object.values(group)
const typesOf: Readonly<Record<Kind, readonly Concept[]>> = {
  person: values(professions),
  place: values(places),
  organisation: values(organisations),
  work: values(works),
  structure: values(structures),
  event: values(events),
  species: values(species),
}

const organisationNames: Readonly<Record<string, readonly string[]>> = {
  university: ['{t} University', 'University of {t}', '{f} College'],
  brewery: ['{f} Brewery', '{t} Brewing Company'],
  shipyard: ['{f} Shipyard', '{f} & Sons'],
  newspaper: ['{t} Courier', '{t} Morning Herald', '{t} Observer'],
  club: ['{t} Athletic', 'Sporting {t}', '{t} Wanderers'],
  museum: ['{f} Collection', '{t} City Museum'],
  theatre: ['{f} Theatre', '{t} Playhouse'],
  bank: ['{f} Bank', '{t} Savings Bank'],
  hospital: ['{f} Infirmary', '{t} General Hospital'],
  railway: ['{t} and {u} Railway', '{t} Northern Line'],
  publisher: ['{f} & Company', '{f} Press'],
}
const structureNames: Readonly<Record<string, readonly string[]>> = {
  bridge: ['{f} Bridge', '{t} Old Bridge'],
  lighthouse: ['{f} Light', '{t} Point Lighthouse'],
  viaduct: ['{t} Viaduct', '{f} Viaduct'],
  observatory: ['{t} Observatory', '{f} Observatory'],
  castle: ['{t} Castle', '{f} Castle'],
  church: ['Abbey of {t}', '{t} Cathedral', 'Church of Saint {f}'],
  station: ['{t} Central Station', '{t} Harbour Station'],
}
const eventNames: Readonly<Record<string, readonly string[]>> = {
  battle: ['Battle of {t}', 'Battle of the {f} Heights'],
  expedition: ['{f} Expedition', '{w} Survey Expedition'],
  exposition: ['{t} Exposition', '{t} Industrial Fair'],
  flood: ['Great {t} Flood', '{w} River Flood'],
  strike: ['{t} Strike', '{f} Mill Strike'],
  congress: ['Congress of {t}', '{t} Congress of Sciences'],
  race: ['Tour of {t}', '{t} Grand Prix'],
}
const placeNames: Readonly<Record<string, readonly string[]>> = {
  river: ['River {w}', '{w} Brook'],
  mountain: ['Mount {w}', '{w} Peak'],
  lake: ['Lake {w}', '{w} Water'],
}

/** The entities of one community, without facts. `first` is the index of the first. */
export const castCommunity = (rng: Random, names: Names, community: number, first: number, size: number): Entity[] => {
  const { name: country, demonym } = names.country()
  const cast: Entity[] = []
  const towns: string[] = []
  const families = names.surnames(Math.max(6, Math.round(size / 6)))

  const fill = (templates: readonly string[]): string =>
    names.claim((stem, surname, tries) => {
      // Small communities run out of towns to name things after.
      const [t = stem, u = stem] = tries > 30 ? [] : rng.shuffle(towns)
      const family = rng.chance(0.7) ? rng.pick(families) : surname
      return rng.pick(templates).replace('{t}', t).replace('{u}', u).replace('{f}', family).replace('{w}', stem)
    })
  const add = (kind: Kind, type: Concept, name: string, gender: Entity['gender'], alias?: string): void => {
    const plain = (type.article[0] ?? '').replace(/^species of /, '')
    let title = name
    for (let n = 1; cast.some((other) => other.title === title); n++)
      title = n === 1 ? `${name} (${plain})` : `${name} (${plain} from ${towns[n % towns.length] ?? demonym})`
    const index = first + cast.length
    cast.push({ index, community, kind, type, name, title, alias, demonym, country, gender, facts: [] })
  }

  const counts = new Map(shares.map(([kind, share]) => [kind, Math.max(2, Math.floor(size * share))]))
  const placeCount = Math.max(4, size - [...counts.values()].reduce((a, b) => a + b, 0))
  for (let i = 0; i < placeCount; i++) {
    const natural = i >= 3 && i % 3 === 0
    const type = natural
      ? rng.pick([places.river, places.mountain, places.lake])
      : rng.pick([places.town, places.town, places.port])
    const name = natural ? fill(placeNames[type.key] ?? []) : names.town()
    if (!natural) towns.push(name)
    add('place', type, name, 'it', !natural && rng.chance(0.15) ? names.town() : undefined)
  }
  for (const [kind, count] of counts) {
    for (let i = 0; i < count; i++) {
      const type = rng.pick(typesOf[kind])
      if (kind === 'person') {
        const gender = rng.chance(0.5) ? 'she' : 'he'
        const namesakes = cast.filter((other) => other.kind === 'person' && other.gender === gender)
        const homonym = namesakes.length > 0 && rng.chance(0.08)
        const name = homonym ? rng.pick(namesakes).name : names.person(gender, families)
        add(kind, type, name, gender, rng.chance(0.12) ? names.person(gender, families) : undefined)
      } else if (kind === 'work') {
        const staged = ['film', 'opera', 'play'].includes(type.key)
        const models = cast.filter((other) => other.kind === 'work' && other.type.key !== type.key)
        const name = staged && models.length > 0 && rng.chance(0.3) ? rng.pick(models).name : names.title()
        add(kind, type, name, 'it', rng.chance(0.1) ? names.title() : undefined)
      } else if (kind === 'species') add(kind, type, names.latin(), 'it')
      else {
        const table = kind === 'organisation' ? organisationNames : kind === 'structure' ? structureNames : eventNames
        add(kind, type, fill(table[type.key] ?? []), 'it')
      }
    }
  }
  return cast
}
