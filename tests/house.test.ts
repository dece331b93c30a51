// The plan of the house: arrows between folders point one way, stages know nothing of each other, no file is its own floor.
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The floors, from the ground up: a file imports from its own and from those below, types included. */
const FLOORS = [
  'core',
  'data',
  'pipeline',
  'model',
  'search',
  'agents',
  'evaluation',
  'demo',
  'stages',
  'serve',
  'cli',
  'scripts',
]

/** Known violations, each to go. A circle is written as its files in order of name. */
const EXCEPTIONS: readonly RegExp[] = []

/** What stages have in common: shared settings, where the questions lie, names of files that pass between stages. */
const COMMON = /^stages\/(settings|questions|queries|logs|lrat-train)\.ts$/

const sources = FLOORS.flatMap((floor) =>
  readdirSync(join(root, floor), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => posix.join(floor, ...name.split(/[\\/]/))),
)
const importsOf = (file: string): string[] =>
  ts
    .preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => posix.join(posix.dirname(file), fileName))
const imports = new Map(sources.map((file) => [file, importsOf(file).filter((to) => to.endsWith('.ts'))]))

const floorOf = (file: string): number => FLOORS.indexOf(file.split('/')[0] ?? '')
/** The stage that a file belongs to; undefined for what is no stage's, as the list of them. */
const stageOf = (file: string): string | undefined => /^stages\/([^/]+)\//.exec(file)?.[1]

const upward = (from: string, to: string): boolean => floorOf(to) > floorOf(from) || floorOf(to) < 0
const outOfItsStage = (from: string, to: string): boolean =>
  stageOf(from) !== undefined && floorOf(to) === floorOf(from) && stageOf(to) !== stageOf(from) && !COMMON.test(to)

/** Sets of files that import each other, however long the way (Tarjan's strongly connected components). */
const circles = (): string[][] => {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string): number => {
    const index = order.size
    order.set(file, index)
    stack.push(file)
    let least = index
    for (const to of imports.get(file) ?? []) {
      if (!order.has(to)) least = Math.min(least, visit(to))
      else if (stack.includes(to)) least = Math.min(least, low.get(to) ?? order.get(to) ?? least)
    }
    low.set(file, least)
    if (least === index) {
      const members = stack.splice(stack.indexOf(file))
      if (members.length > 1 || imports.get(file)?.includes(file)) found.push(members.toSorted())
    }
    return least
  }
  for (const file of sources) if (!order.has(file)) visit(file)
  return found
}

test('arrows point down, no stage imports another, and no files import each other', () => {
  const arrows = [...imports].flatMap(([from, list]) =>
    list.filter((to) => upward(from, to) || outOfItsStage(from, to)).map((to) => `${from} -> ${to}`),
  )
  const found = [...new Set(arrows), ...circles().map((members) => members.join(' <-> '))]
  expect(found.filter((violation) => !EXCEPTIONS.some((known) => known.test(violation)))).toEqual([])
  const mended = EXCEPTIONS.filter((known) => !found.some((violation) => known.test(violation)))
  expect(mended, 'what has been mended leaves the list').toEqual([])
})

test('every import of a source is a file of the house', () => {
  const known = new Set(sources)
  const lost = [...imports].flatMap(([from, list]) =>
    list.filter((to) => !known.has(to)).map((to) => `${from} -> ${to}`),
  )
  expect(lost).toEqual([])
})
