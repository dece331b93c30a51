import { describe, expect, it } from 'vitest'
import { sameValue, type World } from '../../../demo/world/entity.ts'
import { writeArticle } from '../../../demo/world/prose.ts'
import { random } from '../../../demo/world/random.ts'
import { relationOf } from '../../../demo/world/relations.ts'
import { answersTo, evidenceOf, growTree, type Node, type Shape } from '../../../demo/world/tree.ts'
import { objectOf } from '../../../demo/world/wording.ts'
import { buildWorld } from '../../../demo/world/world.ts'

const world: World = buildWorld({ seed: 5, articles: 700, testShare: 0.3 })
const leaf: Shape = { children: [] }
const fork: Shape = { children: [leaf, { children: [leaf] }] }

const trees: Node[] = []
const rng = random(99)
for (const entity of world.entities) {
  const tree = growTree(rng, world, entity, fork, [])
  if (tree) trees.push(tree)
}

/** An answer by definition, without the matcher: walks the facts of the candidate. */
const entails = (node: Node, candidate = node.entity): boolean =>
  node.constraints.every(({ fact, child }) =>
    candidate.facts.some(
      (known) => known.relation === fact.relation && sameValue(known.value, fact.value) && (!child || entails(child)),
    ),
  )

describe('question trees', () => {
  it('grow in plenty, and the world entails each for its own answer', () => {
    expect(trees.length).toBeGreaterThan(100)
    for (const tree of trees) {
      expect(entails(tree)).toBe(true)
      expect(answersTo(world, tree)).toContain(tree.entity)
    }
  })

  it('use only facts that the article of their entity states', () => {
    const check = (node: Node): void => {
      const text = writeArticle(5, world, node.entity)
      for (const { fact, child } of node.constraints) {
        expect(fact.stated).toBe(true)
        const object = objectOf(world, fact)
        const said =
          'year' in fact.value
            ? [String(fact.value.year)]
            : 'concept' in fact.value
              ? fact.value.concept.article
              : [object?.name ?? '']
        expect(said.some((words) => text.toLowerCase().includes(words.toLowerCase()))).toBe(true)
        if (child) check(child)
      }
    }
    for (const tree of trees.slice(0, 60)) check(tree)
  })

  it('stay inside one community', () => {
    for (const tree of trees) {
      for (const { community } of evidenceOf(tree)) expect(community).toBe(tree.entity.community)
    }
  })

  it('find every other entity that fits as well', () => {
    const [tree] = trees
    const loose: Node = { ...tree, national: false, constraints: [] }
    expect(answersTo(world, loose)).toHaveLength(world.entities.filter(({ type }) => type === tree.entity.type).length)
  })
})

describe('facts', () => {
  it('are known at both ends', () => {
    for (const entity of world.entities) {
      for (const fact of entity.facts) {
        const object = objectOf(world, fact)
        const { inverse } = relationOf(fact.relation)
        if (!object || inverse === undefined) continue
        expect(
          object.facts.some(
            (back) => back.relation === inverse && 'entity' in back.value && back.value.entity === entity.index,
          ),
        ).toBe(true)
      }
    }
  })
})
