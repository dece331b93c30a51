// The ingest part of bench-search: pre-chunked JSONL, and articles chunked with a real WordPiece vocabulary.
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { alignColumns } from '../../core/align.ts'
import { readManifest } from '../../pipeline/manifest.ts'
import { bytes } from '../../pipeline/progress.ts'
import { measure } from '../measure.ts'
import { writeArticles } from './articles.ts'
import { print } from './processes.ts'

/** The library is read so many bytes only: it takes a second for a few million. */
const LIBRARY_BYTES = 16e6
const LIBRARY = '@huggingface/tokenizers, one thread, ids only'
const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const rate = (size: number, seconds: number): string => `${(size / 1e6 / seconds).toFixed(1)} MB/s`

interface Ingested {
  /** Of the stage itself, and of the whole command with its start and the hashing of the input. */
  readonly stage: number
  readonly command: number
  readonly peak: string
  readonly documents: number
}

const ingest = async (folder: string, config: object): Promise<Ingested> => {
  const run = join(folder, 'ingest-run')
  rmSync(run, { recursive: true, force: true })
  const path = join(folder, 'ingest.yaml')
  writeFileSync(path, JSON.stringify({ run, ...config }))
  const command = [built('../../cli/main.js'), 'run', '-c', path, '--to', 'ingest']
  const { seconds, peakBytes } = await measure(process.execPath, command)
  const { seconds: stage = NaN, counts } = readManifest(join(run, 'ingest')) ?? {}
  const peak = peakBytes === undefined ? '' : bytes(peakBytes)
  return { stage, command: seconds, peak, documents: counts?.documents ?? 0 }
}

export interface IngestOptions {
  /** Pre-chunked JSONL. */
  readonly corpus: string
  /** A WordPiece vocab.txt; without it nothing is chunked. */
  readonly vocabulary: string
  /** Bytes of the articles to chunk. */
  readonly articles: number
  readonly repeats: number
}

/** Prints both tables; each measurement is the fastest of `repeats`, taken in turns. */
export const benchIngest = async (folder: string, options: IngestOptions): Promise<void> => {
  const { corpus, vocabulary, articles: size, repeats } = options
  const fastest = (runs: readonly Ingested[]): Ingested => runs.reduce((a, b) => (a.stage <= b.stage ? a : b))

  const plain: Ingested[] = []
  for (let i = 0; i < repeats; i++) plain.push(await ingest(folder, { corpus: { format: 'jsonl', path: corpus } }))
  const best = fastest(plain)
  const total = statSync(corpus).size
  print(
    `\ningest of ${bytes(total)} of pre-chunked JSONL: ${rate(total, best.stage)} (whole command ${rate(total, best.command)}), peak ${best.peak}`,
  )
  if (!existsSync(vocabulary)) {
    print(`no chunking: there is no ${vocabulary}; name one with --vocabulary`)
    return
  }
  const path = join(folder, 'articles.jsonl')
  writeArticles(path, vocabulary, size)
  const written = statSync(path).size
  const articles = { format: 'jsonl', path, chunk_tokens: 512 }
  const config = (workers: number): object => ({ corpus: articles, tokenizer: vocabulary, workers })
  const found = new Map<number, Ingested[]>()
  let library = { bytes: 0, seconds: Infinity }
  for (let i = 0; i < repeats; i++) {
    for (const workers of [0, 1, 2])
      found.set(workers, [...(found.get(workers) ?? []), await ingest(folder, config(workers))])
    const { stdout } = await measure(process.execPath, [built('./library.js'), path, vocabulary, String(LIBRARY_BYTES)])
    const { bytes: read, seconds } = JSON.parse(stdout) as typeof library
    if (read / seconds > library.bytes / library.seconds) library = { bytes: read, seconds }
  }
  const alone = fastest(found.get(0) ?? []).stage
  const rows = [...found].map(([workers, runs]) => {
    const { stage, peak, documents } = fastest(runs)
    const ratio = (written / stage / (library.bytes / library.seconds)).toFixed(1)
    return [
      `ingest, workers ${workers}`,
      rate(written, stage),
      (alone / stage).toFixed(2),
      ratio,
      peak,
      String(documents),
    ]
  })
  print(`\nchunking ${bytes(written)} of synthetic articles into chunks of 512 tokens (whole stage)`)
  print(
    alignColumns(
      [
        ['', '', '× workers 0', '× library', 'peak', 'chunks'],
        ...rows,
        [LIBRARY, rate(library.bytes, library.seconds), '', '1.0', '', ''],
      ],
      [1, 2, 3, 4, 5],
    ),
  )
}
