// `lrat export-trajectories`: one file a trajectory in LRAT's layout, and an index of what is what; whole or not at all.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { toLratRun } from '../../data/readers/lrat-run.ts'
import { queries, trajectories, type Query, type Trajectory } from '../../data/schemas.ts'
import { connect, parquet, stream } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { diskError, makeFolder, temporary } from '../../core/files.ts'
import { printableLine } from '../../core/terminal.ts'
import { intactParts } from '../../pipeline/intact.ts'
import { count } from '../../pipeline/progress.ts'
import { note } from '../print.ts'
import { source } from './table-source.ts'

/** What every file system takes, and no program mistakes for something else. */
const PLAIN = /^[a-z0-9_#][a-z0-9._#-]{0,99}$/
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d|index)(?:\.|$)/

/**
 * A file name for any id, without its ending. Plain ids of small letters and digits stay as they are; others get what is
 * plain of them and a hash, so that no two ids share a name where capitals or accents do not count.
 */
export const fileNameOf = (id: string): string => {
  if (PLAIN.test(id) && !RESERVED.test(id) && !id.endsWith('.')) return id
  const plain = id.slice(0, 60).replaceAll(/[^A-Za-z0-9_#-]+/g, '_')
  return `${plain}-${createHash('sha256').update(id).digest('hex').slice(0, 16)}`
}

const INDEX = 'index.tsv'
const cell = (text: string): string => printableLine(text.replaceAll('\\', '\\\\'))

const checkFree = (out: string): void => {
  if (!existsSync(out) || readdirSync(out).length === 0) return
  throw new UserError({
    where: out,
    expected: 'a new or an empty folder',
    found: 'one that holds files',
    fix: 'Name another one with --out, or empty it.',
  })
}

const goldAnswers = async (run: string): Promise<Map<string, string>> => {
  const golds = new Map<string, string>()
  const parts = ['ingest', 'generate'].flatMap((stage) => intactParts(run, stage, queries))
  if (parts.length === 0) return golds
  const connection = await connect({ threads: 1 })
  try {
    for await (const rows of stream<Query>(connection, `SELECT * FROM ${parquet(parts)}`))
      for (const { query_id, answers } of rows) golds.set(query_id, answers[0] ?? '')
    return golds
  } finally {
    connection.closeSync()
  }
}

/** Errors: UserError when `out` holds files already, or cannot be written; then it is left as it was. */
export const exportTrajectories = async (run: string, { out: given }: { readonly out: string }): Promise<void> => {
  const out = resolve(given)
  const from = source(run, 'generate', trajectories)
  const partial = temporary(out)
  const connection = await connect({ threads: 1 })
  try {
    checkFree(out)
    const golds = await goldAnswers(run)
    makeFolder(dirname(out))
    rmSync(partial, { recursive: true, force: true })
    makeFolder(partial)
    const index = ['file\ttrajectory_id\tquery_id']
    for await (const rows of stream<Trajectory>(connection, `SELECT * FROM ${from}`))
      for (const row of rows) {
        const file = `${fileNameOf(row.trajectory_id)}.json`
        const json = JSON.stringify(toLratRun(row, golds.get(row.query_id)), null, 1)
        writeFileSync(join(partial, file), `${json}\n`, { flag: 'wx' })
        index.push([file, cell(row.trajectory_id), cell(row.query_id)].join('\t'))
      }
    writeFileSync(join(partial, INDEX), `${index.join('\n')}\n`)
    if (existsSync(out)) rmSync(out, { recursive: true })
    renameSync(partial, out)
    note(`${count(index.length - 1)} files in ${given}, named in ${INDEX}\n`)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw diskError(error, out)
  } finally {
    connection.closeSync()
  }
}
