// Quality of our BM25 beside Lucene's (bm25s): the same collections, at LanceDB's fixed k1 1.2 and b 0.75 and at 0.9 and 0.4.
// usage: node dist/scripts/bench-bm25.js [--chunks 20000,100000] [--articles 10000] [--python python3]
//        [--hotpotqa ../shared/data/hotpotqa/hotpot_dev_distractor_100.json] [--folder runs/bench/search]
// Collections: HotpotQA's paragraphs (real text and labels, if the file is there), the demo's encyclopedia with its
// questions, and Zipfian chunks with known-item queries. Collections are kept in the folder, as is the peers' Python.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readTrecRun } from '../data/readers/trec-run.ts'
import { alignColumns } from '../core/align.ts'
import { count } from '../pipeline/progress.ts'
import { judgeFiles } from '../evaluation/retrieval/judge-files.ts'
import { writeCollection, writeHotpotqa, type Collection } from './search/corpus.ts'
import { writeEncyclopedia } from './search/encyclopedia.ts'
import { bm25Of, folderIn, indexCollection, peer, PEERS, print, worker } from './search/processes.ts'
import { pythonWith } from './search/python.ts'

const { values: flags } = parseArgs({
  options: {
    chunks: { type: 'string', default: '20000,100000' },
    articles: { type: 'string', default: '10000' },
    hotpotqa: { type: 'string', default: '../shared/data/hotpotqa/hotpot_dev_distractor_100.json' },
    python: { type: 'string', default: 'python3' },
    folder: { type: 'string', default: 'runs/bench/search' },
  },
})
const folder = resolve(flags.folder)
const METRICS = ['ndcg@10', 'recall@100'] as const
/** Lucene's settings: LanceDB's own, which it cannot change, and those of the usual baselines. */
const SETTINGS = [
  ['1.2', '0.75'],
  ['0.9', '0.4'],
] as const

/** Mean share of the first ten hits that two runs have in common. */
const shared = async (a: string, b: string): Promise<number> => {
  const [{ hits: left }, { hits: right }] = [await readTrecRun(a), await readTrecRun(b)]
  const shares = [...left].map(([query, hits]) => {
    const top = hits.slice(0, 10).map(({ docid }) => docid)
    const other = new Set((right.get(query) ?? []).slice(0, 10).map(({ docid }) => docid))
    return top.filter((docid) => other.has(docid)).length / top.length
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

const points = (value: number): string => (100 * value).toFixed(1)
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)}`

/** Our means, and how far they are from each of Lucene's. */
const ourRow = async (name: string, ours: string, lucene: readonly string[], qrels: string): Promise<string[]> => {
  const runs = [ours, ...lucene]
  const judged = await judgeFiles({ qrels, runs, metrics: METRICS, missing: 'zero', seed: 1, resamples: 1000 })
  const differences = judged.comparisons.map(({ difference, p }) => `${signed(difference)}${p < 0.05 ? '*' : ''}`)
  const means = METRICS.map((metric) => points(judged.rows[0].metrics[metric].mean))
  return ['', name, ...means, ...differences, points(await shared(ours, lucene[0]))]
}

const rowsOf = async (name: string, home: string, collection: Collection, python: string): Promise<string[][]> => {
  const { corpus, queries, qrels } = collection
  const lucene = SETTINGS.map(([k1, b]) => join(home, `bm25s-${k1}-${b}.trec`))
  for (const [i, [k1, b]] of SETTINGS.entries()) {
    await peer(python, 'search_bm25s.py', corpus, queries, lucene[i], k1, b)
  }
  const rows: string[][] = []
  for (const [words, label] of [
    ['lucene', 'lrat, Lucene’s stop words'],
    ['english', 'lrat'],
  ]) {
    const { run } = await indexCollection(home, collection, { stop_words: words })
    const ours = join(home, `lrat-${words}.trec`)
    await worker('rankings', bm25Of(run), queries, ours)
    rows.push(await ourRow(label, ours, lucene, qrels))
  }
  const judged = await judgeFiles({ qrels, runs: lucene, metrics: METRICS, missing: 'zero', seed: 1, resamples: 10 })
  judged.rows.forEach(({ metrics, n }, i) => {
    const means = METRICS.map((metric) => points(metrics[metric].mean))
    rows.push([i === 0 ? `${count(n)} queries` : '', `Lucene ${SETTINGS[i].join('/')}`, ...means, '', '', '', '', ''])
  })
  rows[0][0] = name
  return rows
}

const python = pythonWith(folder, PEERS, flags.python)
if (python === undefined) process.exitCode = 1
else {
  const rows = [
    ['', '', '', '', '− Lucene 1.2/0.75', '', '− Lucene 0.9/0.4', '', 'top 10 shared'],
    ['collection', '', 'nDCG@10', 'recall@100', 'nDCG@10', 'recall@100', 'nDCG@10', 'recall@100', 'with 1.2/0.75'],
  ]
  if (existsSync(flags.hotpotqa)) {
    const home = folderIn(folder, 'hotpotqa')
    rows.push(...(await rowsOf('HotpotQA', home, await writeHotpotqa(home, flags.hotpotqa), python)))
  } else process.stderr.write(`left out: HotpotQA: ${flags.hotpotqa} is not there\n`)
  const articles = Number(flags.articles)
  if (articles > 0) {
    const home = folderIn(folder, `encyclopedia-${articles}`)
    const collection = await writeEncyclopedia(home, articles)
    rows.push(...(await rowsOf(`encyclopedia, ${count(articles)} articles`, home, collection, python)))
  }
  for (const chunks of flags.chunks.split(',').map(Number)) {
    if (chunks === 0) continue
    const home = folderIn(folder, String(chunks))
    rows.push(...(await rowsOf(`${count(chunks)} Zipfian chunks`, home, writeCollection(home, chunks), python)))
  }
  print(alignColumns(rows, [2, 3, 4, 5, 6, 7, 8]))
  print('points of 100; * p < 0.05 (paired randomisation test); Lucene by bm25s; all but HotpotQA is synthetic')
}
