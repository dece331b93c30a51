// How the trajectories ended: their statuses, and why, for people.
import { all, connect, parquet } from '../../core/database.ts'
import { count } from '../../pipeline/progress.ts'

/** Lines of the table of reasons. */
const SHOWN = 12
const WIDTH = 90

interface Ending {
  readonly status: string
  readonly http: number | null
  readonly reason: string
  readonly n: bigint
}

/** Reasons that differ in numbers alone are one. Tables of version 0.1 know none. */
const endingsOf = async (parts: readonly string[]): Promise<Ending[]> => {
  const connection = await connect({ threads: 1 })
  try {
    return await all<Ending>(
      connection,
      `SELECT status, http_status AS http, regexp_replace(coalesce(reason, ''), '[0-9]+', '#', 'g') AS reason, count(*) AS n
       FROM ${parquet(parts)} WHERE status <> 'completed' GROUP BY ALL ORDER BY n DESC, status, reason`,
    )
  } finally {
    connection.closeSync()
  }
}

/** Statuses that come of a server or a form, and not of the question. */
const RETRYABLE = ['api-error', 'format-error']

/** A table of why trajectories did not end with an answer, and what can be done about it; no lines where all did. */
export const endingsTable = async (parts: readonly string[]): Promise<string[]> => {
  const endings = await endingsOf(parts)
  const lines = endings.slice(0, SHOWN).map(({ status, http, reason, n }) => {
    const why = [...(http === null ? [] : [String(http)]), reason].filter((part) => part !== '').join(' ')
    const shown = why.length > WIDTH ? `${why.slice(0, WIDTH)}…` : why
    return `          ${count(Number(n)).padStart(7)}  ${status.padEnd(13)} ${shown}`.trimEnd()
  })
  const rest = endings.slice(SHOWN).reduce((sum, { n }) => sum + Number(n), 0)
  if (rest > 0) lines.push(`          ${count(rest).padStart(7)}  for other reasons`)
  const statuses = RETRYABLE.filter((status) => endings.some((ending) => ending.status === status))
  if (statuses.length > 0)
    lines.push(`          lrat generate … --retry ${statuses.join(',')} asks these questions again`)
  return lines
}
