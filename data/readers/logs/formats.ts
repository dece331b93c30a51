// The formats of logs that are read. A new one is a file, and a line here.
import { UserError } from '../../../core/errors.ts'
import { anthropic, claudeTranscript } from './anthropic.ts'
import { atif } from './atif.ts'
import type { LogFormat } from './format.ts'
import { langfuse } from './langfuse.ts'
import { langsmith } from './langsmith.ts'
import { browsecompPlus, lrat } from './lrat.ts'
import { openai } from './openai.ts'
import { openresearcher } from './openresearcher.ts'
import { otlp } from './otlp.ts'
import { searchR1, tongyi } from './tagged.ts'

export const formats = {
  lrat,
  'browsecomp-plus': browsecompPlus,
  openai,
  anthropic,
  'claude-transcript': claudeTranscript,
  otlp,
  langfuse,
  langsmith,
  tongyi,
  openresearcher,
  atif,
  'search-r1': searchR1,
} satisfies Readonly<Record<string, LogFormat>>

export type FormatName = keyof typeof formats

const isFormatName = (name: string): name is FormatName => Object.hasOwn(formats, name)
export const formatNames: readonly FormatName[] = Object.keys(formats).filter(isFormatName)

export interface Detected {
  readonly format: FormatName
  /** Why, for people. */
  readonly why: string
}

/** Looked at to tell a format. */
export const SAMPLE = 20

/**
 * The format of some records: the one that most of them fit, of two the special case. Errors: UserError when none fits, or two fit
 * equally well that have nothing to do with each other.
 */
export const detectFormat = (records: readonly unknown[], where: string): Detected => {
  const fits = formatNames
    .map((name) => ({ name, count: records.filter((record) => formats[name].fits(record)).length }))
    .filter(({ count }) => count > 0)
  const most = Math.max(0, ...fits.map(({ count }) => count))
  const best = fits.filter(({ count }) => count === most).map(({ name }) => name)
  const special = best.filter(
    (name) => !best.some((other) => formats[other].refines.some((general) => general === name)),
  )
  const [format] = special
  if (format !== undefined && special.length === 1)
    return { format, why: `${most} of the first ${records.length} records are ${formats[format].summary}` }
  throw new UserError({
    where,
    expected: `logs in one of the formats ${formatNames.join(', ')}`,
    found:
      special.length === 0
        ? `none of them in ${records.length === 1 ? 'the first record' : `the first ${records.length} records`}: ${JSON.stringify(records[0])?.slice(0, 120) ?? 'nothing'}`
        : `records that fit ${special.join(' and ')} equally well`,
    fix: 'Name it: trajectories.format. `lrat inspect-logs PATH --format NAME` shows what is recognised.',
  })
}
