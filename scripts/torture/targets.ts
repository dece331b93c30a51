// What is fuzzed: every reader of outside files, and every file of a run that is read back.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { z } from 'zod'
import type { Random } from '../../core/random.ts'
import { all, connect, parquet } from '../../core/database.ts'
import { rowSchema } from '../../core/row-schema.ts'
import { readJsonlArticles } from '../../data/readers/corpora/jsonl.ts'
import { readHotpotqa } from '../../data/readers/corpora/hotpotqa.ts'
import { readMediawikiArticles } from '../../data/readers/corpora/mediawiki.ts'
import { readTableArticles } from '../../data/readers/corpora/table.ts'
import { readWikiextractorArticles } from '../../data/readers/corpora/wikiextractor.ts'
import { readLratRuns } from '../../data/readers/lrat-runs.ts'
import { readQrels } from '../../data/readers/qrels.ts'
import { readQueries } from '../../data/readers/queries.ts'
import { csv } from '../../data/readers/table.ts'
import { readTrecRun } from '../../data/readers/trec-run.ts'
import { documents, trajectories } from '../../data/schemas.ts'
import { openModel, randomStaticModel, saveModel } from '../../model/folder.ts'
import { encoderOf } from '../../model/encoder.ts'
import { wordPieceJson } from '../../model/tokenize/tokenizer.ts'
import { loadConfig } from '../../pipeline/config.ts'
import { openJournal } from '../../pipeline/journal.ts'
import { intactParts } from '../../pipeline/intact.ts'
import { lockRun } from '../../pipeline/lock.ts'
import { runStages } from '../../pipeline/runner.ts'
import { statusOf } from '../../pipeline/status.ts'
import { stages } from '../../stages/all.ts'
import { configSchema } from '../../stages/config.ts'
import { damageBytes, damageJson, damageLines } from './mutate.ts'
import * as samples from './samples.ts'

export interface Damaged {
  readonly bytes: Buffer
  /** The content was changed and its checksums made anew: it is another good file. */
  readonly repaired: boolean
}

export interface Target {
  readonly name: string
  readonly sample: Buffer
  /** Whether damage can be told from the file: by checksums of its own, or of the manifest. */
  readonly checked: boolean
  damage(random: Random): Damaged
  read(bytes: Buffer): Promise<unknown>
}

const quiet = { say: () => {}, start: () => {}, update: () => {}, finish: () => {} }

const collect = async (rows: AsyncIterable<unknown>): Promise<unknown[]> => {
  const found: unknown[] = []
  for await (const row of rows) found.push(row)
  return found
}

type Change = (sample: Buffer, random: Random) => Buffer
const bytesOf =
  (change: (text: string, random: Random) => string): Change =>
  (sample, random) =>
    Buffer.from(change(sample.toString('utf8'), random))
const json = bytesOf(damageJson)
const jsonLines = bytesOf(damageLines)

/** Damage to bytes half of the time, by the structure otherwise. */
const plain =
  (sample: Buffer, ...structured: readonly Change[]) =>
  (random: Random): Damaged => {
    const change = structured[random.below(2 * structured.length + 1)]
    return { bytes: change ? change(sample, random) : damageBytes(sample, random), repaired: change !== undefined }
  }

/** The same for a file around others: what is inside is damaged and wrapped again one time in three. */
const wrapped =
  (sample: Buffer, inner: Buffer, wrap: (content: Buffer) => Buffer, change: Change = damageBytes) =>
  (random: Random): Damaged =>
    random.below(3) === 0
      ? { bytes: wrap(change(inner, random)), repaired: true }
      : { bytes: damageBytes(sample, random), repaired: false }

const zipOf = (name: string, content: Buffer): Buffer => {
  const data = deflateRawSync(content)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(0x800, 2)
  common.writeUInt16LE(8, 4)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(data.length, 14)
  common.writeUInt32LE(content.length, 18)
  common.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data])
  const tail = Buffer.alloc(14)
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), common, tail, Buffer.from(name)])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(local.length, 12)
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end])
}

const tarOf = async (entries: Readonly<Record<string, string>>): Promise<Buffer> => {
  const tar = pack()
  for (const [name, content] of Object.entries(entries)) tar.entry({ name, mtime: new Date(0) }, content)
  tar.finalize()
  return buffer(tar)
}

interface FileTarget extends Pick<Target, 'name' | 'damage'> {
  readonly sample: Buffer | string
  /** Name of the file below the folder. */
  readonly file: string
  readonly checked?: boolean
  readonly use: (path: string) => Promise<unknown>
}

