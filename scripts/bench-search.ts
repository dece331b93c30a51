// Benchmark of search. Parts, one or more (default: all):
//   ingest       pre-chunked JSONL, and 100 MB of articles chunked with a WordPiece vocabulary beside the plain library
//   bm25         ingest, index and BM25 queries at two sizes, beside bm25s and minisearch up to 100,000 chunks
//   dense        exact search of 1,000 queries over 1,000,000 × 384 vectors, beside numpy and one pass over the memory
//   approximate  IVF and HNSW against exact search over 30,000 and 200,000 × 384 vectors (HNSW only over the first)
// usage: node dist/scripts/bench-search.js [PART ...] [--chunks 100000,1000000] [--vectors 1000000]
//        [--approximate-vectors 30000,200000] [--articles MB] [--vocabulary vocab.txt] [--python python3] [--folder runs/bench/search]
// Collections are made once and kept in the folder, as is the virtual environment of the peers in Python.
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { alignColumns } from '../core/align.ts'
import { bytes, count } from '../pipeline/progress.ts'
import type { Measured } from './measure.ts'
import type { ApproximateResult } from './search/approximate.ts'
import { writeCollection } from './search/corpus.ts'
import { benchIngest } from './search/ingest.ts'
import type { Load } from './search/load.ts'
import { bm25Of, folderIn, indexCollection, parsed, peer, PEERS, print, worker } from './search/processes.ts'
import { pythonWith } from './search/python.ts'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    chunks: { type: 'string', default: '100000,1000000' },
    vectors: { type: 'string', default: '1000000' },
    articles: { type: 'string', default: '100' },
    vocabulary: { type: 'string', default: '../shared/data/tokenizers/bert-base-uncased-vocab.txt' },
    'approximate-vectors': { type: 'string', default: '30000,200000' },
    python: { type: 'string', default: 'python3' },
    folder: { type: 'string', default: 'runs/bench/search' },
  },
})
/** Peers that hold everything in memory run up to this size. */
const PEER_CHUNKS = 100_000
/** HNSW takes minutes to build beyond. */
const HNSW_VECTORS = 50_000
const DIMS = 384
const QUERIES = 1000
const folder = resolve(flags.folder)

const sizeOf = (path: string): number =>
  statSync(path).isFile()
    ? statSync(path).size
    : readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)

const memory = ({ peakBytes }: Measured): string => (peakBytes === undefined ? '' : bytes(peakBytes))
const seconds = (value: number): string => `${value.toFixed(1)} s`
const loadCells = ({ perSecond, p50, p99 }: Load): string[] => [
  perSecond.toFixed(0),
  `${p50.toFixed(1)} ms`,
  `${p99.toFixed(1)} ms`,
]
const printTable = (rows: readonly (readonly string[])[]): boolean =>
  print(
    alignColumns(
      rows,
      rows[0].slice(1).map((_, i) => i + 1),
    ),
  )

const bm25 = async (chunks: number, python: string | undefined): Promise<void> => {
  const home = folderIn(folder, String(chunks))
  const collection = writeCollection(home, chunks)
  print(`\n${count(chunks)} chunks, ${bytes(sizeOf(collection.corpus))} of JSONL, synthetic`)
  const { run, measured } = await indexCollection(home, collection)
  const searching = await worker('bm25', bm25Of(run), collection.queries)
  const { one, many } = parsed<{ one: Load; many: Load }>(searching)
  const disk = `${bytes(sizeOf(bm25Of(run)))} of ${bytes(sizeOf(run))}`
  const building = [seconds(measured.seconds), memory(measured), disk]
  const rows = [
    ['', 'build', 'peak', 'disk', 'q/s', 'p50', 'p99', 'q/s at 64', 'p50', 'p99', 'peak'],
    ['lrat (ingest + index)', ...building, ...loadCells(one), ...loadCells(many), memory(searching)],
  ]
  const add = (name: string, result: Measured): void => {
    const found = parsed<{ seconds: number; one: Load }>(result)
    rows.push([name, seconds(found.seconds), memory(result), '', ...loadCells(found.one), '', '', '', ''])
  }
  if (chunks <= PEER_CHUNKS) {
    if (python !== undefined) {
      const output = join(home, 'bm25s.trec')
      add('bm25s', await peer(python, 'search_bm25s.py', collection.corpus, collection.queries, output))
    }
    add('minisearch', await worker('minisearch', collection.corpus, collection.queries))
  }
  printTable(rows)
}

