// Says when a server cannot be reached, at once and once, and when it answers again.
import { printableLine } from '../../core/terminal.ts'
import { FIRST_OUTAGE_MS } from './balancer.ts'

export const onStderr = (line: string): void =>
  void process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[2K' : ''}${printableLine(line)}\n`)

interface ReachableOptions {
  /** How endpoint `at` is called, without secrets. */
  readonly name: (at: number) => string
  /** Seconds without any working endpoint until the run stops. */
  readonly outage: number
  readonly say: (line: string) => void
}

interface Reachable {
  failed(endpoint: number, why: string): void
  answered(endpoint: number): void
}

const span = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`

export const createReachable = ({ name, outage, say }: ReachableOptions): Reachable => {
  const away = new Set<number>()
  let hasWorked = false
  return {
    failed: (endpoint, why) => {
      if (away.has(endpoint)) return
      away.add(endpoint)
      const patience = hasWorked ? outage : Math.min(outage, FIRST_OUTAGE_MS / 1000)
      say(`note: ${name(endpoint)}: ${why}, retrying for ${span(patience)}; Ctrl-C stops`)
    },
    answered: (endpoint) => {
      hasWorked = true
      if (away.delete(endpoint)) say(`note: ${name(endpoint)} answers again`)
    },
  }
}