const readers = async (): Promise<FileTarget[]> => {
  const text = (name: string, file: string, sample: string, use: FileTarget['use'], ...by: Change[]): FileTarget => ({
    name,
    file,
    sample,
    use,
    damage: plain(Buffer.from(sample), ...by),
  })
  const lines = Buffer.from(samples.lines)
  const gzip = gzipSync(lines)
  const runs = [0, 1, 2].map((n) => `${samples.agentRun(n)}\n`).join('')
  const tar = await tarOf({ 'a/0.json': samples.agentRun(0), 'a/1.json': samples.agentRun(1) })
  const tgz = gzipSync(tar)
  const run = Buffer.from(samples.agentRun(0))
  const zip = zipOf('0.json', run)
  const articles = (path: string) => collect(readJsonlArticles(path))
  const agentRuns = (path: string) => collect(readLratRuns(path))
  const queries = (format: 'tsv' | 'csv' | 'jsonl') => (path: string) => collect(readQueries(path, { format }))
  const columns = { id: 'id', title: 'title', text: 'text' }
  return [
    text('corpus.jsonl', 'c.jsonl', samples.lines, articles, jsonLines),
    {
      name: 'corpus.jsonl.gz',
      file: 'c.jsonl.gz',
      sample: gzip,
      checked: true,
      use: articles,
      damage: wrapped(gzip, lines, gzipSync, jsonLines),
    },
    {
      name: 'corpus.jsonl.bz2',
      file: 'c.jsonl.bz2',
      sample: samples.linesBzip2,
      checked: true,
      use: articles,
      damage: plain(samples.linesBzip2),
    },
    {
      name: 'corpus.jsonl.zst',
      file: 'c.jsonl.zst',
      sample: samples.linesZstd,
      checked: true,
      use: articles,
      damage: plain(samples.linesZstd),
    },
    text('corpus.csv', 'c.csv', samples.tableCsv, (path) => collect(readTableArticles(path, csv, columns))),
    text(
      'wikiextractor',
      'wiki_00',
      samples.lines.replaceAll('docid', 'id'),
      (path) => collect(readWikiextractorArticles(path)),
      jsonLines,
    ),
    text('mediawiki', 'm.xml', samples.mediawiki, (path) => collect(readMediawikiArticles(path))),
    text('hotpotqa', 'h.json', samples.hotpotqa, (path) => collect(readHotpotqa(path)), json),
    text('queries.tsv', 'q.tsv', samples.queriesTsv, queries('tsv')),
    text('queries.csv', 'q.csv', samples.queriesCsv, queries('csv')),
    text('queries.jsonl', 'q.jsonl', samples.queriesJsonl, queries('jsonl'), jsonLines),
    text('qrels', 'qrels.txt', samples.qrelsTrec, (path) => collect(readQrels(path, 'trec'))),
    text('run file', 'run.trec', samples.runTrec, async (path) => [...(await readTrecRun(path)).hits]),
    text('agent run', 'r.json', samples.agentRun(0), agentRuns, json),
    text('agent runs.jsonl', 'r.jsonl', runs, agentRuns, jsonLines),
    { name: 'agent runs.tar', file: 'r.tar', sample: tar, use: agentRuns, damage: plain(tar) },
    {
      name: 'agent runs.tar.gz',
      file: 'r.tar.gz',
      sample: tgz,
      checked: true,
      use: agentRuns,
      damage: wrapped(tgz, tar, gzipSync),
    },
    {
      name: 'agent runs.zip',
      file: 'r.zip',
      sample: zip,
      use: agentRuns,
      damage: wrapped(zip, run, (inner) => zipOf('0.json', inner), json),
    },
    text('config.yaml', 'c.yaml', samples.configYaml, async (path) => loadConfig(configSchema, path)),
  ]
}

const safetensors: Change = (sample, random) => {
  const length = Number(sample.readBigUInt64LE(0))
  const header = Buffer.from(damageJson(sample.subarray(8, 8 + length).toString('utf8'), random))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([size, header, sample.subarray(8 + length)])
}

const modelFiles = async (folder: string): Promise<FileTarget[]> => {
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'river', 'town', 'flows', 'the', '##s']
  const model = randomStaticModel({
    tokenizerJson: wordPieceJson(words.join('\n'), 'vocab'),
    dimensions: 4,
    maxTokens: 32,
    seed: 1,
  })
  await saveModel(model, folder)
  const use = async (): Promise<unknown> => {
    const encoder = await encoderOf(await openModel(folder))
    try {
      return [...(await encoder.encode(['the river flows'], 'query'))].map(String)
    } finally {
      await encoder.close()
    }
  }
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => /\.(json|safetensors)$/.test(name))
    .sort()
    .map((name) => {
      const sample = readFileSync(join(folder, name))
      const by = name.endsWith('.json') ? json : safetensors
      return { name: `model: ${name}`, file: name, sample, use, damage: plain(sample, by) }
    })
}

