// Questions as trees of constraints over the fact graph, and what in the world satisfies them.
import { sameValue, type Entity, type Fact, type World } from './entity.ts'
import type { Random } from './random.ts'
import { objectOf } from './wording.ts'

/** A condition on a node: one of its facts, with the object by name or value, or as a node of its own. */
export interface Constraint {
  readonly fact: Fact
  readonly child: Node | undefined
}

export interface Node {
  readonly entity: Entity
  /** Whether the question says which country it belongs to. */
  readonly national: boolean
  readonly constraints: readonly Constraint[]
}

const satisfies = (world: World, node: Node, candidate: Entity): boolean =>
  candidate.type === node.entity.type &&
  (!node.national || candidate.demonym === node.entity.demonym) &&
  node.constraints.every(({ fact, child }) =>
    candidate.facts.some((other) => {
      if (other.relation !== fact.relation) return false
      const object = child && objectOf(world, other)
      return child ? object !== undefined && satisfies(world, child, object) : sameValue(other.value, fact.value)
    }),
  )

/** Every entity of the world that the tree describes. */
export const answersTo = (world: World, node: Node): Entity[] =>
  world.entities.filter((candidate) => satisfies(world, node, candidate))

/** The entities whose articles state the tree's facts, root first. */
export const evidenceOf = (node: Node): Entity[] => [
  node.entity,
  ...node.constraints.flatMap(({ child }) => (child ? evidenceOf(child) : [])),
]

/** How a tree branches. */
export interface Shape {
  readonly children: readonly Shape[]
}

const NAMED_SHARE = 0.5
const NATIONAL_SHARE = 0.3

/** Draws a tree of this shape at this entity, or nothing where its facts do not suffice. */
export const growTree = (
  rng: Random,
  world: World,
  entity: Entity,
  shape: Shape,
  above: readonly Entity[],
): Node | undefined => {
  const path = [...above, entity]
  const facts = rng.shuffle(entity.facts.filter((fact) => fact.stated))
  const constraints: Constraint[] = []
  const used = new Set<Fact>()
  const names = new Set(path.map(({ name }) => name))
  for (const inner of shape.children) {
    const grown = facts.some((fact) => {
      const object = objectOf(world, fact)
      if (used.has(fact) || !object || names.has(object.name)) return false
      const child = growTree(rng, world, object, inner, path)
      if (!child) return false
      for (const below of evidenceOf(child)) if (names.has(below.name)) return false
      for (const below of evidenceOf(child)) names.add(below.name)
      constraints.push({ fact, child })
      used.add(fact)
      return true
    })
    if (!grown) return undefined
  }
  const wanted = (shape.children.length === 0 ? 2 : 1) + (rng.chance(0.35) ? 1 : 0)
  let plain = 0
  const relationsUsed = new Set(constraints.map(({ fact }) => fact.relation))
  for (const fact of facts) {
    if (plain === wanted) break
    const object = objectOf(world, fact)
    if (used.has(fact) || relationsUsed.has(fact.relation)) continue
    if (object && (names.has(object.name) || object.name === entity.name || !rng.chance(NAMED_SHARE))) continue
    constraints.push({ fact, child: undefined })
    relationsUsed.add(fact.relation)
    plain += 1
  }
  return plain < wanted ? undefined : { entity, national: rng.chance(NATIONAL_SHARE), constraints }
}
