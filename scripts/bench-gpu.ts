// Training speed on a GPU against PyTorch on the same card, in one call of under ten minutes; writes a table.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { messageOf } from '../core/errors.ts'
import { checkEngine } from '../model/check/check-engine.ts'
import { listDevices } from '../model/execute/devices.ts'
import { onDevice } from '../model/training/on-device.ts'
import { pack } from './bench-gpu/pack.ts'
import { findPython } from './bench-gpu/python.ts'
import { markdown, type Outcome } from './bench-gpu/report.ts'
import { cardOf, runTask } from './bench-gpu/run.ts'
import { SHAPES, type Task } from './bench-gpu/shapes.ts'

const USAGE = `bench-gpu [--dry] [--queries N] [--group N] [--tokens N] [--micro-batch TEXTS] [--seconds S] [--limit S]
          [--devices LIST] [--precisions LIST] [--python FILE | --no-peer] [--no-profile] [--cases DIR] [--output DIR]
          [--pack FILE]
  Qwen3-0.6B's shape with random weights: tokens/s of encoding and of gradients, seconds of an update, memory.
  --dry         a tiny shape on whatever works here (webgpu, else cpu), through the same code
  --seconds     that each graph is repeated for (default 15)
  --limit       seconds for everything; what would begin later is left out (default 540)
  --devices     of webgpu,cuda,cpu (default webgpu,cuda)
  --precisions  of float32,float16 (default both)
  --python      an interpreter with torch and transformers; else python3 if it has them, else runs/bench-gpu/venv is made
  --cases       a folder of check-engine cases, which are compared first
  --pack        writes what this benchmark needs into a .tar.gz for a machine without a registry, and measures nothing`

const { values: args } = parseArgs({
  allowNegative: true,
  options: {
    dry: { type: 'boolean', default: false },
    queries: { type: 'string' },
    group: { type: 'string' },
    tokens: { type: 'string' },
    'micro-batch': { type: 'string' },
    seconds: { type: 'string' },
    limit: { type: 'string', default: '540' },
    devices: { type: 'string' },
    precisions: { type: 'string', default: 'float32,float16' },
    python: { type: 'string' },
    peer: { type: 'boolean', default: true },
    profile: { type: 'boolean', default: true },
    cases: { type: 'string' },
    output: { type: 'string', default: join('runs', 'bench-gpu') },
    pack: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const began = performance.now()
const left = (): number => Number(args.limit) - (performance.now() - began) / 1000
const log = (text: string): void => console.error(`[${Math.round((performance.now() - began) / 1000)} s] ${text}`)

const queries = Number(args.queries ?? (args.dry ? 4 : 32))
const task: Omit<Task, 'device' | 'precision'> = {
  shape: args.dry ? 'tiny' : 'qwen3-0.6b',
  queries,
  documents: queries * Number(args.group ?? (args.dry ? 3 : 10)),
  tokens: Number(args.tokens ?? (args.dry ? 32 : 512)),
  microBatch: Number(args['micro-batch'] ?? (args.dry ? 4 : 16)),
  seconds: Number(args.seconds ?? (args.dry ? 1 : 15)),
}

/** Largest relative errors on each case of a folder, as lines. */
const checked = async (folder: string, device: 'webgpu' | 'cuda' | 'cpu', precision: Task['precision']) => {
  const names = ['bert-cls', 'xlmr-mean', 'qwen3-last'].filter((name) => existsSync(join(folder, name)))
  const results: string[] = []
  for (const name of names) {
    const errors = await checkEngine(join(folder, name), await onDevice(device), { precision })
    const largest = Object.entries(errors).map(([what, error]) => `${what} ${(error as number).toExponential(1)}`)
    results.push(`${name} on ${device}, ${precision}: ${largest.join(', ')}`)
  }
  return results
}

const measureAll = async (): Promise<void> => {
  mkdirSync(args.output, { recursive: true })
  const here = dirname(fileURLToPath(import.meta.url))
  // Python files are not compiled: they stay where the sources are.
  const sources = existsSync(join(here, 'bench-gpu', 'torch_peer.py')) ? here : 'scripts'
  const reports = await listDevices()
  const works = (device: string): boolean => reports.find((r) => r.device === device)?.works === true
  const dryDevice = works('webgpu') ? 'webgpu' : 'cpu'
  const devices = (args.devices ?? (args.dry ? dryDevice : 'webgpu,cuda')).split(',') as Task['device'][]
  const precisions = args.precisions.split(',') as Task['precision'][]
  // What is still to come gets its share of the time that is left.
  let toCome = devices.filter(works).length * precisions.length + Number(args.peer)
  const share = (): number => left() / Math.max(1, toCome--)
  const outcomes: Outcome[] = []
  const checks: string[] = []
  for (const device of devices) {
    for (const precision of precisions) {
      const name = `lrat, ${device}, ${precision}`
      if (!works(device)) {
        outcomes.push({ name, absent: reports.find((r) => r.device === device)?.detail ?? 'no such device' })
        continue
      }
      if (left() < 30) {
        outcomes.push({ name, absent: 'left out: the time was up' })
        continue
      }
      log(name)
      try {
        if (args.cases !== undefined) checks.push(...(await checked(args.cases, device, precision)))
        const profile = args.profile ? join(args.output, `profile-${device}-${precision}`) : undefined
        const whole: Task = { ...task, device, precision, ...(profile && { profile }) }
        const script = join(here, 'bench-gpu', `ours.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`)
        outcomes.push({ name, ...(await runTask(process.execPath, [script, JSON.stringify(whole)], share())) })
      } catch (error) {
        outcomes.push({ name, absent: messageOf(error).slice(-600) })
      }
    }
  }
  const peer = 'PyTorch, bf16 autocast'
  if (args.peer) {
    log(peer)
    try {
      const python = findPython(args.python, join(args.output, 'venv'), args.dry, left())
      const parameters = [JSON.stringify({ ...task, dry: args.dry }), JSON.stringify(SHAPES[task.shape])]
      const command = [join(sources, 'bench-gpu', 'torch_peer.py'), ...parameters]
      outcomes.push({ name: peer, ...(await runTask(python, command, left())) })
    } catch (error) {
      outcomes.push({ name: peer, absent: messageOf(error).slice(-600) })
    }
  } else outcomes.push({ name: peer, absent: 'not asked for (--no-peer)' })

  const machine = {
    card: cardOf(),
    cores: availableParallelism(),
    node: process.version,
    date: new Date().toISOString(),
  }
  const text = markdown({ task, machine, outcomes, checks, peer })
  const stem = join(args.output, args.dry ? 'dry' : 'bench-gpu')
  writeFileSync(`${stem}.json`, `${JSON.stringify({ task, machine, outcomes, checks }, null, 1)}\n`)
  writeFileSync(`${stem}.md`, text)
  process.stdout.write(text)
  log(`written: ${stem}.md, ${stem}.json`)
  if (!outcomes.some((outcome) => 'encode' in outcome)) process.exitCode = 1
}

if (args.help) console.log(USAGE)
else if (args.pack !== undefined) pack(args.pack)
else await measureAll()
