// Bad input through the command line: a clear error or a counted skip, and nothing that was finished is lost.
import { readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { lockRun } from '../../pipeline/lock.ts'
import type { Manifest } from '../../pipeline/manifest.ts'
import { runCli } from '../helpers/cli.ts'
import {
  agentRun,
  answer,
  browse,
  corpusRows,
  reasoning,
  search,
  writeSample,
  type SampleOptions,
} from '../helpers/sample.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'
import { zipOf } from '../helpers/zip.ts'

const temp = tempFolders()

const prepare = (options: SampleOptions = {}) => {
  const folder = temp()
  const { run } = writeSample(folder, options)
  const lrat = (...args: string[]) => runCli(args, { cwd: folder })
  const upTo = (stage: string, ...args: string[]) => lrat('run', '-c', 'config.yaml', '--to', stage, ...args)
  const manifest = (stage: string): Manifest =>
    JSON.parse(readFileSync(join(run, stage, 'manifest.json'), 'utf8')) as Manifest
  return { folder, run, lrat, upTo, manifest }
}

/** Runs up to a stage and expects it to fail, in words meant for people. */
const failing = async (stage: string, options: SampleOptions): Promise<string> => {
  const { upTo } = prepare(options)
  const { code, stderr } = await upTo(stage)
  expect(stderr).toContain('error: ')
  expect(stderr, 'no stack trace').not.toMatch(/^ {4}at /m)
  expect(code).toBe(1)
  return stderr.slice(stderr.indexOf('error: '))
}

describe('a corpus', () => {
  test('that is missing', async () => {
    const error = await failing('ingest', { config: { corpus: { path: 'nowhere.jsonl' } } })
    expect(error).toMatch(/nowhere\.jsonl: expected .*; found nothing .*path/)
  })

  test('with malformed JSON at line 7: the line, and after its correction only what was missing is done', async () => {
    const lines = jsonl(corpusRows(20)).split('\n')
    lines[6] = '{"docid": "d6", "text": "cut sho'
    const { folder, upTo } = prepare({ files: { 'corpus.jsonl': lines.join('\n') } })
    await upTo('generate')
    const bad = await upTo('export')
    expect(bad.code).toBe(1)
    expect(bad.stderr).toMatch(/corpus\.jsonl line 7 column 33: expected one JSON value a line; found ".*cut sho"/)
    writeFiles(folder, { 'corpus.jsonl': jsonl(corpusRows(20)) })
    const good = await upTo('export')
    expect(good.code).toBe(0)
    expect(good.stderr).toMatch(/generate +up to date/)
  })

  test('with a record without id, or without text', async () => {
    const rows: object[] = corpusRows(5)
    const files = (row: object) => ({ 'corpus.jsonl': jsonl([...rows, row]) })
    expect(await failing('ingest', { files: files({ text: 'no id' }) })).toMatch(
      /line 6: .*"docid" or "id".*found keys text/,
    )
    expect(await failing('ingest', { files: files({ id: 'x', title: 'T' }) })).toMatch(
      /line 6: .*"text".*found keys id, title/,
    )
  })

  test('cut short in its compressed form', async () => {
    const whole = gzipSync(Buffer.from(jsonl(corpusRows(2000))))
    const error = await failing('ingest', {
      config: { corpus: { path: 'corpus.jsonl.gz' } },
      files: { 'corpus.jsonl.gz': whole.subarray(0, whole.length >> 1) },
    })
    expect(error).toMatch(
      /corpus\.jsonl\.gz: expected whole gzip data; found .* after [\d,]+ decompressed bytes\. .*cut short/,
    )
  })

  test('with the same docid twice', async () => {
    const rows = [...corpusRows(5), { docid: 'd3', text: 'again' }]
    expect(await failing('ingest', { files: { 'corpus.jsonl': jsonl(rows) } })).toMatch(
      /an id of its own; found 'd3' 2 times/,
    )
  })

  test('without a document', async () => {
    expect(await failing('ingest', { files: { 'corpus.jsonl': '\n' } })).toMatch(/at least one document; found none/)
  })
})

describe('trajectories', () => {
  test('of every odd kind are used or skipped, and counted', async () => {
    const more = (result: unknown[]) => ({ more: { result } })
    const stringArguments = { ...search('x', ['d1', 'd2']), arguments: 'river of' }
    const { upTo, manifest } = prepare({
      runs: 2,
      files: {
        'trajectories/again.json': agentRun(0),
        'trajectories/no-result.json': { query_id: 'a', query: 'x', status: 'failed' },
        'trajectories/no-id.json': { query: 'x', result: [] },
        'trajectories/list.json': [1, 2],
        'trajectories/broken.json': '{"query_id": ',
        'trajectories/arguments.json': agentRun(10, more([stringArguments, browse('d1'), answer('x')])),
        'trajectories/array.json': agentRun(11, more([search('x', ['d1', 'd2']), browse(['d1', 'd2']), answer('x')])),
        'trajectories/tools.json': agentRun(
          12,
          more([
            search('x', ['d4']),
            { ...browse('d4'), tool_name: 'python' },
            { ...browse('d4'), tool_name: 'sql' },
            answer('x'),
          ]),
        ),
        'trajectories/outside.json': agentRun(
          13,
          more([
            search('x', ['e1', 'd2', 'e2']),
            browse('e1'),
            reasoning('The river2'),
            browse('d2'),
            reasoning('The river2'),
            answer('x'),
          ]),
        ),
      },
    })
    const { code, stderr } = await upTo('mine')
    expect(stderr).toContain('skipped no-result.json: no-result')
    expect(code).toBe(0)
    expect(manifest('generate').counts).toMatchObject({
      trajectories: 7,
      skipped: 4,
      'skipped: no-result': 1,
      'skipped: no-query-id': 1,
      'skipped: not-an-object': 1,
      'skipped: malformed-json': 1,
      'odd: arguments-not-json': 1,
      'odd: array-docid': 1,
      'odd: unknown-tool': 2,
    })
    expect(manifest('mine').counts).toMatchObject({ docids_outside_corpus: 2, trajectories: 7 })
    expect(stderr).toContain('note: 2 docids in the trajectories are not in the corpus and left out')
  })

  test('in a zip whose entries point outside', async () => {
    const error = await failing('generate', {
      config: { trajectories: { import: 'runs.zip' } },
      files: { 'runs.zip': zipOf({ 'good.json': JSON.stringify(agentRun(1)), '../evil.json': '{}' }) },
    })
    expect(error).toMatch(/runs\.zip: expected .*; found .*\.\.\/evil\.json.* unsafe: fetch or make it again/)
  })

  test('of which none is usable', async () => {
    const error = await failing('generate', { runs: 0, files: { 'trajectories/a.json': { query: 'x' } } })
    expect(error).toMatch(
      /trajectories: expected logs in one of the formats lrat, .*; found none of them in the first record: \{"query":"x"\}/,
    )
  })

  test('of which none is correct', async () => {
    const { upTo, run } = prepare({ config: { filter: { correctness: 'exact-match' } }, runs: 1 })
    writeFileSync(
      join(run, '../../trajectories/0.json'),
      JSON.stringify(agentRun(0, { more: { answer: 'something else' } })),
    )
    const { code, stderr } = await upTo('export')
    expect(code).toBe(1)
    expect(stderr).toMatch(/at least one trajectory that ended with a right answer; found none.*filter\.match/)
    const loose = await upTo('export', '--set', 'filter.correctness=none')
    expect(loose.code).toBe(0)
  })

  test('with labels of which one is bad', async () => {
    const labels = `${jsonl([{ query_id: 'q0', step: 4, docid: 'd2', satisfied: true }])}\n{"query_id": "q1", "step": "4"}\n`
    const error = await failing('mine', {
      config: { mine: { relevance: { labels: 'labels.jsonl' } } },
      files: { 'labels.jsonl': labels },
    })
    expect(error).toMatch(
      /labels\.jsonl, line 3: expected \{"query_id".*found \{"query_id":"q1".*Correct the labels file/,
    )
  })
})

describe('a run folder', () => {
  test('with a part cut short or altered: the next stage says so, and --from mends it', async () => {
    const { run, upTo } = prepare()
    await upTo('export')
    const exported = readFileSync(join(run, 'export/lrat-train.jsonl'))
    const part = join(run, 'mine/pairs/part-00000.parquet')
    const whole = readFileSync(part)

    truncateSync(part, whole.length - 10)
    const short = await upTo('weigh', '--from', 'weigh')
    expect(short.code).toBe(1)
    expect(short.stderr).toMatch(
      /part-00000\.parquet: expected the \d+ bytes that stage mine wrote; found \d+ bytes\. .*--from mine/,
    )

    const flipped = Buffer.from(whole)
    flipped[whole.length >> 1] ^= 1
    writeFileSync(part, flipped)
    const altered = await upTo('weigh', '--from', 'weigh')
    expect(altered.code).toBe(1)
    expect(altered.stderr).toMatch(/part-00000\.parquet: expected .*; found other content \(its SHA-256 differs\)/)

    const mended = await upTo('export', '--from', 'mine')
    expect(mended.code).toBe(0)
    expect(readFileSync(part).equals(whole)).toBe(true)
    expect(readFileSync(join(run, 'export/lrat-train.jsonl')).equals(exported)).toBe(true)
  })

  test('in which a living process works', async () => {
    const { run, upTo } = prepare()
    const release = lockRun(run)
    try {
      const { code, stderr } = await upTo('ingest')
      expect(code).toBe(1)
      expect(stderr).toContain(`found process ${process.pid}`)
    } finally {
      release()
    }
  })

  test('of a config of another version', async () => {
    expect(await failing('ingest', { config: { version: 2 } })).toMatch(
      /config\.yaml, line \d+, version: expected a config of version 1; found a config of another version, 2/,
    )
  })
})

test('a corpus that is moved and renamed is the same corpus', async () => {
  const { folder, upTo } = prepare()
  await upTo('ingest')
  renameSync(join(folder, 'corpus.jsonl'), join(folder, 'moved.jsonl'))
  expect((await upTo('ingest', '--set', 'corpus.path=moved.jsonl')).stderr).toMatch(/ingest +up to date/)
})
