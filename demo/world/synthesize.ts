// A synthetic encyclopedia with questions whose answers, evidence and splits are known because we made them.
import type { Entity, World } from './entity.ts'
import { phrase } from './phrasing.ts'
import { writeArticle } from './prose.ts'
import { derive, random, type Random } from './random.ts'
import { answersTo, evidenceOf, growTree, type Node, type Shape } from './tree.ts'
import { buildWorld } from './world.ts'

export interface SyntheticArticle {
  readonly id: string
  readonly title: string
  readonly text: string
}

export interface SyntheticQuestion {
  readonly query_id: string
  readonly question: string
  readonly answers: string[]
  readonly split: 'train' | 'test'
  /** Ids of the articles whose facts the question uses, the answer's first. */
  readonly evidence: string[]
}

export interface SynthesizeOptions {
  readonly seed: number
  /** Number of articles. */
  readonly articles: number
  /** Number of questions, both splits together. */
  readonly questions: number
  /** Share of communities, and so of questions, that are for testing. */
  readonly testShare: number
}

const leaf: Shape = { children: [] }
const chain: Shape = { children: [leaf] }
const longChain: Shape = { children: [chain] }
const fork: Shape = { children: [leaf, leaf] }
const unevenFork: Shape = { children: [chain, leaf] }
/** Drawn from evenly: chains of two are the most common, as in InfoSeek. */
const shapes: readonly Shape[] = [chain, chain, chain, chain, longChain, longChain, fork, fork, unevenFork]

const drawTree = (
  rng: Random,
  world: World,
  members: readonly number[],
  asked: ReadonlySet<number>,
): Node | undefined => {
  const entity = world.entities[rng.pick(members)]
  if (asked.has(entity.index)) return undefined
  const tree = growTree(rng, world, entity, rng.pick(shapes), [])
  return tree && answersTo(world, tree).length === 1 ? tree : undefined
}

const answersOf = ({ name, title, alias }: Entity): string[] => [
  ...new Set([name, title, ...(alias === undefined ? [] : [alias])]),
]

/** Ids that tell nothing about communities: a shuffled numbering. */
const numbering = (rng: Random, count: number): string[] =>
  rng.shuffle(Array.from({ length: count }, (_, i) => String(100_000 + i * 7)))

const askQuestions = (
  { seed, questions, testShare }: SynthesizeOptions,
  world: World,
  ids: readonly string[],
): SyntheticQuestion[] => {
  const rng = random(derive(seed, 5))
  const asked = new Set<number>()
  const testQuestions = Math.round(questions * testShare)
  const ask = (split: 'train' | 'test', count: number): SyntheticQuestion[] => {
    const homes = world.communities.filter(({ test }) => test === (split === 'test'))
    const made: SyntheticQuestion[] = []
    for (let tries = 0; made.length < count; tries++) {
      if (tries > 500 * count + 1000) {
        // Small worlds run out of unasked entities: ask for the same answer again, in another way.
        asked.clear()
        tries = 0
      }
      const home = homes[made.length % homes.length]
      const tree = drawTree(rng, world, home.members, asked)
      if (!tree) continue
      const question = phrase(rng, world, tree)
      // "Anna Example Bridge" in the text would give away Anna Example.
      if (evidenceOf(tree).some((entity) => answersOf(entity).some((name) => question.includes(name)))) continue
      asked.add(tree.entity.index)
      made.push({
        query_id: `${split}-${String(made.length + 1).padStart(4, '0')}`,
        question,
        answers: answersOf(tree.entity),
        split,
        evidence: [...new Set(evidenceOf(tree).map(({ index }) => ids[index]))],
      })
    }
    return made
  }
  return [...ask('train', questions - testQuestions), ...ask('test', testQuestions)]
}

/**
 * A world of `articles` entities in communities that share no entity, their articles (written only when iterated, in
 * an order that depends on the seed alone) and questions with unique answers. Everything depends on the options only.
 */
export const synthesize = (
  options: SynthesizeOptions,
): { articles: Iterable<SyntheticArticle>; questions: SyntheticQuestion[] } => {
  const { seed } = options
  const world = buildWorld(options)
  const rng = random(derive(seed, 4))
  const ids = numbering(rng, world.entities.length)
  const order = rng.shuffle(world.entities)
  const articles: Iterable<SyntheticArticle> = {
    *[Symbol.iterator]() {
      for (const entity of order)
        yield { id: ids[entity.index], title: entity.title, text: writeArticle(seed, world, entity) }
    },
  }
  return { articles, questions: askQuestions(options, world, ids) }
}
