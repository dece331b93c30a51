// Configurations: what is right is taken, and what is wrong is named with its place and a way out.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderReference, undescribed } from '../../pipeline/config-reference.ts'
import { loadConfig } from '../../pipeline/config.ts'
import { UserError, type Problem } from '../../core/errors.ts'
import { packageRoot } from '../../core/versions.ts'
import { configSchema } from '../../stages/config.ts'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()

const load = (yaml: string, set: readonly string[] = []) => {
  const folder = temp()
  writeFiles(folder, { 'config.yaml': yaml })
  return loadConfig(configSchema, join(folder, 'config.yaml'), set)
}
const problemOf = (yaml: string, set: readonly string[] = []): Problem => {
  try {
    load(yaml, set)
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return (error as UserError).problem
  }
  throw new Error('expected a UserError')
}

describe('a right configuration', () => {
  test('the sample of the README parses, and the rest has defaults', () => {
    const config = load(`
run: runs/lrat-sample
tokenizer: whitespace
corpus:       { format: jsonl, path: ../shared/data/lrat/corpus.jsonl }
trajectories: { import: ../shared/data/lrat/trajectories }
filter:       { correctness: none }
mine:         { negatives: session, relevance: { labels: ../shared/reference/lrat/judgements.jsonl } }
export:       { keep: all }
`)
    expect(config.mine.relevance).toEqual({ labels: '../shared/reference/lrat/judgements.jsonl' })
    expect(config).toMatchObject({
      version: 1,
      weigh: { half_life: 'median' },
      generate: { agent: 'offline' },
    })
  })

  test('needs nothing but the run folder', () => {
    expect(load('run: runs/x')).toMatchObject({ run: 'runs/x', seed: 1, mine: { negatives: 'session' } })
  })

  test('the ones in configs/ parse', () => {
    expect(loadConfig(configSchema, join(packageRoot, 'configs/demo.yaml')).corpus.format).toBe('synthetic')
  })
})

describe('--set', () => {
  test('reaches nested keys, there or not, with values in YAML', () => {
    const config = load('run: r\ntrain: { epochs: 3 }', [
      'train.epochs=7',
      'train.seeds=[1, 2]',
      'evaluate.k=[5]',
      'run=s',
    ])
    expect(config).toMatchObject({ run: 's', train: { epochs: 7, seeds: [1, 2] }, evaluate: { k: [5] } })
  })

  test('puts a map in the place of a scalar, and a scalar in the place of a map', () => {
    const labels = load('run: r\nmine: { relevance: rules }', ['mine.relevance.labels=l.jsonl']).mine
    expect(labels.relevance).toEqual({ labels: 'l.jsonl' })
    expect(load('run: r\nmine: { relevance: { labels: l } }', ['mine.relevance=rules']).mine.relevance).toBe('rules')
  })

  test('the last one wins, and a value may hold an equals sign', () => {
    expect(load('run: r', ['run=a', 'run=b=c']).run).toBe('b=c')
  })

  test('fills an empty file', () => {
    expect(load('', ['run=r']).run).toBe('r')
    expect(load('# nothing yet\n', ['run=r']).run).toBe('r')
  })

  test('without a key or with broken YAML is named', () => {
    for (const wrong of ['train.epochs', '=3', 'train.seeds=[1,'])
      expect(problemOf('run: r', [wrong]).where).toBe(`--set ${wrong}`)
  })

  test('of an unknown key suggests the nearest', () => {
    expect(problemOf('run: r', ['train.epoch=3']).fix).toContain("Did you mean 'epochs'?")
  })

  const named: readonly (readonly [yaml: string, set: string, where: string])[] = [
    ['run: r\ntrain: { epochs: 3 }', 'train.epochs=many', '--set train.epochs'],
    ['run: r\ntrain: { epochs: 3 }', 'train.epoch=3', '--set train.epoch'],
    ['run: r', 'trian.epochs=3', '--set trian'],
    ['run: r', 'corpus={ format: jsonl, pth: x }', '--set corpus.pth'],
    ['run: r', 'train.dev.share=2', '--set train.dev.share'],
  ]
  test.each(named)('%s with %s: what is wrong is at %s', (yaml, set, where) => {
    expect(problemOf(yaml, [set]).where).toBe(where)
  })

  test('what the file says wrong is still at its line', () => {
    expect(problemOf('run: r\nseed: x', ['train.epochs=3']).where).toMatch(/config\.yaml, line 2, seed$/)
  })

  test('sets an item of a list by its number, and refuses another key there', () => {
    expect(load('run: r\ntrain: { seeds: [1, 2] }', ['train.seeds.1=5']).train.seeds).toEqual([1, 5])
    expect(problemOf('run: r\ntrain: { seeds: [1, 2] }', ['train.seeds.last=5'])).toMatchObject({
      where: '--set train.seeds.last=5',
      expected: 'the number of an item of train.seeds, from 0 to 2',
    })
  })
})

