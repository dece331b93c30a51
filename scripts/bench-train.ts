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
import { batchesByLength } from '../model/training/padding.ts'
import { ENCODE_TOKENS, flopsPerPosition, SHAPES, type BenchBatch, type Measured } from './bench-train/shapes.ts'

const USAGE = `bench-train [--shape minilm|base] [--batch N] [--group N] [--steps N] [--threads N]
            [--micro-batch TOKENS] [--peers DIR] [--growth] [--only NAMES] [--repeat N]
  --only    of cpu, torch, torch-bfloat16, equal, equal-bfloat16, checkpointing, sentence-transformers those named,
            separated by commas (default: all; torch needs LRAT_TORCH or an environment, else it is the peers' own)
  --repeat  every one so often, in turns; the best counts (default 1)
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
    only: { type: 'string' },
    repeat: { type: 'string', default: '1' },
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

const ours = (folder: string, device = 'cpu', precision = 'float32'): Measured => {
  const script = join(here, 'bench-train', `ours.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`)
  return measure(process.execPath, [script, folder, steps, args.threads, args['micro-batch'], device, precision])
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

/** Token ids and micro-batches as our engine cuts them, for the peer of the same algorithm. */
const writeIds = async (folder: string): Promise<void> => {
  const { tokenizer } = await openModel(join(folder, 'model'))
  const { queries, groups } = JSON.parse(readFileSync(join(folder, 'batch.json'), 'utf8')) as BenchBatch
  const texts = [...queries, ...groups.flat()].map((text) => tokenizer.encode(text, 512))
  const batches = batchesByLength(texts, Number(args['micro-batch']))
  const encode = batchesByLength(texts.slice(queries.length), ENCODE_TOKENS)
  writeFileSync(join(folder, 'ids.json'), JSON.stringify({ texts: texts.map((ids) => [...ids]), batches, encode }))
}

/** Whether the processor multiplies bfloat16 by itself: elsewhere it is slower than float32. */
const multipliesBfloat16 = (): boolean => {
  try {
    return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

interface Runner {
  /** Us, PyTorch with our algorithm, or the recipes that people run. */
  readonly kind: 'ours' | 'equal' | 'recipe'
  readonly title: string
  readonly run: (folder: string) => Measured
}

const runnersOf = (interpreter: string | undefined): Record<string, Runner> => {
  // Python files are not compiled: they stay where the sources are.
  const sources = existsSync(join(here, 'bench-train', 'peer_flag.py')) ? here : join('scripts')
  const peer =
    (name: string, ...more: readonly string[]) =>
    (folder: string): Measured =>
      measure(interpreter ?? '', [join(sources, 'bench-train', name), folder, steps, args.threads, ...more])
  const halves = multipliesBfloat16()
  const peers: Record<string, Runner> = {
    equal: { kind: 'equal', title: 'PyTorch, our algorithm', run: peer('peer_equal.py', 'float32') },
    ...(halves && {
      'equal-bfloat16': {
        kind: 'equal',
        title: 'PyTorch, our algorithm, bfloat16 autocast',
        run: peer('peer_equal.py', 'bfloat16'),
      },
    }),
    checkpointing: { kind: 'recipe', title: 'PyTorch, checkpointing', run: peer('peer_flag.py') },
    'sentence-transformers': {
      kind: 'recipe',
      title: 'sentence-transformers, cached loss',
      run: peer('peer_cached.py'),
    },
  }
  return {
    cpu: { kind: 'ours', title: 'lrat, cpu (ONNX Runtime)', run: (folder) => ours(folder) },
    torch: { kind: 'ours', title: 'lrat, torch', run: (folder) => ours(folder, 'torch:cpu') },
    ...(halves && {
      'torch-bfloat16': {
        kind: 'ours',
        title: 'lrat, torch, bfloat16',
        run: (folder) => ours(folder, 'torch:cpu', 'bfloat16'),
      },
    }),
    ...(interpreter === undefined ? {} : peers),
  }
}

type Result = Runner & { readonly measured: Measured }

const compare = async (folder: string): Promise<void> => {
  prepareBatch(folder, batchSize, groupSize)
  await writeIds(folder)
  const interpreter = python()
  if (interpreter !== undefined && process.env.LRAT_TORCH === undefined) process.env.LRAT_TORCH = args.peers
  const only = args.only?.split(',')
  const runners = Object.entries(runnersOf(interpreter)).filter(([name]) => only?.includes(name) ?? true)
  const peak = await gemmPeak()
  const results = new Map<string, Result>()
  for (let round = 0; round < Number(args.repeat); round++) {
    for (const [name, runner] of runners) {
      const measured = runner.run(folder)
      const known = results.get(name)
      if (known === undefined || best(measured) < best(known.measured)) results.set(name, { ...runner, measured })
    }
  }
  const all = [...results.values()]
  console.log(
    `${shape}: batch ${batchSize}, group ${groupSize}, ${args.threads} threads, GEMM peak ${peak.toFixed(0)} GFLOP/s`,
  )
  const heading = ['', 'examples/s', 'peak MiB', 'first loss', 'last loss', 'documents encoded/s']
  console.log(alignColumns([heading, ...all.map(rowOf)], [1, 2, 3, 4, 5]))
  for (const { title, kind, measured } of all) if (kind === 'ours') console.log(detailOf(title, measured, peak))
  printRatios(all)
}

const detailOf = (
  title: string,
  { tokens = 0, positions = 1, calls, microseconds, ...rest }: Measured,
  peak: number,
) => {
  const share = (flopsPerPosition(shape) * positions) / best(rest) / 1e9 / peak
  const parts = [
    `${(share * 100).toFixed(0)}% of GEMM peak`,
    `${(100 * (1 - tokens / positions)).toFixed(1)}% padding`,
    ...(calls === undefined ? [] : [`${calls} calls a step, ${microseconds?.toFixed(2)} µs each`]),
  ]
  return `${title}: ${parts.join(', ')}`
}

const best = ({ seconds }: Pick<Measured, 'seconds'>): number => Math.min(...seconds.slice(1))

const rowOf = ({ title, measured }: Result): string[] => {
  const { peakKiB, losses, encode } = measured
  return [
    title,
    (batchSize / best(measured)).toFixed(3),
    String(Math.round(peakKiB / 1024)),
    (losses[0] ?? NaN).toFixed(5),
    (losses.at(-1) ?? NaN).toFixed(5),
    encode === undefined ? '–' : ((batchSize * groupSize) / encode).toFixed(1),
  ]
}

const fastest = (results: readonly Result[]): Result | undefined =>
  results.reduce<Result | undefined>(
    (a, b) => (a !== undefined && best(a.measured) <= best(b.measured) ? a : b),
    undefined,
  )

/** Our best against the best of PyTorch with our algorithm, and against the best of the recipes; and torch by itself. */
const printRatios = (all: readonly Result[]): void => {
  const mine = all.filter(({ kind }) => kind === 'ours')
  const named = (title: string): Result | undefined => all.find((result) => result.title === title)
  const pairs: (readonly [string, Result | undefined, Result | undefined])[] = [
    ['torch to PyTorch with our algorithm, float32', named('lrat, torch'), named('PyTorch, our algorithm')],
    [
      'torch to PyTorch with our algorithm, bfloat16',
      named('lrat, torch, bfloat16'),
      named('PyTorch, our algorithm, bfloat16 autocast'),
    ],
    [
      'our best to the better PyTorch with our algorithm',
      fastest(mine),
      fastest(all.filter(({ kind }) => kind === 'equal')),
    ],
    [
      'our best to the faster recipe as people run it',
      fastest(mine),
      fastest(all.filter(({ kind }) => kind === 'recipe')),
    ],
  ]
  for (const [what, our, peer] of pairs) {
    if (our === undefined || peer === undefined) continue
    const [a, b] = [our.measured, peer.measured]
    const parts = [
      `examples/s ${(best(b) / best(a)).toFixed(2)}`,
      `peak memory ${(a.peakKiB / b.peakKiB).toFixed(2)}`,
      ...(b.encode === undefined ? [] : [`encoding ${(b.encode / (a.encode ?? NaN)).toFixed(2)}`]),
    ]
    console.log(`ratio of ${what} (${our.title} : ${peer.title}): ${parts.join(', ')}`)
  }
  const [reference] = all
  if (reference === undefined) return
  const first = ({ measured }: Result): number => measured.losses[0] ?? NaN
  const apart = all.map(
    (result) => `${result.title} ${(Math.abs(first(result) - first(reference)) / first(reference)).toExponential(1)}`,
  )
  console.log(`first loss, relative difference from ${reference.title}: ${apart.slice(1).join(', ')}`)
}

const folder = mkdtempSync(join(tmpdir(), 'lrat-bench-train-'))
try {
  await prepare(folder)
  if (args.growth) growth(folder)
  else await compare(folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
