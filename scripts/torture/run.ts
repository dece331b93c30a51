// The pipeline as its users start it, for the parts that kill it and take its disk away.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readManifest } from '../../pipeline/manifest.ts'
import { stages } from '../../stages/all.ts'

export const cli = fileURLToPath(new URL('../../cli/main.js', import.meta.url))

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

export interface Ended {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** Starts `program` (default: Node with the command line) with these arguments. */
export const start = (args: readonly string[], program: readonly string[] = [process.execPath, cli]): Started => {
  const [command = '', ...before] = program
  const child = spawn(command, [...before, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = `${stderr}${text}`.slice(-20_000)))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stderr }))
  })
  return { child, ended }
}

/** A configuration that takes seconds and has every stage; returns its path. */
export const writeSmallConfig = (folder: string): string => {
  const path = join(folder, 'small.yaml')
  writeFileSync(
    path,
    `run: unused
corpus: { format: synthetic, articles: 120, questions: 24 }
queries: { test_share: 0.3 }
generate: { max_steps: 8, concurrency: 4 }
train: { seeds: [1], weightings: [lrat], dimensions: 16, vocabulary: 1000, epochs: 1, batch_size: 4, checkpoint_every: 2, dev: { share: 0.2, every: 3 } }
evaluate: { resamples: 100 }
`,
  )
  return path
}

/** SHA-256 of everything that must not depend on what happened to the run: tables, export, model, metrics, counts. */
export const contents = (run: string): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const { name } of stages) {
    const manifest = readManifest(join(run, name))
    if (!manifest) continue
    for (const [table, parts] of Object.entries(manifest.tables))
      if (table !== 'timings') for (const { file, sha256 } of parts) found[`${name}/${file}`] = sha256
    // LanceDB names its files at random, and the report says how long it took.
    if (name !== 'index')
      for (const { file, sha256 } of manifest.files) if (file !== 'report.txt') found[`${name}/${file}`] = sha256
    found[`${name} counts`] = JSON.stringify(manifest.counts)
  }
  return found
}

/** What differs between two runs, or lies around: "" when nothing does. */
export const differs = (run: string, expected: Readonly<Record<string, string>>): string => {
  const found = contents(run)
  const names = new Set([...Object.keys(found), ...Object.keys(expected)])
  const wrong = [...names].filter((name) => found[name] !== expected[name])
  const left = existsSync(run)
    ? readdirSync(run, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /\.tmp$|scratch|progress\.json$/.test(name),
      )
    : []
  return [...wrong.map((name) => `${name} differs`), ...left.map((name) => `${name} was left`)].join(', ')
}

/** Whether a process said what was wrong in a sentence, and not by a stack trace. */
export const saidSo = ({ code, stderr }: Ended): boolean =>
  code === 1 && /error: .*: expected .*; found /.test(stderr) && !/^ {4}at /m.test(stderr)
