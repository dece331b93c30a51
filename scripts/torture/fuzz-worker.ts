// The process that reads damaged inputs, so that one that hangs or dies takes nothing else along.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { lastWords } from '../../core/disk-error.ts'
import { randomOf } from '../../core/random.ts'
import { digest } from '../../pipeline/fingerprint.ts'
import { openTargets, type Target } from './targets.ts'

export interface Verdict {
  readonly at: number
  readonly target: string
  readonly outcome: 'clean' | 'refused' | 'failed'
  /** Why it failed. */
  readonly why?: string
}

const MOST = 300_000

/** What a reader made of an input, small enough to compare. */
const read = async (target: Target, bytes: Buffer): Promise<string> => digest((await target.read(bytes)) ?? null)

const judge = async (target: Target, original: string, at: number, seed: number): Promise<Verdict> => {
  const { name } = target
  const { bytes, repaired } = target.damage(randomOf(seed, at))
  try {
    const found = await read(target, bytes.subarray(0, MOST))
    const why =
      target.checked && !repaired && found !== original
        ? 'a damaged file with checksums passed as good data'
        : undefined
    return why === undefined ? { at, target: name, outcome: 'clean' } : { at, target: name, outcome: 'failed', why }
  } catch (thrown) {
    const error = lastWords(thrown)
    if (error instanceof UserError && /^[\s\S]+: expected /.test(error.message))
      return { at, target: name, outcome: 'refused' }
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { at, target: name, outcome: 'failed', why: why.slice(0, 2000) }
  }
}

const main = async (): Promise<void> => {
  const [seed = 1, from = 0, until = 0] = process.argv.slice(2, 5).map(Number)
  const only = process.argv[5]
  const folder = mkdtempSync(join(tmpdir(), 'lrat-fuzz-'))
  // A reader's notes would drown the counts.
  process.stderr.write = () => true
  try {
    const targets = (await openTargets(folder)).filter(({ name }) => only === undefined || name === only)
    const originals = new Map<string, string>()
    for (const target of targets) originals.set(target.name, await read(target, target.sample))
    for (let at = from; at < until; at += 1) {
      const target = targets[at % targets.length]
      if (target === undefined) return
      process.send?.({ at, target: target.name })
      process.send?.(await judge(target, originals.get(target.name) ?? '', at, seed))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
process.disconnect()