describe('a wrong configuration', () => {
  const at = (line: number, key: string): RegExp => new RegExp(`config\\.yaml, line ${line}, ${key}$`)

  test('an unknown key: file, line, and the nearest key', () => {
    const problem = problemOf('run: r\nmine:\n  relevance: rules\n  negativs: turn\n')
    expect(problem.where).toMatch(at(4, 'mine\\.negativs'))
    expect(problem.found).toBe("'negativs'")
    expect(problem.fix).toMatch(/^Did you mean 'negatives'\? The keys here: .*negatives, .*configs\/REFERENCE\.md/)
  })

  test('an unknown key at the top and within a map of a choice', () => {
    expect(problemOf('run: r\ntokenisr: x').fix).toContain("'tokenizer'")
    const problem = problemOf('run: r\nmine:\n  relevance: { label: x }')
    expect(problem.where).toMatch(at(3, 'mine\\.relevance\\.label'))
    expect(problem.fix).toContain("Did you mean 'labels'?")
    expect(problemOf('rum: r').fix).toContain("Did you mean 'run'?")
  })

  test('a key like no other gets no suggestion', () => {
    const problem = problemOf('run: r\nxyzzyplugh: 1')
    expect(problem.fix).not.toContain('Did you mean')
    expect(problem.fix).toContain('tokenizer')
  })

  const readings: [yaml: string, where: RegExp, expected: string, found: string][] = [
    ['run: r\nmine: { negatives: both }', at(2, 'mine\\.negatives'), 'one of session, turn', '"both"'],
    ['run: r\nseed: many', at(2, 'seed'), 'a number', '"many"'],
    ['run: r\nseed: 1.5', at(2, 'seed'), 'a whole number', '1.5'],
    ['run: r\nseed: -1', at(2, 'seed'), 'a number of at least 0', '-1'],
    ['run: 7', at(1, 'run'), 'a text', '7'],
    ['run: ""', at(1, 'run'), 'a text that is not empty', '""'],
    ['run: r\nmine: rules', at(2, 'mine'), 'a map of keys', '"rules"'],
    ['run: r\ntrain: { in_batch_negatives: maybe }', at(2, 'train\\.in_batch_negatives'), 'true or false', '"maybe"'],
    ['run: r\ntrain: { seeds: 1 }', at(2, 'train\\.seeds'), 'a list', '1'],
    ['run: r\ntrain: { seeds: [] }', at(2, 'train\\.seeds'), 'a list of at least 1', '[]'],
    ['run: r\ntrain:\n  seeds:\n    - x', at(3, 'train\\.seeds\\.0'), 'a number', '"x"'],
    ['run: r\ntrain: { temperature: 0 }', at(2, 'train\\.temperature'), 'a number above 0', '0'],
    ['run: r\nqueries: { test_share: 1 }', at(2, 'queries\\.test_share'), 'a number of at most 0.9', '1'],
    ['run: r\nweigh: { half_life: long }', at(2, 'weigh\\.half_life'), 'median or a number', '"long"'],
    ['seed: 1', /config\.yaml, run$/, 'a text', 'nothing'],
    ['', /config\.yaml, run$/, 'a text', 'nothing'],
  ]
  for (const [yaml, where, expected, found] of readings)
    test(`${JSON.stringify(yaml)}: expected ${expected}`, () => {
      expect(problemOf(yaml)).toMatchObject({ where: expect.stringMatching(where) as string, expected, found })
    })

  test('a choice of a word or a map says both', () => {
    const { expected } = problemOf('run: r\nmine: { relevance: 7 }')
    expect(expected).toContain('rules')
    expect(expected).toContain('a map of keys')
  })

  test('no map at all', () => {
    expect(problemOf('just words').expected).toBe('a map of keys')
    expect(problemOf('- a\n- b').expected).toBe('a map of keys')
  })

  test('another version, whatever else is unknown in it', () => {
    const problem = problemOf('run: r\nversion: 2\nnovelty: 1')
    expect(problem.where).toMatch(at(2, 'version'))
    expect(problem.expected).toBe('a config of version 1')
    expect(problem.found).toBe('a config of another version, 2')
    expect(problem.fix).toContain('bring it up to date')
  })

  test('broken YAML: the line', () => {
    const problem = problemOf('run: r\nmine: {\nseed: 1\n')
    expect(problem.where).toMatch(/config\.yaml, line [2-4]$/)
    expect(problem.expected).toBe('YAML')
    expect(problemOf('run: r\nrun: s').found).toMatch(/unique/)
  })

  test('no such file: the path, and where examples are', () => {
    const path = join(temp(), 'nowhere.yaml')
    expect(() => loadConfig(configSchema, path)).toThrow(
      `${path}: expected a configuration file in YAML; found no such file`,
    )
  })
})

describe('the reference page', () => {
  test('every key has a description', () => {
    expect(undescribed(configSchema)).toEqual([])
  })

  test('is current: `npm run docs` writes it', () => {
    expect(readFileSync(join(packageRoot, 'configs/REFERENCE.md'), 'utf8')).toBe(renderReference(configSchema))
  })
})
