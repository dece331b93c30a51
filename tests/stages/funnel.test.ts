// From imported runs to weights, stage by stage in one process: verdicts, what is mined of them, and what it weighs.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Table } from '../../core/columns.ts'
import { pairs, verdicts, weights, type Pair, type Verdict, type Weight } from '../../data/schemas.ts'
import { all, parquet, writer } from '../../core/database.ts'
import { loadConfig } from '../../pipeline/config.ts'
import { readManifest } from '../../pipeline/manifest.ts'
import { listParts } from '../../pipeline/parts.ts'
import { runStages } from '../../pipeline/runner.ts'
import { stages } from '../../stages/all.ts'
import { configSchema } from '../../stages/config.ts'
import { agentRun, answer, browse, reasoning, search, writeSample, type SampleOptions } from '../helpers/sample.ts'
import { jsonl, tempFolders } from '../helpers/temp.ts'
import { silent } from '../pipeline/fake-stages.ts'

const temp = tempFolders()

const runTo = async (to: string, options: SampleOptions, assignments: readonly string[] = []) => {
  const folder = temp()
  const { config: path, run } = writeSample(folder, options)
  const set = [
    `run=${run}`,
    `corpus.path=${join(folder, 'corpus.jsonl')}`,
    `trajectories.import=${join(folder, 'trajectories')}`,
  ]
  const config = loadConfig(configSchema, path, [...set, ...assignments.map((text) => text.replaceAll('$', folder))])
  await runStages({ run, config, stages, progress: silent, signal: new AbortController().signal, to })
  const read = async <T>(stage: string, table: Table): Promise<T[]> =>
    all<T>(await writer(), `SELECT * FROM ${parquet(listParts(join(run, stage), table))}`)
  return { read, countsOf: (stage: string) => readManifest(join(run, stage))?.counts }
}

describe('verdicts', () => {
  const files = {
    'trajectories/right.json': agentRun(1, { more: { query_id: 'right', answer: 'Town 1' } }),
    'trajectories/said.json': agentRun(1, {
      more: { query_id: 'said', answer: 'Paris', result: [answer('I think so.\nExact Answer: the paris!')] },
    }),
    'trajectories/wrong.json': agentRun(1, { more: { query_id: 'wrong', answer: 'Rome' } }),
    'trajectories/unfinished.json': agentRun(1, {
      more: { query_id: 'unfinished', status: 'step-limit', answer: 'town 1' },
    }),
    'trajectories/nogold.json': agentRun(1, { more: { query_id: 'nogold', answer: '' } }),
  }
  const verdictsOf = async (assignments: readonly string[]) => {
    const { read, countsOf } = await runTo('mine', { runs: 0, files }, assignments)
    const rows = await read<Verdict>('filter', verdicts)
    const correct = Object.fromEntries(rows.map((row) => [row.trajectory_id, row.correct]))
    return { rows, correct, filtered: countsOf('filter'), mined: countsOf('mine')?.trajectories }
  }

  test('of exact match: right, wrong, unfinished or undecided; only right ones are mined', async () => {
    const { rows, correct, filtered, mined } = await verdictsOf(['filter.correctness=exact-match'])
    expect(correct).toEqual({ right: true, said: true, wrong: false, unfinished: false, nogold: null })
    expect(filtered).toMatchObject({ correct: 2, incorrect: 1, unfinished: 1, undecided: 1 })
    expect(rows.find((row) => row.trajectory_id === 'unfinished')).toMatchObject({
      judge: 'status',
      rationale: 'ended with status step-limit',
    })
    expect(mined).toBe(2)
  })

  test('of nobody: everything that ended with an answer is mined', async () => {
    const { correct, mined } = await verdictsOf([])
    expect(correct).toEqual({ right: null, said: null, wrong: null, unfinished: false, nogold: null })
    expect(mined).toBe(4)
  })

  test('a test question is never mined', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`trajectories/${n}.json`, agentRun(n)]))
    const { countsOf } = await runTo('mine', { runs: 0, files: many }, ['queries.test_share=0.5'])
    const mined = countsOf('mine')?.trajectories ?? 0
    expect(mined).toBeGreaterThan(8)
    expect(mined).toBeLessThan(32)
  })
})

describe('weights', () => {
  const run = (id: string, words: number): object =>
    agentRun(0, {
      more: {
        query_id: id,
        result: [
          search('q', ['d1', 'd2']),
          browse('d1'),
          ...(words > 0 ? [reasoning('word '.repeat(words))] : []),
          answer('x'),
        ],
      },
    })
  const lengths = [4, 0, 10, 6, 100]
  const labels = jsonl(lengths.map((_, n) => ({ query_id: `w${n}`, step: 1, docid: 'd1', satisfied: n !== 3 })))
  const files = {
    ...Object.fromEntries(lengths.map((words, n) => [`trajectories/${n}.json`, run(`w${n}`, words)])),
    'labels.jsonl': labels,
  }
  const weighed = async (assignments: readonly string[]) => {
    const { read, countsOf } = await runTo('weigh', { runs: 0, files }, [
      'mine.relevance.labels=$/labels.jsonl',
      ...assignments,
    ])
    const mined = await read<Pair>('mine', pairs)
    const found = await read<Weight>('weigh', weights)
    expect(mined.map((pair) => pair.reasoning_tokens)).toEqual(lengths)
    expect(found.map((row) => row.pair_id)).toEqual(mined.map((pair) => pair.pair_id))
    return { found: found.map((row) => row.weight), counts: countsOf('weigh') }
  }
  const expected = (halfLife: number): number[] => {
    const raw = lengths.map((l) => 1 - 2 ** (-l / halfLife))
    const mean = raw.reduce((a, b) => a + b, 0) / lengths.filter((l) => l > 0).length
    return lengths.map((l, n) => (l === 0 ? 1 : raw[n] / mean))
  }

  test('the half life is the median of the positive lengths of all pairs, satisfied or not', async () => {
    const { found, counts } = await weighed([])
    expect(counts).toMatchObject({ pairs: 5, without_reasoning: 1, half_life_tokens: 8 })
    expected(8).forEach((weight, n) => expect(found[n]).toBeCloseTo(weight, 12))
  })

  test('or what the config says', async () => {
    const { found, counts } = await weighed(['weigh.half_life=20'])
    expect(counts?.half_life_tokens).toBe(20)
    expected(20).forEach((weight, n) => expect(found[n]).toBeCloseTo(weight, 12))
    expect(found.reduce((a, b) => a + b, 0) / found.length).toBeCloseTo(1, 12)
  })
})
