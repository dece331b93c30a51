// Mining, case by case, from an agent's run JSON to its pairs.
import { describe, expect, test } from 'vitest'
import { parseLratRun } from '../../../data/readers/lrat-run.ts'
import { eventsOf, type BrowseCall } from '../../../stages/mine/browses.ts'
import { minePairs, type MinedBrowse } from '../../../stages/mine/pairs.ts'
import { answer, browse, reasoning, search } from '../../helpers/sample.ts'

interface Options {
  readonly useful?: readonly string[]
  readonly undecided?: readonly string[]
  readonly negatives?: 'session' | 'turn'
  readonly outside?: readonly string[]
}

const eventsFrom = (result: readonly object[]) => {
  const run = parseLratRun({ query_id: 'q', query: 'question', status: 'completed', result }, 'test')
  if ('skip' in run) throw new Error(run.skip)
  return eventsOf(run.row.steps)
}

const mine = (
  result: readonly object[],
  { useful = [], undecided = [], negatives = 'session', outside = [] }: Options = {},
) =>
  minePairs(eventsFrom(result), {
    negatives,
    isRelevant: (call: BrowseCall) => (undecided.includes(call.docid) ? null : useful.includes(call.docid)),
    inCorpus: (docid) => !outside.includes(docid),
  })

const shown = (mined: readonly MinedBrowse[]): unknown[] =>
  mined.map(({ call, query, pair }) => [call.docid, query, pair?.negatives ?? null])

describe('a browse that nobody could decide on', () => {
  const steps = [search('q', ['a', 'b', 'c', 'd']), browse('a'), reasoning('hm'), search('r', ['e', 'b']), browse('b')]
  test('gives no pair, is no negative, and does not end the search', () => {
    const options = { useful: ['b'], undecided: ['a'] }
    expect(shown(mine(steps, options))).toEqual([
      ['a', 'q', null],
      ['b', 'r', ['e', 'c', 'd']],
    ])
    expect(mine(steps, options).map(({ relevant }) => relevant)).toEqual([null, true])
    // Rejected it is a negative, relevant it ends the search: neither happens above.
    expect(shown(mine(steps, { useful: ['b'] }))[1]).toEqual(['b', 'r', ['a', 'e', 'c', 'd']])
    expect(shown(mine(steps, { useful: ['a', 'b'] }))[1]).toEqual(['b', 'r', ['e']])
  })

  test('within a run it is no negative of the others', () => {
    const together = [
      search('q', ['a', 'b', 'c']),
      browse('a'),
      reasoning('hm'),
      browse('b'),
      reasoning('no'),
      browse('c'),
    ]
    const options = { useful: ['c'], undecided: ['a'] }
    expect(shown(mine(together, options))).toEqual([
      ['a', 'q', null],
      ['b', 'q', []],
      ['c', 'q', ['b']],
    ])
    expect(shown(mine(together, { ...options, negatives: 'turn' }))[2]).toEqual(['c', 'q', []])
  })
})

describe('browse runs', () => {
  const runsOf = (result: readonly object[]): string[][] =>
    eventsFrom(result).flatMap((event) => ('run' in event ? [event.run.map((call) => call.docid)] : []))
  const textsOf = (result: readonly object[]): string[] =>
    eventsFrom(result).flatMap((event) => ('run' in event ? event.run.map((call) => call.reasoning) : []))

  test('browses in a row are one run, with and without reasoning between them', () => {
    const steps = [browse('a'), reasoning('of a'), browse('b'), browse('c'), reasoning('of c')]
    expect(runsOf(steps)).toEqual([['a', 'b', 'c']])
    expect(textsOf(steps)).toEqual(['of a', '', 'of c'])
  })

  test('a second reasoning in a row ends a run', () => {
    const steps = [browse('a'), reasoning('of a'), reasoning('more'), browse('b')]
    expect(runsOf(steps)).toEqual([['a'], ['b']])
    expect(textsOf(steps)).toEqual(['of a', ''])
  })

  test('a search, an unknown tool and an answer each end a run, and no reasoning reaches across them', () => {
    const unknown = { ...browse('x'), tool_name: 'calculator' }
    for (const between of [search('q', ['a']), unknown, answer('42')]) {
      const steps = [browse('a'), between, reasoning('late'), browse('b')]
      expect(runsOf(steps)).toEqual([['a'], ['b']])
      expect(textsOf(steps)).toEqual(['', ''])
    }
  })

  test('`visit` browses as `get_document` does', () => {
    expect(runsOf([{ ...browse('a'), tool_name: 'visit' }, browse('b')])).toEqual([['a', 'b']])
  })

  test('of a list of docids the first is taken, of a:b what follows the last colon', () => {
    expect(runsOf([browse(['a', 'b']), browse('wiki:en:7'), browse(['x:9', 'y']), browse(12)])).toEqual([
      ['a', '7', '9', '12'],
    ])
  })
})

