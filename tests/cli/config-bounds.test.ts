// Configurations made to break a reader of YAML: each ends with an error that names file, line or key, and ends.
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadConfig } from '../../pipeline/config.ts'
import { messageOf, UserError } from '../../core/errors.ts'
import { configSchema } from '../../stages/config.ts'
import { runCli } from '../helpers/cli.ts'
import { tempFolders } from '../helpers/temp.ts'

const cwd = tempFolders()()

const write = (name: string, yaml: string): string => {
  const path = join(cwd, `${name}.yaml`)
  writeFileSync(path, yaml)
  return path
}

const messageFrom = (name: string, yaml: string, set: readonly string[]): string => {
  try {
    loadConfig(configSchema, write(name, yaml), set)
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return messageOf(error)
  }
  return 'nothing wrong'
}

const LETTERS = [...'abcdefghij']
const bomb = LETTERS.map((letter, i) => {
  const below = i === 0 ? '1' : `*${LETTERS[i - 1] ?? ''}`
  return `${letter}: &${letter} [${Array.from({ length: 9 }, () => below).join(', ')}]\n`
}).join('')

const MANY_LINES = `run: r\ntokenizer: |\n${'  text\n'.repeat(200_000)}`
const BLOCKS = Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')

const rows: readonly (readonly [name: string, yaml: string, message: RegExp, ...set: readonly string[]])[] = [
  ['bomb', `run: r\n${bomb}`, /bomb\.yaml, line 6: expected aliases that stand for at most 10000 values together/],
  [
    'cyclic-map',
    'run: r\nmine: &m\n  relevance: *m\n',
    /line 3: expected an alias of something else; found \*m within/,
  ],
  ['cyclic-list', 'run: r\nmine: &m [*m]\n', /line 2: expected an alias of something else/],
  ['unresolved', 'run: r\nmine: *nothing\n', /line 2: expected an anchor &nothing before this alias/],
  ['later', 'run: *x\nseed: &x 1\n', /line 1: expected an anchor &x before this alias/],
  ['quoted', `run: r\ntokenizer: "${'x'.repeat(50e6)}"\n`, /quoted\.yaml: expected YAML of at most 1 MiB; found more/],
  ['plain', `run: ${'x'.repeat(2 ** 20)}`, /plain\.yaml: expected YAML of at most 1 MiB/],
  ['block', MANY_LINES, /block\.yaml: expected YAML of at most 1 MiB/],
  ['flow', `run: r\nmine: ${'['.repeat(5e5)}`, /flow\.yaml, line 2: expected maps and lists at most 100 deep/],
  ['maps', `run: r\nmine:\n  ${'{a: '.repeat(1e5)}`, /maps\.yaml, line 3: expected maps and lists at most 100 deep/],
  ['blocks', `run: r\n${BLOCKS}`, /blocks\.yaml, line \d+: expected maps and lists at most 100 deep/],
  ['items', `run: r\nmine:\n  ${'- '.repeat(1e5)}x`, /items\.yaml, line 3: expected maps and lists at most 100 deep/],
  ['long', `run: r\nseed: "${'x'.repeat(1e6)}"`, /line 2, seed: expected a number; found "x{100,200}…\. configs/],
  ['tag', 'run: r\nseed: !seven 3\n', /tag\.yaml, line 2: expected YAML; found Unresolved tag: !seven/],
  ['set-alias', 'run: r', /--set seed=\*a: expected an anchor &a before this alias/, 'seed=*a'],
  ['set-deep', 'run: r', /--set seed=\[+.*: expected maps and lists at most 100 deep/, `seed=${'['.repeat(300)}`],
  [
    'set-long',
    'run: r',
    /--set (a\.)+…: expected a key of at most 100 names; found 3001 names/,
    `${'a.'.repeat(3000)}b=1`,
  ],
  ['set-list', 'run: r\ntrain: { seeds: [1] }', /--set train\.seeds\.x=1: expected the number/, 'train.seeds.x=1'],
  ['set-in-list', '- a\n- b', /expected a map of keys; found \["a","b"\]/, 'seed=1'],
  ['set-in-text', 'just words', /expected a map of keys; found "just words"/, 'seed=1'],
  ['set-scalar', 'run: r\nseed: 3', /--set seed: expected a number; found \{"x":1\}/, 'seed.x=1'],
]

const cases = rows.map(([name, yaml, message, ...set]) => ({ name, yaml, message, set }))

test.each(cases)('$name', ({ name, yaml, message, set }) => {
  const found = messageFrom(name, yaml, set)
  expect(found).toMatch(message)
  expect(found.length).toBeLessThan(1500)
})

const STARTED = ['bomb', 'cyclic-map', 'quoted', 'items', 'set-list']
test.each(cases.filter(({ name }) => STARTED.includes(name)))(
  '$name from the command line: no stack, exit code 1',
  async ({ name, yaml, message, set }) => {
    write(name, yaml)
    const assigned = set.flatMap((assignment) => ['--set', assignment])
    const { code, stdout, stderr } = await runCli(['status', '-c', `${name}.yaml`, ...assigned], { cwd })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^ {4}at /m)
    expect([code, stdout]).toEqual([1, ''])
  },
)

test('aliases are what they stand for, keys of --set within them too', () => {
  const shared = 'run: r\nmine: &m { negatives: turn }\n'
  const path = write('fine', `${shared}weigh: &e {}\nfilter: *e\n`)
  expect(loadConfig(configSchema, path)).toMatchObject({ mine: { negatives: 'turn' } })
  expect(messageFrom('line', `${shared}weigh: *m\n`, [])).toMatch(/line 2, weigh\.negatives: expected a key/)
  expect(messageFrom('inner', `${shared}weigh: *m\n`, ['weigh.negatives=session'])).toMatch(
    /^--set weigh\.negatives: expected a key that there is; found 'negatives'/,
  )
})
