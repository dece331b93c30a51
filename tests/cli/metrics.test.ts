// `lrat metrics` as a user calls it: trec_eval's values on anybody's files, comparisons, and what it says of bad ones.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { runCli, type CliResult } from '../helpers/cli.ts'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()
const cwd = temp()
const metrics = (...args: string[]): Promise<CliResult> => runCli(['metrics', ...args], { cwd })
/** Of a run against judgements, both given as text. */
const judge = async (name: string, qrels: string, run: string, ...args: string[]): Promise<CliResult> => {
  writeFiles(cwd, { [`${name}.qrels`]: qrels, [`${name}.run`]: run })
  return metrics('--qrels', `${name}.qrels`, '--run', `${name}.run`, ...args)
}

interface Json {
  readonly results: Record<string, Record<string, { queries: number; metrics: Record<string, { mean: number }> }>>
  readonly perQuery: Record<string, Record<string, Record<string, number>>>
  readonly comparisons: readonly { metric: string; systems: [string, string]; difference: number; p: number }[]
}

test('equals trec_eval, per query and mean: ties, graded, negative and unjudged documents, scientific notation, gz', async () => {
  // Values of pytrec_eval; see tests/data/metrics.test.ts.
  const cases = JSON.parse(
    readFileSync(new URL('../evaluation/retrieval/metrics-trec.json', import.meta.url), 'utf8'),
  ) as {
    run: Record<string, number>
    qrels: Record<string, number>
    expected: Record<string, number>
  }[]
  const run = cases.flatMap((one, q) =>
    Object.entries(one.run).map(([docid, score], i) =>
      i % 2 === 0 ? `q${q} Q0 ${docid} 0 ${score.toExponential()} t` : `q${q}\tQ0  ${docid} 7 ${score}\tt`,
    ),
  )
  // Lines in any order: those of a query need not stand together.
  const mixed = run.map((line, at) => [(at * 7919) % run.length, line] as const).sort(([a], [b]) => a - b)
  const qrels = cases.flatMap((one, q) =>
    Object.entries(one.qrels).map(([docid, grade]) => `q${q} 0 ${docid} ${grade}`),
  )
  writeFiles(cwd, {
    'all.qrels': `${qrels.join('\r\n')}\r\n`,
    'all.run.gz': gzipSync(mixed.map(([, line]) => `${line}\n`).join('')),
  })
  const names = Object.keys(cases[0].expected)
  const wanted = ['--metrics', names.join(','), '--per-query', '--resamples', '1']
  const { stdout } = await metrics('--qrels', 'all.qrels', '--run', 'all.run.gz', ...wanted)
  const { results, perQuery } = JSON.parse(stdout) as Json
  const found = results['all.qrels']['all.run.gz']
  expect(found.queries).toBe(cases.length)
  for (const name of names) {
    cases.forEach(({ expected }, q) => {
      expect(Math.abs(perQuery['all.run.gz'][`q${q}`][name] - expected[name]), `q${q} ${name}`).toBeLessThan(5e-5)
    })
    const mean = cases.reduce((sum, { expected }) => sum + expected[name], 0) / cases.length
    expect(Math.abs(found.metrics[name].mean - mean), name).toBeLessThan(5e-5)
  }
})

test('ranks more than a thousand hits by score, whatever the rank column says', async () => {
  const lines = Array.from({ length: 3000 }, (_, at) => `q Q0 d${at} ${at + 1} ${at} t`)
  const { stdout } = await judge('long', 'q 0 d1500 1\n', lines.join('\n'), '--metrics', 'recall@1499,recall@1500,mrr')
  expect(stdout).toMatch(/long\.run +0\.000 +1\.000 +0\.001/)
})

describe('two runs', () => {
  const qrels = Array.from({ length: 30 }, (_, q) => `q${q} 0 d 1\n`).join('')
  const run = (rank: (q: number) => number) =>
    Array.from({ length: 30 }, (_, q) =>
      Array.from({ length: 3 }, (_, at) => `q${q} Q0 ${at === rank(q) ? 'd' : `x${at}`} 1 ${9 - at} t\n`).join(''),
    ).join('')

  test('are compared by a paired randomisation test, in the table and in JSON', async () => {
    writeFiles(cwd, { 'two.qrels': qrels, 'good.run': run(() => 0), 'bad.run': run((q) => (q < 10 ? 0 : 1)) })
    const args = ['--qrels', 'two.qrels', '--run', 'good.run', 'bad.run', '--metrics', 'mrr@10,recall@10']
    const [table, json, again] = await Promise.all([metrics(...args), metrics(...args, '--json'), metrics(...args)])
    expect(again.stdout).toBe(table.stdout)
    expect(table.stdout).toMatch(/^ {2}good\.run − bad\.run +\+0\.333 +\+0\.000\n +p < 0\.001 +p = 1\.000$/m)
    const { comparisons } = JSON.parse(json.stdout) as Json
    expect(comparisons.map(({ metric, systems }) => [metric, systems])).toEqual([
      ['mrr@10', ['good.run', 'bad.run']],
      ['recall@10', ['good.run', 'bad.run']],
    ])
    expect(comparisons[0].difference).toBeCloseTo(1 / 3)
    expect(comparisons[0].p).toBeLessThan(0.001)
    expect(comparisons[1].p).toBe(1)
  })
})

