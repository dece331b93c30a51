// Rows of LRAT-Train JSONL, checked, and the ones that training drops.
import { readJsonLines } from '../../data/readers/lines.ts'
import { UserError } from '../../core/errors.ts'
import type { DropReason } from './config.ts'

/** The part of a row that training uses. */
export interface TrainRow {
  readonly query: string
  /** At least one. */
  readonly positives: readonly string[]
  readonly negatives: readonly string[]
  readonly weight: number
  /** The row's file and line. */
  readonly where: string
}

/** How many rows were read, dropped for which reason, and kept. */
export type RowCounts = Record<DropReason | 'read' | 'kept', number>
export const noRows = (): RowCounts => ({ read: 0, unsatisfied: 0, empty_query: 0, no_negative: 0, kept: 0 })

/** Why the method drops a row: the first of its reasons that is not among those to `keep`. */
const reasonOf = (row: CheckedRow, keep: readonly DropReason[]): DropReason | undefined => {
  if (!row.satisfied && !keep.includes('unsatisfied')) return 'unsatisfied'
  if (row.query.trim() === '' && !keep.includes('empty_query')) return 'empty_query'
  return row.negatives.length === 0 && !keep.includes('no_negative') ? 'no_negative' : undefined
}

/** The rows to train on, in order; what is dropped, and for which reason first, is counted in `counts`. */
export async function* trainRows(
  path: string,
  keep: readonly DropReason[],
  counts: RowCounts,
): AsyncGenerator<TrainRow> {
  for await (const lines of readJsonLines(path)) {
    for (const { value, number } of lines) {
      const row = check(value, `${path} line ${number}`)
      counts.read++
      const reason = reasonOf(row, keep)
      counts[reason ?? 'kept']++
      if (reason === undefined) yield row
    }
  }
}

const strings = (value: unknown): value is string[] => Array.isArray(value) && value.every((x) => typeof x === 'string')

interface CheckedRow extends TrainRow {
  readonly satisfied: boolean
}

const check = (value: unknown, where: string): CheckedRow => {
  const fail = (expected: string, found: unknown): UserError =>
    new UserError({
      where,
      expected,
      found: found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 80),
      fix: 'Training reads LRAT-Train JSONL: query, pos, neg, and optionally satisfied and reweight_rate.',
    })
  if (typeof value !== 'object' || value === null) throw fail('an object', value)
  const row = value as Readonly<Record<string, unknown>>
  if (typeof row.query !== 'string') throw fail('a string "query"', row.query)
  if (!strings(row.pos) || row.pos.length === 0) throw fail('"pos", a list of at least one text', row.pos)
  if (!strings(row.neg)) throw fail('"neg", a list of texts', row.neg)
  const weight = row.reweight_rate ?? 1
  if (typeof weight !== 'number' || !(weight >= 0) || weight === Infinity)
    throw fail('"reweight_rate", a number of at least 0', weight)
  const { query, pos, neg } = row
  return { query, positives: pos, negatives: neg, weight, where, satisfied: row.satisfied !== false }
}
