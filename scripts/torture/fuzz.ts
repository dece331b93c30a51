// Part "fuzz": damaged inputs for every reader and every file of our own. Each ends in a clean result or a named error.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { alignColumns } from '../../core/align.ts'
import { count } from '../../pipeline/progress.ts'
import type { Verdict } from './fuzz-worker.ts'
import type { Outcome, PartOptions } from './part.ts'

const WORKER = fileURLToPath(new URL('./fuzz-worker.js', import.meta.url))
/** Milliseconds for one input, on a machine that has other things to do. */
const PATIENCE = 60_000
const HEAP_MB = 512

interface Begun {
  readonly at: number
  readonly target: string
}

/** Works on inputs `from` … `until`; returns where it stopped, and the input that ended the process, if one did. */
const stretch = (
  { seed, only }: PartOptions,
  from: number,
  until: number,
  tell: (verdict: Verdict) => void,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const args = [seed, from, until].map(String)
    const child = fork(WORKER, only === undefined ? args : [...args, only], {
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let errors = ''
    let now: Begun | undefined
    let next = from
    let stuck = false
    const hang = (): void => {
      stuck = true
      child.kill('SIGKILL')
    }
    let timer = setTimeout(hang, PATIENCE)
    child.stderr?.on('data', (text: Buffer) => (errors = `${errors}${text.toString()}`.slice(-2000)))
    child.on('message', (message: Begun | Verdict) => {
      clearTimeout(timer)
      timer = setTimeout(hang, PATIENCE)
      if ('outcome' in message) {
        tell(message)
        next = message.at + 1
        now = undefined
      } else now = message
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (next >= until) return resolve(until)
      if (now === undefined) return reject(new Error(`the fuzzing process ended with ${signal ?? code}: ${errors}`))
      const why = stuck ? `no end after ${PATIENCE / 1000} s` : `the process died (${signal ?? code}): ${errors}`
      tell({ ...now, outcome: 'failed', why })
      resolve(now.at + 1)
    })
  })

export const fuzz = async (options: PartOptions): Promise<Outcome> => {
  const { count: wanted, from = 0, say } = options
  const counts = new Map<string, Record<Verdict['outcome'], number>>()
  const failures: string[] = []
  const tell = ({ at, target, outcome, why }: Verdict): void => {
    const row = counts.get(target) ?? { clean: 0, refused: 0, failed: 0 }
    row[outcome] += 1
    counts.set(target, row)
    if (outcome !== 'failed') return
    failures.push(
      `${target}: --seed ${options.seed} --from ${at} --count 1${options.only ? ` --only ${options.only}` : ''}`,
    )
    say(`failed: ${failures.at(-1)}\n  ${why ?? ''}`)
  }
  for (let at = from; at < from + wanted;) at = await stretch(options, at, from + wanted, tell)
  const rows = [...counts].map(([name, row]) => [name, ...[row.clean, row.refused, row.failed].map((n) => count(n))])
  say(alignColumns([['input', 'clean', 'refused', 'failed'], ...rows], [1, 2, 3]))
  return { done: `${count(wanted)} damaged inputs`, failures }
}