describe('session negatives', () => {
  test('unopened hits of the search, in rank order', () => {
    expect(shown(mine([search('q', ['a', 'b', 'c', 'd']), browse('c'), reasoning('yes')], { useful: ['c'] }))).toEqual([
      ['c', 'q', ['a', 'b', 'd']],
    ])
  })

  test('this run rejected, then earlier rejected, both latest first, then unopened hits, latest search first', () => {
    const steps = [
      search('one', ['a', 'b', 'c']),
      browse('a'),
      search('two', ['d', 'e', 'b']),
      browse('b'),
      search('three', ['f', 'g', 'e']),
      browse('g'),
      browse('d'),
      browse('f'),
    ]
    expect(shown(mine(steps, { useful: ['f'] })).at(-1)).toEqual(['f', 'three', ['d', 'g', 'b', 'a', 'e', 'c']])
  })

  test('after a useful run nothing older is held: no query, no search, no rejected document', () => {
    const steps = [search('q', ['a', 'b', 'c']), browse('b'), browse('a'), reasoning('yes'), answer('x'), browse('c')]
    expect(shown(mine(steps, { useful: ['a'] }))).toEqual([
      ['b', 'q', ['c']],
      ['a', 'q', ['b', 'c']],
      ['c', '', null],
    ])
    const again = [...steps, search('r', ['c', 'd']), browse('d')]
    expect(shown(mine(again, { useful: ['a', 'd'] })).at(-1)).toEqual(['d', 'r', ['c']])
  })

  test('a browse before any search has the query "" and no pair', () => {
    expect(
      shown(mine([browse('a'), reasoning('hm'), search('q', ['a', 'b']), browse('b')], { useful: ['b'] })),
    ).toEqual([
      ['a', '', null],
      ['b', 'q', ['a']],
    ])
  })

  test('only the first query of a search counts', () => {
    const both = { ...search('q', ['a']), arguments: JSON.stringify({ query: ['first', 'second'] }) }
    expect(mine([both, browse('a')])[0].query).toBe('first')
  })

  test('a document opened twice gives two pairs, and is negative to neither', () => {
    expect(shown(mine([search('q', ['a', 'b']), browse('a'), browse('a')]))).toEqual([
      ['a', 'q', ['b']],
      ['a', 'q', ['b']],
    ])
  })

  test('two useful documents of a run are not negatives of each other', () => {
    expect(shown(mine([search('q', ['a', 'b', 'c']), browse('a'), browse('b')], { useful: ['a', 'b'] }))).toEqual([
      ['a', 'q', ['c']],
      ['b', 'q', ['c']],
    ])
  })

  test('documents outside the corpus are neither positive nor negative', () => {
    const steps = [search('q', ['a', 'b', 'c']), browse('a'), browse('b')]
    expect(shown(mine(steps, { outside: ['a', 'c'] }))).toEqual([
      ['a', 'q', null],
      ['b', 'q', []],
    ])
  })
})

describe('turn negatives', () => {
  test('hits of the current search that were not opened; rejected ones do not count', () => {
    const steps = [search('one', ['a', 'b']), browse('a'), search('two', ['c', 'd', 'e']), browse('c'), browse('d')]
    expect(shown(mine(steps, { useful: ['d'], negatives: 'turn' }))).toEqual([
      ['a', 'one', ['b']],
      ['c', 'two', ['e']],
      ['d', 'two', ['e']],
    ])
  })
})
