// Training speed and memory against PyTorch and sentence-transformers: same machine, weights, batch and threads.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compileOnnxOn } from '../model/execute/onnxruntime.ts'
import { tensor } from '../model/execute/executor.ts'
import { matmul } from '../model/graph/linear.ts'
import { input } from '../model/graph/sources.ts'
import { openModel, saveModel } from '../model/folder.ts'
import { randomOf } from '../core/random.ts'
import { alignColumns } from '../core/align.ts'
import { messageOf } from '../core/errors.ts'
import { wordPieceJson } from '../model/tokenize/tokenizer.ts'
import { flopsPerPosition, SHAPES, type BenchBatch, type Measured } from './bench-train/shapes.ts'

const USAGE = `bench-train [--shape minilm|base] [--batch N] [--group N] [--steps N] [--threads N]
            [--micro-batch TOKENS] [--peers DIR] [--growth]
  --growth  our peak memory alone, with batches of 8 and 64 of 4 documents each
  --steps   measured steps, after one that warms up (default 2)
  --peers   a Python environment with torch and sentence-transformers; made when it does not exist`

const { values: args } = parseArgs({
  options: {
    shape: { type: 'string', default: 'minilm' },
    batch: { type: 'string' },
    group: { type: 'string' },
    steps: { type: 'string', default: '2' },
    threads: { type: 'string', default: String(availableParallelism()) },
    'micro-batch': { type: 'string', default: '1024' },
    peers: { type: 'string', default: join('runs', 'bench-train', 'peers') },
    growth: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
})
if (args.help === true || !(args.shape in SHAPES)) {
  console.log(USAGE)
  process.exit(args.help === true ? 0 : 1)
}
const shape = args.shape as keyof typeof SHAPES
const { config } = SHAPES[shape]
const batchSize = Number(args.batch ?? SHAPES[shape].batch)
const groupSize = Number(args.group ?? SHAPES[shape].group)
const steps = String(Number(args.steps) + 1)
const here = dirname(fileURLToPath(import.meta.url))

/** Words of a corpus's texts where it is there, else lengths drawn like them: many short snippets, some full chunks. */
const CORPUS = join('..', 'shared', 'data', 'lrat', 'corpus.jsonl')
const lengths = existsSync(CORPUS)
  ? readFileSync(CORPUS, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Math.min(500, Math.round((JSON.parse(line) as { text: string }).text.split(/\s+/).length * 1.35)))
  : [30, 40, 46, 50, 54, 58, 60, 62, 64, 500]

const words = Array.from({ length: config.vocab_size - 4 }, (_, i) => `w${i.toString(36)}`)
const batchOf = (queries: number, group: number): BenchBatch => {
  const random = randomOf(11)
  const text = (n: number): string => Array.from({ length: n }, () => words[random.below(words.length)]).join(' ')
  return {
    queries: Array.from({ length: queries }, () => text(8 + random.below(16))),
    groups: Array.from({ length: queries }, () =>
      Array.from({ length: group }, () => text(lengths[random.below(lengths.length)])),
    ),
    temperature: 0.02,
    learningRate: 1e-5,
  }
}

/** A model folder with random weights. */
const prepare = async (folder: string): Promise<void> => {
  const bare = join(folder, 'bare')
  mkdirSync(bare)
  writeFileSync(join(bare, 'config.json'), JSON.stringify(config))
  const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...words].join('\n')
  writeFileSync(join(bare, 'tokenizer.json'), wordPieceJson(vocabulary, 'bench'))
  writeFileSync(join(bare, 'vocab.txt'), `${vocabulary}\n`)
  const tokenizer = { tokenizer_class: 'BertTokenizer', do_lower_case: true, model_max_length: 512 }
  writeFileSync(join(bare, 'tokenizer_config.json'), JSON.stringify(tokenizer))
  await saveModel(await openModel(bare, { seed: 1, pooling: 'mean' }), join(folder, 'model'))
}
/** The batch that whatever runs next takes. */
const prepareBatch = (folder: string, queries: number, group: number): void =>
  writeFileSync(join(folder, 'batch.json'), JSON.stringify(batchOf(queries, group)))

/** The peers' interpreter; undefined, and said so, where it cannot be installed. */
const python = (): string | undefined => {
  const path = join(args.peers, 'bin', 'python')
  try {
    if (!existsSync(path)) {
      execFileSync('python3', ['-m', 'venv', args.peers], { stdio: 'inherit' })
      const wanted = ['torch==2.13.0', 'sentence-transformers', 'datasets', 'accelerate']
      execFileSync(join(args.peers, 'bin', 'pip'), ['install', '-q', ...wanted], { stdio: 'inherit' })
    }
    execFileSync(path, ['-c', 'import torch, sentence_transformers, datasets, accelerate'], { stdio: 'inherit' })
    return path
  } catch (error) {
    console.error(`the peers are left out: ${messageOf(error)}. Delete ${args.peers} to install them again.`)
    return undefined
  }
}

/** Keeps the peers' advertisements and warnings off the screen. */
const QUIET = {
  TOKENIZERS_PARALLELISM: 'false',
  TRANSFORMERS_VERBOSITY: 'error',
  HF_HUB_DISABLE_PROGRESS_BARS: '1',
  TQDM_DISABLE: '1',
  PYTHONWARNINGS: 'ignore',
}

