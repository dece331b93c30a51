// A judge of relevance that comes to no verdict: what is written, counted and warned of, and what older runs become.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { all, copyTo, parquet, writer } from '../../../core/database.ts'
import { pairs, relevance, type Pair, type Relevance } from '../../../data/schemas.ts'
import { loadConfig } from '../../../pipeline/config.ts'
import { readManifest, type Manifest } from '../../../pipeline/manifest.ts'
import { listParts } from '../../../pipeline/parts.ts'
import { runStages } from '../../../pipeline/runner.ts'
import { stages } from '../../../stages/all.ts'
import { configSchema } from '../../../stages/config.ts'
import { startFake, type FakeServer } from '../../../scripts/fake-openai/server.ts'
import { agentRun, answer, browse, reasoning, search, writeSample } from '../../helpers/sample.ts'
import { tempFolders } from '../../helpers/temp.ts'
import { silent } from '../../pipeline/fake-stages.ts'

const temp = tempFolders()
let server: FakeServer
beforeAll(async () => {
  server = await startFake({
    script: ({ question }) => ({
      content: question.includes('hard to tell') ? 'Who knows.' : `useful: ${question.includes('says') ? 'yes' : 'no'}`,
    }),
  })
})
afterAll(() => server.close())

const steps = [
  search('river', ['d1', 'd2', 'd3', 'd4']),
  browse('d1'),
  reasoning('That is hard to tell.'),
  search('town', ['d5']),
  browse('d2'),
  reasoning('It says so.'),
  answer('x'),
]

/** A run of one trajectory with an undecided browse, up to stage mine. */
const sample = () => {
  const folder = temp()
  const endpoints = [{ base_url: server.url }]
  const { config: path, run } = writeSample(folder, {
    runs: 0,
    config: { mine: { relevance: 'llm' }, llm: { judge: { model: 'judge', endpoints } } },
    files: { 'trajectories/0.json': agentRun(0, { more: { result: steps } }) },
  })
  const set = [
    `run=${run}`,
    `corpus.path=${join(folder, 'corpus.jsonl')}`,
    `trajectories.import=${join(folder, 'trajectories')}`,
  ]
  const mine = join(run, 'mine')
  const rows = async <T>(table: typeof relevance | typeof pairs): Promise<T[]> =>
    all<T>(await writer(), `SELECT * FROM ${parquet(listParts(mine, table))}`)
  return {
    mine,
    go: async (...assignments: string[]) => {
      const config = loadConfig(configSchema, path, [...set, ...assignments])
      const signal = new AbortController().signal
      await runStages({ run, config, stages, progress: silent, signal, to: 'mine' })
      const manifest = readManifest(mine)
      return {
        relevance: await rows<Relevance>(relevance),
        pairs: (await rows<Pair>(pairs)).map(({ pos_docid, neg_docids, satisfied }) => [
          pos_docid,
          satisfied,
          neg_docids,
        ]),
        counts: manifest?.counts ?? {},
        warnings: manifest?.warnings ?? [],
      }
    },
  }
}

const UNDECIDED = { browse_id: 'q0:1', relevant: null, judge: 'llm-undecided' }

test('it is written as undecided, left out of the pairs, counted and warned of', async () => {
  const found = await sample().go()
  expect(found.relevance).toEqual([UNDECIDED, { browse_id: 'q0:4', relevant: true, judge: 'llm judge' }])
  expect(found.pairs).toEqual([['d2', true, ['d5', 'd3', 'd4']]])
  expect(found.counts).toMatchObject({ browses: 2, relevant: 1, undecided: 1, pairs: 1 })
  expect(found.warnings.join()).toMatch(/no verdict on 1 of 2 opened documents \(50.0%\), which were left out/)
})

test('the configuration may count it as either, without asking again', async () => {
  const { go } = sample()
  await go()
  const asked = server.stats.requests
  const relevant = await go('mine.undecided=relevant')
  expect(relevant.relevance[0]).toEqual(UNDECIDED)
  expect(relevant.pairs).toEqual([['d1', true, ['d2', 'd3', 'd4']]])
  expect((await go('mine.undecided=irrelevant')).pairs).toEqual([
    ['d1', false, ['d2', 'd3', 'd4']],
    ['d2', true, ['d1', 'd5', 'd3', 'd4']],
  ])
  expect((await go('mine.negatives=turn')).counts['undecided']).toBe(1)
  expect(server.stats.requests).toBe(asked)
})

test('a result of version 0.1, which counted it as relevant, is mined again from its own verdicts', async () => {
  const { go, mine } = sample()
  const expected = await go()
  // As version 0.1 wrote it: another fingerprint, no word on undecided ones, and `true` where there was no verdict.
  const manifest = JSON.parse(readFileSync(join(mine, 'manifest.json'), 'utf8')) as Manifest
  const parameters = { ...(manifest.parameters as object), undecided: undefined }
  writeFileSync(join(mine, 'manifest.json'), JSON.stringify({ ...manifest, fingerprint: 'old', parameters }))
  const [part = ''] = listParts(mine, relevance)
  const database = await writer()
  const old = `SELECT browse_id, coalesce(relevant, true) AS relevant, judge FROM ${parquet(part)}`
  await all(database, copyTo(old, `${part}.old`, 'FORMAT parquet'))
  renameSync(`${part}.old`, part)
  const asked = server.stats.requests
  expect(await go()).toEqual(expected)
  expect(server.stats.requests).toBe(asked)
})
