// Rows of LRAT-Train JSONL, checked, and the ones that training drops.
import { readJsonLines } from '../../data/readers/lines.ts'
import { UserError } from '../../core/errors.ts'

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

export interface KeepPolicy {
  readonly unsatisfied: boolean
  readonly emptyQuery: boolean
  readonly noNegative: boolean
}
export interface RowCounts {
  read: number
  unsatisfied: number
  emptyQuery: number
  noNegative: number
  kept: number
}
export const noRows = (): RowCounts => ({ read: 0, unsatisfied: 0, emptyQuery: 0, noNegative: 0, kept: 0 })

/** The rows to train on, in order; what is dropped, and for which reason first, is counted in `counts`. */
export async function* trainRows(path: string, keep: KeepPolicy, counts: RowCounts): AsyncGenerator<TrainRow> {
  for await (const lines of readJsonLines(path)) {
    for (const { value, number } of lines) {
      const row = check(value, `${path} line ${number}`)
      counts.read++
      if (!row.satisfied && !keep.unsatisfied) counts.unsatisfied++
      else if (row.query.trim() === '' && !keep.emptyQuery) counts.emptyQuery++
      else if (row.negatives.length === 0 && !keep.noNegative) counts.noNegative++
      else {
        counts.kept++
        yield row
      }
    }
  }
}

const strings = (value: unknown): value is string[] => Array.isArray(value) && value.every((x) => typeof x === 'string')

const check = (value: unknown, where: string): TrainRow & { readonly satisfied: boolean } => {
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
