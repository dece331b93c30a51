// Mining over random trajectories: against a second, naive implementation, and what must hold whatever happened.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Step } from '../../../data/schemas.ts'
import { eventsOf } from '../../../stages/mine/browses.ts'
import { minePairs, type MinedBrowse } from '../../../stages/mine/pairs.ts'
import { naivePairs, type NaiveStep } from './naive.ts'

type Mode = 'session' | 'turn'

const ALL = [...'abcdefgh']
const docid = fc.constantFrom(...ALL)
const step: fc.Arbitrary<NaiveStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('browse' as const),
      docid,
      satisfied: fc.constantFrom(true, false, null),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('search' as const),
      query: fc.constantFrom('one', 'two', ''),
      docids: fc.array(docid, { maxLength: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'reasoning' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'other' as const }) },
)
const trajectory = fc.array(step, { maxLength: 24 })
const corpus = fc.subarray(ALL, { minLength: 2 })
const mode = fc.constantFrom<Mode>('session', 'turn')

const stepOf = (naive: NaiveStep): Step => {
  const base = { tool: null, arguments: '', output: '', docids: [] }
  switch (naive.kind) {
    case 'search':
      return {
        ...base,
        type: 'tool_call',
        tool: 'search',
        arguments: JSON.stringify({ query: [naive.query, 'never executed'] }),
        docids: naive.docids,
      }
    case 'browse':
      return { ...base, type: 'tool_call', tool: 'get_document', docids: [naive.docid] }
    case 'reasoning':
      return { ...base, type: 'reasoning', output: 'so' }
    case 'other':
      return { ...base, type: 'tool_call', tool: 'calculator' }
  }
}

const mine = (steps: readonly NaiveStep[], known: readonly string[], negatives: Mode): MinedBrowse[] =>
  minePairs(eventsOf(steps.map(stepOf)), {
    negatives,
    inCorpus: (id) => known.includes(id),
    isRelevant: (call) => {
      const origin = steps[call.step]
      return origin?.kind === 'browse' ? origin.satisfied : false
    },
  })

const pairsOf = (mined: readonly MinedBrowse[]) =>
  mined.flatMap(({ call, query, relevant, pair }) =>
    pair ? [{ step: call.step, query, docid: call.docid, satisfied: relevant, negatives: pair.negatives }] : [],
  )

const check = (holds: (steps: NaiveStep[], known: string[], negatives: Mode) => void): void =>
  fc.assert(fc.property(trajectory, corpus, mode, holds), { numRuns: 400 })

test('equals the rules walked naively', () => {
  fc.assert(
    fc.property(trajectory, corpus, mode, (steps, known, negatives) => {
      expect(pairsOf(mine(steps, known, negatives))).toEqual(naivePairs(steps, known, negatives))
    }),
    { numRuns: 3000 },
  )
})

describe('of every pair', () => {
  test('negatives are distinct, in the corpus, and not its own document', () => {
    check((steps, known, negatives) => {
      for (const pair of pairsOf(mine(steps, known, negatives))) {
        expect(new Set(pair.negatives).size).toBe(pair.negatives.length)
        expect(pair.negatives).not.toContain(pair.docid)
        expect(known).toEqual(expect.arrayContaining([...pair.negatives, pair.docid]))
      }
    })
  })

  test('no negative was found useful in the same run', () => {
    check((steps, known, negatives) => {
      const events = eventsOf(steps.map(stepOf))
      const mined = new Map(mine(steps, known, negatives).map((browse) => [browse.call.step, browse]))
      for (const event of events) {
        const run = 'run' in event ? event.run.map((call) => mined.get(call.step)) : []
        const useful = run.flatMap((browse) => (browse?.relevant ? [browse.call.docid] : []))
        for (const browse of run)
          for (const negative of browse?.pair?.negatives ?? []) expect(useful).not.toContain(negative)
      }
    })
  })

  test('everything was seen since the last useful run', () => {
    check((steps, known, negatives) => {
      const mined = new Map(mine(steps, known, negatives).map((browse) => [browse.call.step, browse]))
      let seen = new Set<string>()
      for (const event of eventsOf(steps.map(stepOf))) {
        if ('search' in event) {
          event.search.docids.forEach((id) => seen.add(id))
          continue
        }
        const run = event.run.map((call) => mined.get(call.step))
        event.run.forEach((call) => seen.add(call.docid))
        for (const browse of run) for (const negative of browse?.pair?.negatives ?? []) expect(seen).toContain(negative)
        if (run.some((browse) => browse?.relevant)) seen = new Set()
      }
    })
  })
})

test('every browse comes back once, in order, with or without a pair', () => {
  check((steps, known, negatives) => {
    const browsed = steps.flatMap((origin, at) => (origin.kind === 'browse' ? [at] : []))
    expect(mine(steps, known, negatives).map(({ call }) => call.step)).toEqual(browsed)
  })
})

test('with everything in the corpus, turn negatives are among the hits of one search', () => {
  check((steps) => {
    for (const { search, pair } of mine(steps, ALL, 'turn'))
      if (pair) expect(search?.docids).toEqual(expect.arrayContaining([...pair.negatives]))
  })
})
