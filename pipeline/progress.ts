// Progress of long work: one line that renews itself on a terminal, plain lines now and then elsewhere.
import { printable, printableLine } from '../core/terminal.ts'

export interface Progress {
  /** Starts a piece of work, of which `done` units were done before (0 unless it resumes). */
  start(label: string, done?: number): void
  /** Sets how many of `total` units (null: unknown) are done in all; `note` follows the rate. */
  update(done: number, total: number | null, unit: string, note?: string): void
  /** Ends the piece of work with a summary line. */
  finish(summary: string): void
  /** A line of its own, above the progress line. */
  say(text: string): void
}

export const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** "1 run", "2,000 runs". */
export const many = (value: number, one: string, more = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : more}`

export const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return '?'
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export const bytes = (value: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)))
  const scaled = value / 1000 ** power
  return `${power === 0 ? scaled : scaled.toFixed(scaled < 10 ? 1 : 0)} ${units[power]}`
}

interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export const createProgress = (
  output: Output = process.stderr,
  now: () => number = () => performance.now(),
): Progress => {
  const live = output.isTTY === true
  let label = ''
  let began = 0
  let before = 0
  let shownAt = 0

  const clear = (): void => {
    if (live) output.write('\r\x1b[2K')
  }
  const say = (text: string): void => {
    clear()
    output.write(`${printable(text)}\n`)
  }
  return {
    say,
    start: (nextLabel, done = 0) => {
      ;[label, before, began, shownAt] = [nextLabel, done, now(), now()]
    },
    update: (done, total, unit, note = '') => {
      if (now() - shownAt < (live ? 100 : 5000)) return
      shownAt = now()
      // Work done before a resume must not flatter the rate, and a stage that looks over it again must not sink it.
      const rate = Math.max(0, done - before) / ((now() - began) / 1000)
      const share = total === null ? count(done) : `${count(done)}/${count(total)}`
      const eta = total === null || rate <= 0 ? '' : `, ${duration((total - done) / rate)} left`
      const slow = rate > 0 && rate < 0.1
      const speed = slow ? `${duration(1 / rate)} each` : `${rate >= 10 ? count(rate) : rate.toFixed(1)}/s`
      const text = printableLine(`  ${label}: ${share} ${unit}, ${speed}${eta}${note === '' ? '' : `, ${note}`}`)
      if (live) output.write(`\r\x1b[2K${text.slice(0, (output.columns ?? 100) - 1)}`)
      else output.write(`${text}\n`)
    },
    finish: say,
  }
}
