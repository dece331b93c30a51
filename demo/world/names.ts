// Invented names. Each community has sounds of its own, and no name is given twice except on purpose.
import type { Random } from './random.ts'

const onsets = 'b br c d dr f g gr h k kl l m n p r s st t tr v w z th sk fl'.split(' ')
const nuclei = 'a e i o u ae ei ou ia y'.split(' ')
const codas = 'l n r s m nd rk st ll th v sk ld rn x '.split(' ')
const townEndings = ['ford', 'haven', 'berg', 'mouth', 'wick', 'stad', 'dale', 'minster', 'bury', 'ona', 'ovo', 'ais']
const familyEndings = ['en', 'ik', 'ov', 'ane', 'is', 'ert', 'ola', 'und', 'escu', 'ardi', 'wen', 'ay']
const demonymEndings = ['ian', 'ish', 'ese', 'ic']

export const givenNames = {
  she: (
    'Adela Agnes Alma Anna Bertha Clara Cora Edith Elena Elsa Emma Flora Greta Helena Ida Ines Irma Judith Karin ' +
    'Laura Lena Livia Lydia Marta Matilda Mira Nadia Nora Olga Paula Petra Rosa Sabina Selma Sofia Thea Vera Wanda'
  ).split(' '),
  he: (
    'Adam Albert Anton Arno Boris Bruno Carl Conrad Daniel Edgar Emil Erik Felix Franz Georg Gregor Gustav Hugo Ivan ' +
    'Jakob Joel Jonas Karl Leon Lucas Magnus Martin Max Milan Nils Oscar Otto Paul Peter Robert Rudolf Simon Theo ' +
    'Tomas Victor Walter'
  ).split(' '),
}

const adjectives = (
  'Silent Broken Golden Hollow Burning Distant Frozen Hidden Crooked Scarlet Bitter Gentle Restless Pale Iron Wandering ' +
  'Forgotten Drowned Velvet Copper Midnight Painted Stolen Narrow Seventh Last Second Lonely Blind Patient'
).split(' ')
const nouns = (
  'Harbour Lantern Garden Orchard River Mirror Window Staircase Winter Feather Letter Bridge Compass Ladder Thunder ' +
  'Needle Kingdom Meadow Candle Shadow Island Voyage Neighbour Anvil Ferry Chimney Cradle Falcon Tower Widow ' +
  'Gatekeeper Apprentice Ropewalk Vineyard Causeway Almanac Pilgrim Miller Weaver Astronomer'
).split(' ')

const towns = [
  ...['Upper', 'Lower', 'North', 'South', 'East', 'West', 'Old', 'Great', 'Little', 'Port', 'Saint', 'High'].map(
    (word) => (stem: string) => `${word} ${stem}`,
  ),
  ...['Cross', 'Haven', 'Ford', 'Green', 'Mills', 'Wells', 'Abbots', 'Hill', 'Sands', 'Falls'].map(
    (word) => (stem: string) => `${stem} ${word}`,
  ),
]

/** Gives names that nobody else in the world has, from parts that recur all over it, as parts of real names do. */
export interface Names {
  country(): { readonly name: string; readonly demonym: string }
  /** Surnames for a community; other communities have some of them too. */
  surnames(count: number): string[]
  person(gender: 'she' | 'he', surnames: readonly string[]): string
  town(): string
  title(): string
  latin(): string
  /** The first name made by `make` that is still free. */
  claim(make: (stem: string, surname: string, tries: number) => string): string
}

/** Names enough for a world of so many articles. */
export const createNames = (rng: Random, articles: number): Names => {
  const taken = new Set<string>()
  const claim = (make: (tries: number) => string): string => {
    for (let tries = 0; ; tries++) {
      const name = make(tries)
      if (taken.has(name)) continue
      taken.add(name)
      return name
    }
  }
  const stem = (): string => {
    const syllables = rng.chance(0.7) ? 1 : 2
    let text = ''
    for (let i = 0; i < syllables; i++) text += rng.pick(onsets) + rng.pick(nuclei)
    text += rng.pick(codas)
    return text.charAt(0).toUpperCase() + text.slice(1)
  }
  const pool = (count: number, make: () => string): string[] => Array.from({ length: count }, () => claim(make))
  const surnames = pool(Math.max(420, Math.round(articles / 14)), () => stem() + rng.pick(familyEndings))
  const stems = pool(Math.max(160, Math.round(articles / 30)), () => stem() + rng.pick(townEndings))
  const genera = pool(Math.max(24, Math.round(articles / 250)), () => `${stem()}ia`)
  const epithets = pool(70, () => stem().toLowerCase() + rng.pick(['ana', 'ensis', 'ata', 'ella']))

  const title = (): string => {
    const noun = rng.pick(nouns)
    const other = rng.pick(nouns)
    const form = rng.int(0, 3)
    if (form === 0) return `The ${rng.pick(adjectives)} ${noun}`
    if (form === 1) return `${noun} of the ${rng.pick(adjectives)} ${other}`
    if (form === 2) return `The ${noun} and the ${rng.pick(adjectives)} ${other}`
    return `${rng.pick(adjectives)} ${noun}, ${rng.pick(adjectives)} ${other}`
  }
  return {
    country: () => {
      const name = claim(() => `${stem()}d`)
      return { name: `${name}ia`, demonym: name + rng.pick(demonymEndings) }
    },
    surnames: (count) => rng.shuffle(surnames).slice(0, count),
    person: (gender, family) => claim(() => `${rng.pick(givenNames[gender])} ${rng.pick(family)}`),
    town: () => claim(() => rng.pick(towns)(rng.pick(stems))),
    title: () => claim(title),
    latin: () => claim(() => `${rng.pick(genera)} ${rng.pick(epithets)}`),
    claim: (make) => claim((tries) => make(rng.pick(stems), rng.pick(surnames), tries)),
  }
}