describe('odd files', () => {
  test('negative relevance, repeated lines, unknown queries and missing ones are counted aloud', async () => {
    const qrels = 'q1 0 d1 1\nq1 0 d1 1\nq1 0 d2 -1\nq2 0 d1 1\nq3 0 d1 0\n'
    const run = 'q1 Q0 d2 1 2 t\nq1 Q0 d1 2 1 t\nq1 Q0 never-judged 3 0 t\nq9 Q0 d1 1 1 t\n'
    const { code, stdout, stderr } = await judge('odd', qrels, run, '--metrics', 'mrr@10')
    expect(code).toBe(0)
    expect(stderr.split('\n')).toEqual([
      'note: odd.qrels: 1 repeated judgement, counted once',
      'note: odd.qrels: 1 judgement of a negative relevance, taken as 0',
      'note: odd.qrels: 1 query without a relevant document counts as 0, as in trec_eval',
      'note: odd.run: left out, since not judged: 1 query of 2',
      'note: odd.run: no hits for 2 judged queries, which count as 0',
      '',
    ])
    expect(stdout).toMatch(/^odd\.qrels \(3 queries\)\n.*\n {2}odd\.run +0\.167$/m)
    const less = await judge('odd', qrels, run, '--metrics', 'mrr@10', '--skip-missing', '--skip-empty')
    expect(less.stdout).toMatch(/^odd\.qrels \(1 query\)\n.*\n {2}odd\.run +0\.500$/m)
  })

  const good = 'q1 0 d1 1\n'
  const wrong: [string, string, string, RegExp][] = [
    ['judgements that differ', 'q1 0 d1 1\nq1 0 d1 2\n', 'q1 Q0 d1 1 1 t\n', /qrels line 2: .* found 2 after 1/],
    ['a grade that is no number', 'q1 0 d1 yes\n', 'q1 Q0 d1 1 1 t\n', /qrels line 1: expected a whole number/],
    ['a judgement cut short', 'q1 0 d1 1\nq1 0\n', 'q1 Q0 d1 1 1 t\n', /qrels line 2: expected query, 0, docid/],
    ['no judgement', '', 'q1 Q0 d1 1 1 t\n', /qrels: expected at least one relevant document; found none/],
    ['a score that is no number', good, 'q1 Q0 d1 1 nan t\n', /run line 1: expected a score .* found "nan"/],
    ['a hit cut short', good, 'q1 Q0 d1 1 1 t\nq1 Q0 d2\n', /run line 2: expected query, Q0, docid, rank, score/],
    ['a document twice', good, 'q1 Q0 d1 1 2 t\nq1 Q0 d1 2 1 t\n', /run line 2: expected document "d1" once/],
    ['no hit', good, '\n', /run: expected ranked documents; found nothing/],
    ['other queries', good, 'x Q0 d1 1 1 t\n', /run: expected queries that .* judges; found none among its 1 query/],
  ]
  test.each(wrong.map((row, at) => [at, ...row] as const))(
    '%i %s: an error with its place',
    async (at, _, qrels, run, error) => {
      const { code, stderr } = await judge(`wrong${at}`, qrels, run)
      expect([code, stderr.match(/\n {4}at /)]).toEqual([1, null])
      expect(stderr).toMatch(error)
    },
  )

  test('a file that is not there, a metric that is none', async () => {
    writeFiles(cwd, { 'some.qrels': good })
    const [absent, unknown] = await Promise.all([
      metrics('--qrels', 'some.qrels', '--run', 'absent.run'),
      metrics('--qrels', 'some.qrels', '--run', 'absent.run', '--metrics', 'recall'),
    ])
    expect(absent.stderr).toMatch(/absent\.run: expected a file; found nothing there/)
    expect(unknown.stderr).toMatch(/"recall" is none of recall@k, precision@k/)
  })
})