const runFiles = async (folder: string): Promise<FileTarget[]> => {
  const run = join(folder, 'run')
  mkdirSync(join(folder, 'trajectories'), { recursive: true })
  writeFileSync(join(folder, 'corpus.jsonl'), samples.lines)
  for (const n of [0, 1]) writeFileSync(join(folder, 'trajectories', `${n}.json`), samples.agentRun(n))
  const config = configSchema.parse({
    run,
    corpus: { format: 'jsonl', path: join(folder, 'corpus.jsonl') },
    trajectories: { import: join(folder, 'trajectories') },
    filter: { correctness: 'none' },
  })
  const { signal } = new AbortController()
  for (const to of ['ingest', 'generate']) await runStages({ run, config, stages, progress: quiet, signal, to })
  // What a killed process leaves: a mark of progress without a manifest.
  const mark = `{"fingerprint":"x","done":1,"total":null,"unit":"items"}`
  mkdirSync(join(run, 'filter'), { recursive: true })
  writeFileSync(join(run, 'filter/progress.json'), mark)
  const status = async (): Promise<unknown> => statusOf(run, config, stages, 'mine')
  let copies = 0
  // Under a name of its own each time: what was checked once under a name is not checked again.
  const table = (stage: string, of: typeof documents | typeof trajectories) => async (): Promise<unknown> => {
    const copy = join(folder, `copy-${(copies += 1)}`)
    cpSync(join(run, stage), join(copy, stage), { recursive: true })
    const connection = await connect({ threads: 1 })
    try {
      return await all(connection, `SELECT * FROM ${parquet(intactParts(copy, stage, of))}`)
    } finally {
      connection.closeSync()
      rmSync(copy, { recursive: true, force: true })
    }
  }
  const file = (name: string, use: FileTarget['use'], by: Change, checked = false): FileTarget => {
    const sample = readFileSync(join(run, name))
    return { name: `run: ${name}`, file: join('run', name), sample, use, checked, damage: plain(sample, by) }
  }
  // Of a process that is gone: it is taken over.
  const lock = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), started: '1' })
  const journal = [0, 1, 2]
    .map(
      (n) =>
        `${JSON.stringify([`q${n}`, [{ trajectory_id: 'q', query_id: 'q', question: 'q', retriever: 'r', agent: 'a', status: 's', answer: '', steps: [{ type: 'reasoning', tool: null, arguments: '', output: 'x', docids: [] }], prompt_tokens: 1, completion_tokens: null }]])}\n`,
    )
    .join('')
  return [
    file('ingest/manifest.json', status, json),
    file('inputs.json', status, json),
    file('filter/progress.json', status, json),
    file('ingest/documents/part-00000.parquet', table('ingest', documents), damageBytes, true),
    file('generate/trajectories/part-00000.parquet', table('generate', trajectories), damageBytes, true),
    {
      name: 'run: lock',
      file: 'locked/lock',
      sample: lock,
      damage: plain(Buffer.from(lock), json),
      use: async (path) => lockRun(dirname(path))(),
    },
    {
      name: 'run: journal.ndjson',
      file: 'journal.ndjson',
      sample: journal,
      damage: plain(Buffer.from(journal), jsonLines),
      use: async (path) => {
        const opened = await openJournal(path, z.array(rowSchema(trajectories)))
        try {
          return [opened.damaged, await collect(opened.entries())]
        } finally {
          await opened.close()
        }
      },
    },
  ]
}

/** The targets, with what they need below `folder`. */
export const openTargets = async (folder: string): Promise<Target[]> => {
  const place = (name: string): string => {
    mkdirSync(join(folder, name))
    return join(folder, name)
  }
  const groups: readonly (readonly [string, readonly FileTarget[]])[] = [
    [place('readers'), await readers()],
    [join(folder, 'model'), await modelFiles(place('model'))],
    [join(folder, 'own'), await runFiles(place('own'))],
  ]
  return groups.flatMap(([where, targets]) =>
    targets.map(({ name, file, sample, use, damage, checked = false }) => {
      const path = join(where, file)
      const whole = Buffer.from(sample)
      return {
        name,
        sample: whole,
        checked,
        damage,
        read: async (bytes) => {
          mkdirSync(dirname(path), { recursive: true })
          writeFileSync(path, bytes)
          try {
            return await use(path)
          } finally {
            // What others need of it is whole again.
            if (where.endsWith('readers')) rmSync(path, { force: true })
            else writeFileSync(path, whole)
          }
        },
      }
    }),
  )
}
