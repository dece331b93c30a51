// The table of results that people read, and the same numbers for programs.
import type { Estimate } from './statistics.ts'
import { alignRows } from '../../core/align.ts'
import { many } from '../../pipeline/progress.ts'

/** One system's metrics over one set of queries. */
export interface ResultRow {
  readonly system: string
  readonly querySet: string
  /** Number of queries that were averaged over. */
  readonly n: number
  readonly metrics: Readonly<Record<string, Estimate>>
}

/** Two systems' difference (first minus second) in one metric over the same queries. */
export interface Comparison {
  readonly querySet: string
  readonly metric: string
  readonly systems: readonly [string, string]
  readonly difference: number
  /** Two-sided p of a paired randomisation test. */
  readonly p: number
}

const WIDTH = 100
const GAP = '  '

const number = (value: number): string => (Number.isFinite(value) ? value.toFixed(3) : '-')
const interval = ({ low, high }: Estimate): string => `${number(low)}–${number(high)}`

const groupBy = <T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) group.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}

/** Splits metrics into as many groups as fit beside the longest system name, each column an interval wide. */
const pages = (systemWidth: number, names: readonly string[]): string[][] => {
  const result: string[][] = []
  let used = Infinity
  for (const name of names) {
    const width = GAP.length + Math.max(name.length, '0.000–0.000'.length)
    if (used + width > WIDTH) {
      result.push([])
      used = systemWidth
    }
    result[result.length - 1].push(name)
    used += width
  }
  return result
}

/** What one line of a table says of each metric: a mean, and underneath its interval or p. */
interface TableRow {
  readonly label: string
  readonly cells: ReadonlyMap<string, readonly [string, string]>
}

const systemRow = (label: string, { metrics }: ResultRow): TableRow => ({
  label,
  cells: new Map(
    Object.entries(metrics).map(([name, estimate]) => [name, [number(estimate.mean), interval(estimate)] as const]),
  ),
})

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${number(Math.abs(value))}`
const chance = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${number(p)}`)

const comparisonRows = (comparisons: readonly Comparison[]): TableRow[] =>
  [...groupBy(comparisons, ({ systems: [a, b] }) => `${a} − ${b}`)].map(([label, members]) => ({
    label,
    cells: new Map(members.map(({ metric, difference, p }) => [metric, [signed(difference), chance(p)] as const])),
  }))

const block = (querySet: string, rows: readonly ResultRow[], comparisons: readonly Comparison[]): string[] => {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))]
  const counts = [...new Set(rows.map((row) => row.n))]
  const count = (n: number) => many(n, 'query', 'queries')
  const labelled = rows.map((row) =>
    systemRow(counts.length === 1 ? row.system : `${row.system} (${count(row.n)})`, row),
  )
  const lines = [...labelled, ...comparisonRows(comparisons)]
  const title = counts.length === 1 ? `${querySet} (${count(counts[0] ?? 0)})` : querySet
  const tables = pages(Math.max(6, ...lines.map(({ label }) => label.length)), names).map((columns) =>
    alignRows(
      [
        ['', ...columns],
        ...lines.flatMap(({ label, cells }) =>
          [0, 1].map((which) => [which === 0 ? label : '', ...columns.map((name) => cells.get(name)?.[which] ?? '')]),
        ),
      ],
      'all but the first',
    ),
  )
  return [
    title,
    ...tables.flatMap((table, i) => [...(i === 0 ? [] : ['']), ...table.map((line) => `  ${line}`.trimEnd())]),
  ]
}

/**
 * Plain text for a terminal, about 100 columns wide: one block a query set in order of appearance, each system's means
 * with their intervals underneath, then the differences with their p.
 */
export const formatResults = (rows: readonly ResultRow[], comparisons: readonly Comparison[] = []): string => {
  const compared = groupBy(comparisons, ({ querySet }) => querySet)
  return [...groupBy(rows, ({ querySet }) => querySet)]
    .map(([querySet, group]) => block(querySet, group, compared.get(querySet) ?? []).join('\n'))
    .join('\n\n')
}

/** The same numbers as an object for metrics.json: query set → system → n and metrics. */
export const resultsJson = (rows: readonly ResultRow[], comparisons: readonly Comparison[] = []) => ({
  results: Object.fromEntries(
    [...groupBy(rows, ({ querySet }) => querySet)].map(([querySet, group]) => [
      querySet,
      Object.fromEntries(group.map(({ system, n, metrics }) => [system, { queries: n, metrics }])),
    ]),
  ),
  comparisons,
})