const measure = (command: string, parameters: readonly string[]): Measured => {
  const environment = { ...process.env, ...QUIET, OMP_NUM_THREADS: args.threads }
  const output = execFileSync(command, parameters, {
    env: environment,
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(output.toString().trim().split('\n').at(-1) ?? '') as Measured
}

/** GFLOP/s of a large matrix product, the most that this machine gives. */
const gemmPeak = async (): Promise<number> => {
  const n = 1024
  const graph = { c: matmul(input('a', [n, n]), input('b', [n, n])) }
  const executable = await compileOnnxOn('cpu')(graph, { threads: Number(args.threads) })
  const square = (): ReturnType<typeof tensor> => tensor(new Float32Array(n * n).fill(0.5), n, n)
  const feeds = { a: square(), b: square() }
  let best = Infinity
  for (let i = 0; i < 8; i++) {
    const start = performance.now()
    await executable.run(feeds)
    best = Math.min(best, (performance.now() - start) / 1000)
  }
  await executable.close()
  return (2 * n ** 3) / best / 1e9
}

const ours = (folder: string): Measured => {
  const script = join(here, 'bench-train', `ours.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`)
  return measure(process.execPath, [script, folder, steps, args.threads, args['micro-batch']])
}

const growth = (folder: string): void => {
  const sizes = [8, 64]
  const peaks = sizes.map((queries) => {
    prepareBatch(folder, queries, 4)
    const { peakKiB, positions } = ours(folder)
    console.log(`${shape}: batch ${queries} × 4, ${positions} positions: peak ${Math.round(peakKiB / 1024)} MiB`)
    return peakKiB
  })
  console.log(`peak memory, batch ${sizes.join(' to ')}: ${(100 * (peaks[1] / peaks[0] - 1)).toFixed(1)}% more`)
}

const compare = async (folder: string): Promise<void> => {
  prepareBatch(folder, batchSize, groupSize)
  const interpreter = python()
  // Python files are not compiled: they stay where the sources are.
  const sources = existsSync(join(here, 'bench-train', 'peer_flag.py')) ? here : join('scripts')
  const common = [folder, steps, args.threads]
  const peer = (command: string, name: string): Measured =>
    measure(command, [join(sources, 'bench-train', name), ...common])
  const peak = await gemmPeak()
  const lrat = ours(folder)
  const peers: Readonly<Record<string, Measured>> =
    interpreter === undefined
      ? {}
      : {
          'PyTorch, checkpointing': peer(interpreter, 'peer_flag.py'),
          'sentence-transformers, cached loss': peer(interpreter, 'peer_cached.py'),
        }
  console.log(
    `${shape}: batch ${batchSize}, group ${groupSize}, ${args.threads} threads, GEMM peak ${peak.toFixed(0)} GFLOP/s`,
  )
  const heading = ['', 'examples/s', 'peak MiB', 'first loss', 'last loss', 'documents encoded/s']
  console.log(alignColumns([heading, ...Object.entries({ lrat, ...peers }).map(rowOf)], [1, 2, 3, 4, 5]))
  const share = (flopsPerPosition(shape) * (lrat.positions ?? 0)) / best(lrat) / 1e9 / peak
  const padding = 1 - (lrat.tokens ?? 0) / (lrat.positions ?? 1)
  console.log(`share of GEMM peak: ${(share * 100).toFixed(0)}%; padding ${(100 * padding).toFixed(1)}%`)
  if (Object.keys(peers).length > 0) printRatios(lrat, Object.values(peers))
}

const best = ({ seconds }: Measured): number => Math.min(...seconds.slice(1))

const rowOf = ([name, measured]: readonly [string, Measured]): string[] => {
  const { peakKiB, losses, encode } = measured
  return [
    name,
    (batchSize / best(measured)).toFixed(3),
    String(Math.round(peakKiB / 1024)),
    losses[0].toFixed(5),
    losses[losses.length - 1].toFixed(5),
    encode === undefined ? '–' : ((batchSize * groupSize) / encode).toFixed(1),
  ]
}

const printRatios = (lrat: Measured, peers: readonly Measured[]): void => {
  const faster = peers.reduce((a, b) => (best(a) <= best(b) ? a : b))
  const lightest = Math.min(...peers.map(({ peakKiB }) => peakKiB))
  const encoded = Math.min(...peers.flatMap(({ encode }) => encode ?? []))
  const apart = peers.map(({ losses }) => Math.abs(losses[0] - lrat.losses[0]) / lrat.losses[0])
  const ratios = {
    'examples/s, to the faster peer': best(faster) / best(lrat),
    'peak memory, to that peer': lrat.peakKiB / faster.peakKiB,
    'peak memory, to the lighter peer': lrat.peakKiB / lightest,
    'encoding, to sentence-transformers': encoded / (lrat.encode ?? NaN),
  }
  for (const [name, ratio] of Object.entries(ratios)) console.log(`ratio of ${name}: ${ratio.toFixed(2)}`)
  console.log(`first loss, largest relative difference: ${Math.max(...apart).toExponential(1)}`)
}

const folder = mkdtempSync(join(tmpdir(), 'lrat-bench-train-'))
try {
  await prepare(folder)
  if (args.growth) growth(folder)
  else await compare(folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
