// Throughput of trajectory generation against a scripted model server in another process, on real HTTP.
// node dist/scripts/bench-generate.js [--questions 2000] [--memory-questions 20000] [--concurrency 512] [--no-peer]
import { execFileSync, fork, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Trajectory } from '../data/schemas.ts'
import { messageOf } from '../core/errors.ts'
import { openJournal } from '../pipeline/journal.ts'
import { createLlm } from '../pipeline/llm/client.ts'
import { llmSchema } from '../pipeline/llm/settings.ts'
import { createLlmAgent, llmLimits } from '../agents/llm/agent.ts'
import { PRESETS } from '../stages/generate/agents.ts'
import { generateItems } from '../stages/generate/trajectories.ts'
import { memoryTools } from './bench-generate-tools.ts'

const { values: flags } = parseArgs({
  options: {
    questions: { type: 'string', default: '2000' },
    'memory-questions': { type: 'string', default: '20000' },
    concurrency: { type: 'string', default: '512' },
    'no-peer': { type: 'boolean', default: false },
  },
})
/** Tool calls of a scripted agent: 2 to this many. */
const MOST_CALLS = 8
const PEER_THREADS = 64

const folder = mkdtempSync(join(tmpdir(), 'lrat-bench-generate-'))
const tools = memoryTools(5000)
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

interface Served {
  readonly url: string
  readonly child: ChildProcess
}

const serve = (thinkMs: number): Promise<Served> =>
  new Promise((resolve) => {
    const path = fileURLToPath(new URL('./bench-generate-server.js', import.meta.url))
    const child = fork(path, [String(thinkMs), String(MOST_CALLS)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    child.stdout?.once('data', (url: Buffer) => resolve({ url: url.toString().trim(), child }))
  })

const measure = async (name: string, url: string, questions: number, concurrency: number) => {
  const llm = createLlm(llmSchema.parse({ model: 'fake', endpoints: [{ base_url: url, concurrency }] }))
  const path = join(folder, `${name}.ndjson`)
  const journal = await openJournal<readonly Trajectory[]>(path)
  const memory: number[] = []
  // Calls over time while every place is taken: not the first replies, nor the last questions that leave places empty.
  const full: (readonly [number, number])[] = []
  let running = concurrency
  const timer = setInterval(() => {
    memory.push(process.memoryUsage.rss())
    if (running >= concurrency - 1) full.push([performance.now(), llm.spending.totals().calls])
  }, 250)
  const began = performance.now()
  const used = process.cpuUsage()
  await generateItems({
    queries: Array.from({ length: questions }, (_, at) => ({
      query_id: `q${at}`,
      question: `Which place is number ${at}?`,
    })),
    agent: createLlmAgent(llm, 'tools', PRESETS.tools),
    tools,
    retriever: 'bm25',
    limits: llmLimits(PRESETS.tools),
    seed: 1,
    concurrency,
    journal,
    signal: new AbortController().signal,
    llm,
    onProgress: (progress) => (running = progress.running),
  })
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(used)
  clearInterval(timer)
  await journal.close()
  llm.close()
  const size = statSync(path).size
  rmSync(path)
  const { calls } = llm.spending.totals()
  const [from, to] = [full[Math.min(3, full.length - 1)], full[full.length - 1]]
  const steady = full.length < 8 ? NaN : (to[1] - from[1]) / ((to[0] - from[0]) / 1000)
  return { calls, seconds, rate: calls / seconds, steady, memory, size, cores: (user + system) / 1e6 / seconds }
}

/** The peer in a virtual environment of its own, made once; the reason where there is none. */
const peer = (url: string, questions: number): { calls: number; seconds: number } | string => {
  const environment = join(process.cwd(), 'node_modules', '.cache', 'bench-generate-venv')
  const python = join(environment, 'bin', 'python')
  try {
    if (!existsSync(python)) {
      execFileSync('python3', ['-m', 'venv', environment], { stdio: 'ignore' })
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', 'openai'], { stdio: 'ignore' })
    }
    const script = join(process.cwd(), 'scripts', 'bench-generate-peer.py')
    const result = spawnSync(python, [script, url, String(questions), String(PEER_THREADS), join(folder, 'peer')], {
      encoding: 'utf8',
    })
    if (result.status !== 0) return result.stderr.trim().split('\n').at(-1) ?? 'it failed'
    return JSON.parse(result.stdout) as { calls: number; seconds: number }
  } catch (error) {
    return messageOf(error).split('\n')[0]
  }
}

try {
  const questions = Number(flags.questions)
  say(`${cpus().length} cores (${cpus()[0].model.trim()}), Node ${process.version}; the server shares them`)
  const fast = await serve(0)
  await measure('warm-up', fast.url, 200, 64)
  const zero = await measure('zero', fast.url, questions, 64)
  say(
    `no think time, 64 at once: ${zero.calls} calls in ${zero.seconds.toFixed(1)} s = ${Math.round(zero.rate)} calls/s, ` +
      `${((1000 * zero.cores) / zero.rate).toFixed(2)} ms of CPU a call on ${zero.cores.toFixed(2)} cores, ${megabytes(zero.size)} of trajectories`,
  )
  if (!flags['no-peer']) {
    const count = Math.max(50, Math.floor(questions / 10))
    const other = peer(fast.url, count)
    say(
      typeof other === 'string'
        ? `Python peer: not measured (${other})`
        : `Python peer, ${PEER_THREADS} threads: ${other.calls} calls in ${other.seconds.toFixed(1)} s = ${Math.round(other.calls / other.seconds)} calls/s; ` +
            `ours is ${(zero.rate / (other.calls / other.seconds)).toFixed(1)} times as fast`,
    )
  }

  const many = Number(flags['memory-questions'])
  if (many > 0) {
    const { memory, calls, seconds } = await measure('memory', fast.url, many, 64)
    const quarter = Math.max(1, Math.floor(memory.length / 4))
    const mean = (part: readonly number[]): number => part.reduce((sum, value) => sum + value, 0) / part.length
    say(
      `${many} questions, ${calls} calls in ${seconds.toFixed(0)} s: memory ${megabytes(mean(memory.slice(quarter, 2 * quarter)))} in the second quarter, ` +
        `${megabytes(mean(memory.slice(-quarter)))} in the last, peak ${megabytes(Math.max(...memory))}`,
    )
  }
  fast.child.disconnect()

  const slow = await serve(200)
  const concurrency = Number(flags.concurrency)
  await measure('warm-up', slow.url, concurrency, concurrency)
  const thinking = await measure('thinking', slow.url, questions * 4, concurrency)
  const possible = concurrency / 0.2
  say(
    `200 ms think time, ${concurrency} at once: ${Math.round(thinking.steady)} calls/s of ${possible} possible = ${((100 * thinking.steady) / possible).toFixed(1)}% while all places are taken (${Math.round(thinking.rate)} with start and end), ${((1000 * thinking.cores) / thinking.rate).toFixed(2)} ms of CPU a call on ${thinking.cores.toFixed(2)} cores`,
  )
  slow.child.disconnect()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
