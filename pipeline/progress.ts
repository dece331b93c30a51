// Progress of long work: one line that renews itself on a terminal, plain lines now and then elsewhere.
import { stripVTControlCharacters } from 'node:util'
import { columnsOf, fit, painter, type Paint } from '../core/style.ts'
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

interface ProgressOptions {
  readonly output?: Output
  /** Milliseconds of some clock. */
  readonly now?: () => number
  /** Nothing but what went wrong or deserves a second look: lines that begin with "note:". */
  readonly quiet?: boolean
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Work of less than this gets no bar. */
const BAR_AFTER_MS = 2000

/** `━━━━────  45%`, as wide as the terminal has room for beside what is said, or empty. */
const bar = (done: number, total: number, columns: number, paint: Paint): string => {
  const width = columns >= 100 ? 24 : columns >= 70 ? 14 : 0
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0
  const full = Math.floor(share * width)
  const drawn = width === 0 ? '' : `${paint('green', '━'.repeat(full))}${paint('dim', '─'.repeat(width - full))} `
  return `${drawn}${String(Math.floor(100 * share)).padStart(3)}%  `
}

/** A line of a run as it is shown: the stage bold, what need not be done again dim, notes in yellow. */
const decorated = (line: string, paint: Paint): string => {
  const note = /^(\s*)note:/.exec(line)
  if (note) return line.replace('note:', paint('yellow', 'note:'))
  const [, stage, rest] = /^([a-z]+)( +.*)$/s.exec(line) ?? []
  if (stage === undefined || rest === undefined) return line
  return / up to date/.test(rest) ? `${paint('bold', stage)}${paint('dim', rest)}` : `${paint('bold', stage)}${rest}`
}

export const createProgress = ({
  output = process.stderr,
  now = () => performance.now(),
  quiet = false,
  env = process.env,
}: ProgressOptions = {}): Progress => {
  const live = output.isTTY === true && env['TERM'] !== 'dumb'
  const paint = painter(output, env)
  let label = ''
  let began = 0
  let before = 0
  let shownAt = 0

  const clear = (): void => {
    if (live) output.write('\r\x1b[2K')
  }
  const say = (text: string): void => {
    if (quiet && !/^\s*note:/.test(text)) return
    clear()
    output.write(`${decorated(printable(text), paint)}\n`)
  }
  return {
    say,
    start: (nextLabel, done = 0) => {
      ;[label, before, began, shownAt] = [nextLabel, done, now(), now()]
    },
    update: (done, total, unit, note = '') => {
      if (quiet || now() - shownAt < (live ? 100 : 5000)) return
      shownAt = now()
      // Work done before a resume must not flatter the rate, and a stage that looks over it again must not sink it.
      const rate = Math.max(0, done - before) / ((now() - began) / 1000)
      const share = total === null ? count(done) : `${count(done)}/${count(total)}`
      const eta = total === null || rate <= 0 ? '' : `, ${duration((total - done) / rate)} left`
      const slow = rate > 0 && rate < 0.1
      const speed = slow ? `${duration(1 / rate)} each` : `${rate >= 10 ? count(rate) : rate.toFixed(1)}/s`
      const text = printableLine(`${share} ${unit}, ${speed}${eta}${note === '' ? '' : `, ${note}`}`)
      const head = printableLine(`  ${label}: `)
      if (!live) {
        output.write(`${head}${text}\n`)
        return
      }
      const room = (output.columns ?? 100) - 1
      const drawn = total === null || now() - began < BAR_AFTER_MS ? '' : bar(done, total, room, paint)
      const used = columnsOf(head) + columnsOf(stripVTControlCharacters(drawn))
      const line = used >= room ? fit(`${head}${text}`, room) : `${head}${drawn}${fit(text, room - used)}`
      output.write(`\r\x1b[2K${line}`)
    },
    finish: say,
  }
}
