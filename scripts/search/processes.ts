// The measured parts of the search benchmarks, each in a process of its own.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageRoot } from '../../core/versions.ts'
import { measure, type Measured } from '../measure.ts'
import type { Collection } from './corpus.ts'

/** Packages of the peers in Python. */
export const PEERS = ['bm25s', 'numba', 'PyStemmer', 'numpy'] as const

const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export const worker = (...args: readonly string[]): Promise<Measured> =>
  measure(process.execPath, ['--max-old-space-size=8192', built('./worker.js'), ...args])

export const peer = (python: string, script: string, ...args: readonly string[]): Promise<Measured> =>
  measure(python, [join(packageRoot, 'scripts/peers', script), ...args])

export const parsed = <T>({ stdout }: Measured): T => JSON.parse(stdout) as T

/** `lrat run --to index` over a collection: the run's folder, and what it took. */
export const indexCollection = async (
  folder: string,
  { corpus }: Collection,
  index: object = {},
): Promise<{ readonly run: string; readonly measured: Measured }> => {
  const run = join(folder, 'run')
  rmSync(run, { recursive: true, force: true })
  const config = join(folder, 'config.yaml')
  writeFileSync(config, JSON.stringify({ run, corpus: { format: 'jsonl', path: corpus }, index }))
  const measured = await measure(process.execPath, [built('../../cli/main.js'), 'run', '-c', config, '--to', 'index'])
  return { run, measured }
}

/** The BM25 index of a run. */
export const bm25Of = (run: string): string => join(run, 'index', 'bm25')

export const folderIn = (folder: string, name: string): string => {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  return path
}

export const print = (text: string): boolean => process.stdout.write(`${text}\n`)
