// Puts a tree of constraints into words that differ from the articles' where the language has others.
import type { Random } from './random.ts'
import { relationOf } from './relations.ts'
import type { Constraint, Node } from './tree.ts'
import type { World } from './entity.ts'
import { objectOf, withArticle, withKinship, wordOf } from './wording.ts'

const PARAPHRASE_SHARE = 0.65

const noun = (rng: Random, { entity, national }: Node): string => {
  const word = wordOf(rng, entity.type, rng.chance(PARAPHRASE_SHARE) ? 'question' : 'article')
  return national ? `${entity.demonym} ${word}` : word
}

const predicate = (rng: Random, world: World, node: Node, { fact, child }: Constraint): string => {
  const object = objectOf(world, fact)
  const template = withKinship(rng.pick(relationOf(fact.relation).question), node.entity, object)
  const value = child
    ? nounPhrase(rng, world, child)
    : 'year' in fact.value
      ? String(fact.value.year)
      : 'concept' in fact.value
        ? wordOf(rng, fact.value.concept, rng.chance(PARAPHRASE_SHARE) ? 'question' : 'article')
        : (object?.name ?? '')
  return template.replaceAll('{O}', value)
}

const relative = (text: string, pronoun: string): string => (text.startsWith('whose ') ? text : `${pronoun} ${text}`)

/** "a composer who was born in X and whose sister was a …": constraints with trees of their own come last. */
const nounPhrase = (rng: Random, world: World, node: Node): string => {
  const pronoun = node.entity.kind === 'person' ? 'who' : 'that'
  const plainFirst = [...node.constraints].sort((a, b) => Number(a.child !== undefined) - Number(b.child !== undefined))
  const clauses = plainFirst.map((constraint) => relative(predicate(rng, world, node, constraint), pronoun))
  return `${withArticle(noun(rng, node))} ${clauses.join(' and ')}`
}

const opening = (rng: Random, node: Node): string => {
  const text = noun(rng, node)
  if (node.entity.kind === 'person')
    return rng.pick([`Who was the ${text}`, `Who was ${withArticle(text)}`, `What is the name of the ${text}`])
  return rng.pick([`What is ${withArticle(text)}`, `What is the name of the ${text}`, `What is the ${text}`])
}

const afterthought = (rng: Random, node: Node, text: string): string => {
  const subject = node.entity.kind === 'person' ? 'this person' : 'it'
  const possessive = node.entity.kind === 'person' ? "this person's" : 'its'
  const sentence = text.startsWith('whose ') ? `${possessive} ${text.slice(6)}` : `${subject} ${text}`
  return rng.pick([`Additionally, ${sentence}.`, `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`])
}

/** The question that asks for the root of the tree. */
export const phrase = (rng: Random, world: World, root: Node): string => {
  const pronoun = root.entity.kind === 'person' ? 'who' : 'that'
  const constraints = rng.shuffle(root.constraints)
  const nested = constraints.filter(({ child }) => child)
  const plain = constraints.filter(({ child }) => !child)
  const later = plain.length > 0 && rng.chance(0.4) ? plain.slice(-1) : []
  const early = rng.shuffle([...nested, ...plain.filter((constraint) => !later.includes(constraint))])
  const clauses = early.map((constraint) => relative(predicate(rng, world, root, constraint), pronoun))
  const [first, ...rest] = clauses
  const question = `${opening(rng, root)} ${[first, ...rest.map((clause) => `and ${clause}`)].join(', ')}?`
  return [
    question,
    ...later.map((constraint) => afterthought(rng, root, predicate(rng, world, root, constraint))),
  ].join(' ')
}
