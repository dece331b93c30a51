// Mining, case by case, from an agent's run JSON to its pairs.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseLratRun } from '../../../data/readers/lrat-run.ts'
import { isBrowse } from '../../../data/steps.ts'
import { eventsOf, nameOpened, type BrowseCall } from '../../../stages/mine/browses.ts'
import { minePairs, type MinedBrowse } from '../../../stages/mine/pairs.ts'
import { answer, browse, reasoning, search } from '../../helpers/sample.ts'

interface Options {
  readonly useful?: readonly string[]
  readonly undecided?: readonly string[]
  readonly negatives?: 'session' | 'turn'
  readonly outside?: readonly string[]
}

const eventsFrom = (result: readonly object[], inCorpus = (docid: string) => !docid.includes(':')) => {
  const run = parseLratRun({ query_id: 'q', query: 'question', status: 'completed', result }, 'test')
  if ('skip' in run) throw new Error(run.skip)
  return nameOpened(eventsOf(run.row.steps), inCorpus)
}

const mine = (
  result: readonly object[],
  { useful = [], undecided = [], negatives = 'session', outside = [] }: Options = {},
) => {
  const inCorpus = (docid: string): boolean => !outside.includes(docid)
  return minePairs(eventsFrom(result, inCorpus), {
    negatives,
    isRelevant: (call: BrowseCall) => (undecided.includes(call.docid) ? null : useful.includes(call.docid)),
    inCorpus,
  })
}

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

  test('of a list of docids the first is taken, of an unknown a:b what follows the last colon', () => {
    expect(runsOf([browse(['a', 'b']), browse('wiki:en:7'), browse(['x:9', 'y']), browse(12)])).toEqual([
      ['a', '7', '9', '12'],
    ])
  })

  test('an id with a colon is kept whole where a search so far or the corpus has it', () => {
    expect(runsOf([browse('wiki:7'), search('q', ['wiki:7']), browse('wiki:7'), browse('wiki:8')])).toEqual([
      ['7'],
      ['wiki:7', '8'],
    ])
    const events = eventsFrom([browse('wiki:7'), browse('https://x/y')], (docid) => docid === 'https://x/y')
    expect(events).toMatchObject([{ run: [{ docid: '7' }, { docid: 'https://x/y' }] }])
  })

  test('a run imported before ids were kept whole is read as one imported now', () => {
    const steps = [search('q', ['wiki:7']), browse('wiki:7')]
    const run = parseLratRun({ query_id: 'q', query: 'question', status: 'completed', result: steps }, 'test')
    if ('skip' in run) throw new Error(run.skip)
    const cut = run.row.steps.map((step) =>
      step.docids.length === 1 && isBrowse(step) ? { ...step, docids: ['7'] } : step,
    )
    expect(nameOpened(eventsOf(cut), () => false)).toMatchObject([{}, { run: [{ docid: 'wiki:7' }] }])
  })

  test('whatever the ids look like, the same pairs come out', () => {
    const ids = fc.uniqueArray(
      fc.oneof(
        fc.string({ minLength: 1 }).map((id) => id.replaceAll(/[\u2028\u2029\r\n]/g, '_').trim() || '_'),
        fc.webUrl(),
        fc.stringMatching(/^[a-z]{1,3}(:[a-z0-9]{1,3}){1,3}$/),
        fc.integer().map((n) => `${'x'.repeat(10_000)}:${n}`),
      ),
      { minLength: 4, maxLength: 4 },
    )
    fc.assert(
      fc.property(ids, (names) => {
        const log = ([a = '', b = '', c = '', d = '']: readonly string[]) => [
          search('one', [a, b, c]),
          browse(b),
          reasoning('no'),
          browse([a, d]),
          reasoning('yes'),
          search('two', [d, c]),
          browse(d),
          browse(c),
        ]
        const plain = ['a', 'b', 'c', 'd']
        const named = new Map(plain.map((id, at) => [id, names[at]]))
        const translated = shown(mine(log(plain), { useful: ['a', 'c'] })).map((row) =>
          (row as [string, string, string[]]).map((part, at) =>
            at === 1 ? part : Array.isArray(part) ? part.map((id) => named.get(id)) : named.get(part),
          ),
        )
        const useful = [names[0] ?? '', names[2] ?? '']
        expect(shown(mine(log(names), { useful, outside: [] }))).toEqual(translated)
      }),
    )
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