const dense = async (vectors: number, python: string | undefined): Promise<void> => {
  print(`\nexact dense search, ${count(vectors)} × ${DIMS}, best 100, random vectors`)
  const asked = [String(vectors), String(DIMS), String(QUERIES)]
  const ours = await worker('dense', ...asked)
  const found = parsed<{ one: number; all: number; floor: number }>(ours)
  const line = (name: string, one: number, all: number, peak: string): string[] => [
    name,
    `${(1000 * one).toFixed(0)} ms`,
    `${(one / found.floor).toFixed(2)}`,
    seconds(all),
    `${((2 * vectors * DIMS * QUERIES) / all / 1e9).toFixed(0)} GFLOP/s`,
    peak,
  ]
  const rows = [
    ['', '1 query', '/ floor', `${count(QUERIES)} queries`, '', 'peak'],
    line('lrat', found.one, found.all, memory(ours)),
  ]
  if (python !== undefined) {
    const numpy = await peer(python, 'search_numpy.py', ...asked)
    const { one, all } = parsed<{ one: number; all: number }>(numpy)
    rows.push(line('numpy', one, all, memory(numpy)))
    rows.push(['lrat / numpy', (found.one / one).toFixed(2), '', (found.all / all).toFixed(2), '', ''])
  }
  rows.push(['floor: one pass over memory', `${(1000 * found.floor).toFixed(0)} ms`, '1', '', '', ''])
  printTable(rows)
}

const approximate = async (vectors: number): Promise<void> => {
  print(`\napproximate dense search, ${count(vectors)} × ${DIMS}, best 10, vectors in 2,000 clusters`)
  const home = folderIn(folder, 'approximate')
  const kinds = vectors <= HNSW_VECTORS ? 'ivf,hnsw' : 'ivf'
  const measured = await worker('approximate', home, kinds, String(vectors), String(DIMS), String(QUERIES))
  const rows = parsed<ApproximateResult[]>(measured).map(({ name, buildSeconds, recall, one, many }) => [
    name,
    buildSeconds === 0 ? '' : seconds(buildSeconds),
    recall.toFixed(3),
    ...loadCells(one),
    many.perSecond.toFixed(0),
  ])
  printTable([['', 'build', 'recall@10', 'q/s', 'p50', 'p99', 'q/s at 64'], ...rows])
  print(`peak ${memory(measured)}, of which ${bytes(vectors * DIMS * 4)} vectors`)
}

const ingest = (chunks: number): Promise<void> => {
  const { corpus } = writeCollection(folderIn(folder, String(chunks)), chunks)
  const articles = Number(flags.articles) * 1e6
  return benchIngest(folderIn(folder, 'ingest'), { corpus, vocabulary: flags.vocabulary, articles, repeats: 3 })
}

const parts = ['ingest', 'bm25', 'dense', 'approximate'] as const
const wanted = positionals.length > 0 ? positionals : parts
const unknown = wanted.find((name) => !parts.some((part) => part === name))
if (unknown !== undefined) throw new Error(`no part "${unknown}"; there are ${parts.join(', ')}`)
const python = wanted.some((name) => name === 'bm25' || name === 'dense')
  ? pythonWith(folder, PEERS, flags.python)
  : undefined
if (wanted.includes('ingest')) await ingest(Math.max(...flags.chunks.split(',').map(Number)))
if (wanted.includes('bm25')) for (const chunks of flags.chunks.split(',')) await bm25(Number(chunks), python)
if (wanted.includes('dense')) await dense(Number(flags.vectors), python)
if (wanted.includes('approximate')) {
  for (const vectors of flags['approximate-vectors'].split(',')) await approximate(Number(vectors))
}
