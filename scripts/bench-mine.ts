// Benchmark: from raw agent runs and a corpus to LRAT-Train JSONL, against the design with the corpus in a dictionary.
// usage: node dist/scripts/bench-mine.js [--files 6000] [--chunks 1000000] [--growth] [--source ../shared/data/lrat] [--folder DIR]
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareNaturally } from '../core/natural-order.ts'
import { alignColumns } from '../core/align.ts'
import { bytes, count } from '../pipeline/progress.ts'
import { packageRoot } from '../core/versions.ts'
import { measure, type Measured } from './measure.ts'

const { values: flags } = parseArgs({
  options: {
    files: { type: 'string', default: '6000' },
    chunks: { type: 'string', default: '1000000' },
    growth: { type: 'boolean', default: false },
    source: { type: 'string', default: '../shared/data/lrat' },
    folder: { type: 'string', default: join(tmpdir(), 'lrat-bench-mine') },
  },
})

const cli = fileURLToPath(new URL('../cli/main.js', import.meta.url))
const peer = join(packageRoot, 'scripts/peers/mine_dictionary.py')

// A linear congruential generator is enough for filler text.
const randomFrom = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** The real chunks first, then filler made of their words: as many characters a chunk as Wikipedia's, about 700. */
const writeCorpus = (path: string, chunks: number): void => {
  if (existsSync(path)) return
  const real = readFileSync(join(flags.source, 'corpus.jsonl'), 'utf8').trimEnd()
  const words = real
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { text: string }).text.split(/\s+/))
    .filter((word) => !/["\\]/.test(word))
  const random = randomFrom(1)
  const phrases = Array.from({ length: 50_000 }, () =>
    Array.from({ length: 6 }, () => words[random(words.length)]).join(' '),
  )
  const file = openSync(`${path}.tmp`, 'w')
  writeSync(file, `${real}\n`)
  const missing = chunks - real.split('\n').length
  for (let at = 0, lines: string[] = []; at < missing; at += 1) {
    const text = Array.from({ length: 10 + random(17) }, () => phrases[random(phrases.length)]).join(' ')
    lines.push(`{"docid": "${20_000_000 + at}", "text": "${text}"}\n`)
    if (lines.length < 5000 && at < missing - 1) continue
    writeSync(file, lines.join(''))
    lines = []
  }
  closeSync(file)
  renameSync(`${path}.tmp`, path)
}

const writeRuns = (folder: string, files: number): void => {
  if (existsSync(join(folder, `${files - 1}.json`))) return
  mkdirSync(folder, { recursive: true })
  const source = join(flags.source, 'trajectories')
  const texts = readdirSync(source)
    .sort(compareNaturally)
    .map((name) => readFileSync(join(source, name), 'utf8'))
  for (let at = 0; at < files; at += 1)
    writeFileSync(
      join(folder, `${at}.json`),
      texts[at % texts.length].replace(/"query_id":\s*"[^"]*"/, `"query_id": "q${at}"`),
    )
}

const folderBytes = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

interface Row {
  readonly what: string
  readonly measured: Measured
  readonly rows: number
}

const show = ({ what, measured: { seconds, peakBytes }, rows }: Row, peerRow?: Row): string[] => [
  what,
  `${seconds.toFixed(2)} s`,
  `${count(rows / seconds)}/s`,
  count(rows),
  peakBytes === undefined ? 'unknown' : bytes(peakBytes),
  peerRow ? `${(seconds / peerRow.measured.seconds).toFixed(3)} x` : '',
  peerRow?.measured.peakBytes && peakBytes ? `${(peakBytes / peerRow.measured.peakBytes).toFixed(2)} x` : '',
]

const bench = async (files: number, chunks: number): Promise<{ cold: Row; warm: Row; peerRow: Row | undefined }> => {
  mkdirSync(flags.folder, { recursive: true })
  const corpus = join(flags.folder, `corpus-${chunks}.jsonl`)
  const runs = join(flags.folder, `runs-${files}`)
  writeCorpus(corpus, chunks)
  writeRuns(runs, files)
  process.stdout.write(
    `\n${count(files)} runs (${bytes(folderBytes(runs))}), ${count(chunks)} chunks (${bytes(statSync(corpus).size)})\n`,
  )
  const run = join(flags.folder, 'run')
  const config = join(flags.folder, 'bench.yaml')
  writeFileSync(
    config,
    JSON.stringify({
      run,
      corpus: { format: 'jsonl', path: corpus },
      trajectories: { import: runs },
      filter: { correctness: 'none' },
    }),
  )
  const lrat = async (what: string): Promise<Row> => {
    const measured = await measure(process.execPath, [cli, 'run', '-c', config, '--to', 'export'])
    const { counts } = JSON.parse(readFileSync(join(run, 'export', 'manifest.json'), 'utf8')) as {
      counts: { exported: number }
    }
    return { what, measured, rows: counts.exported }
  }
  const out = join(flags.folder, 'peer.jsonl')
  let peerRow: Row | undefined
  try {
    const measured = await measure('python3', [peer, corpus, runs, out, '2'])
    peerRow = { what: 'dictionary + 2 workers', measured, rows: Number(measured.stdout) }
  } catch (error) {
    process.stdout.write(`the peer did not run: ${String(error)}\n`)
  }
  rmSync(run, { recursive: true, force: true })
  const cold = await lrat('lrat, from raw files')
  for (const stage of ['filter', 'mine', 'weigh', 'export']) rmSync(join(run, stage), { recursive: true, force: true })
  const warm = await lrat('lrat, already ingested')
  const heading = ['', 'time', 'rows', 'exported', 'peak memory', 'time ratio', 'memory ratio']
  const lines = [...(peerRow ? [show(peerRow)] : []), show(cold, peerRow), show(warm, peerRow)]
  process.stdout.write(`${alignColumns([heading, ...lines], [1, 2, 3, 4, 5, 6])}\n`)
  process.stdout.write(`written: ${bytes(statSync(join(run, 'export', 'lrat-train.jsonl')).size)} of JSONL\n`)
  rmSync(out, { force: true })
  return { cold, warm, peerRow }
}

if (!existsSync(flags.source)) {
  process.stderr.write(`bench-mine needs real agent runs to replicate; there are none at ${flags.source} (--source)\n`)
  process.exit(1)
}
const [files, chunks] = [Number(flags.files), Number(flags.chunks)]
await bench(files, chunks)
if (flags.growth) {
  await bench(files, chunks / 10)
  const [one, four] = [await bench(files, chunks / 10), await bench(files * 4, chunks / 10)]
  const growth = (get: (row: typeof one) => Row): string =>
    (get(four).measured.seconds / get(one).measured.seconds).toFixed(2)
  process.stdout.write(
    `\n4 x the runs take ${growth((row) => row.cold)} x the time cold, ${growth((row) => row.warm)} x warm\n`,
  )
}
