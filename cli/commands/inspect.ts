// `lrat status`, `lrat show` and `lrat clean`: looking at a run, and removing it.
import { type Command } from 'commander'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../pipeline/config.ts'
import type { Table } from '../../core/columns.ts'
import { all, connect, parquet } from '../../core/database.ts'
import { messageOf, UserError } from '../../core/errors.ts'
import { unknownName } from '../../core/nearest.ts'
import { lockRun } from '../../pipeline/lock.ts'
import { intactParts, partError } from '../../pipeline/intact.ts'
import { listParts } from '../../pipeline/parts.ts'
import { PREVIOUS } from '../../pipeline/previous.ts'
import { bytes, count, duration } from '../../pipeline/progress.ts'
import { statusOf } from '../../pipeline/status.ts'
import { tablesOf, type Method } from '../../stages/assemble.ts'
import { method as ours } from '../../stages/config.ts'
import type { Settings } from '../../stages/settings.ts'
import { alignColumns } from '../../core/align.ts'
import { withConfig, type ConfigFlags } from '../options.ts'
import { wholeNumber } from './metrics.ts'
import { showTrajectory } from './trajectories.ts'
import { note, print } from '../print.ts'

const showStatus = <C extends Settings>(
  { stages, schema }: Method<C>,
  { config: path, set, json }: ConfigFlags & { json?: boolean },
): void => {
  const config = loadConfig(schema, path, set)
  const found = statusOf(config.run, config, stages)
  if (json) {
    print(`${JSON.stringify(found, null, 1)}\n`)
    return
  }
  const cell = <T>(value: T | null, show: (value: T) => string): string => (value === null ? '' : show(value))
  const rows = found.map((stage) => [
    stage.stage,
    stage.state + (stage.detail === '' ? '' : `: ${stage.detail}`),
    cell(stage.rows, count),
    cell(stage.bytes, bytes),
    cell(stage.seconds, duration),
  ])
  print(`${config.run}\n${alignColumns([['stage', 'state', 'rows', 'bytes', 'time'], ...rows], [2, 3, 4])}\n`)
}

/** Parts of a table in whichever of the run's stages wrote it. */
const findTable = <C extends Settings>({ stages }: Method<C>, run: string, name: string): string[] => {
  if (!existsSync(run))
    throw new UserError({
      where: run,
      expected: 'the folder of a run',
      found: 'nothing at that path',
      fix: 'Name it as the config does under `run`.',
    })
  const partsOf = (table: Table): string[] =>
    stages.flatMap((stage) => (stage.writes.includes(table) ? listParts(join(run, stage.name), table) : []))
  const tables = tablesOf(stages)
  const table = tables.find((candidate) => candidate.name === name)
  const parts = table
    ? stages.flatMap((stage) => (stage.writes.includes(table) ? intactParts(run, stage.name, table) : []))
    : []
  if (parts.length > 0) return parts
  const present = tables.filter((candidate) => partsOf(candidate).length > 0)
  const writers = stages.filter((stage) => table && stage.writes.includes(table)).map((stage) => stage.name)
  if (table)
    throw new UserError({
      where: `${run}, table ${name}`,
      expected: 'a table that this run has',
      found: 'none of this name yet',
      fix: `Stage ${writers.join(' or ')} writes it.`,
    })
  throw unknownName({
    where: `${run}, table ${name}`,
    expected: 'the name of a table',
    name,
    known: (present.length > 0 ? present : tables).map((candidate) => candidate.name),
    list: present.length > 0 ? 'This run has' : 'This run has none yet; there are',
  })
}

const badCondition = (where: string, cause: unknown): UserError =>
  new UserError({
    where: `--where ${where}`,
    expected: 'a condition in SQL on the columns of the table',
    found: messageOf(cause).split('\n')[0] ?? '',
    fix: 'Write it as for DuckDB: --where "satisfied AND len(neg_docids) > 5".',
    cause,
  })

const WIDTH = 1000

interface ShowFlags {
  readonly limit: number
  readonly where?: string
  readonly json?: boolean
  readonly full?: boolean
}

const showTable = async (parts: readonly string[], name: string, flags: ShowFlags): Promise<void> => {
  const connection = await connect({ threads: 1 })
  try {
    const filter = flags.where === undefined ? '' : `WHERE ${flags.where}`
    const source = parquet(parts)
    const rows = await all<Record<string, unknown>>(
      connection,
      `SELECT * FROM ${source} ${filter} LIMIT ${flags.limit}`,
    ).catch(async (error: unknown) => {
      const named = await partError(parts, error)
      throw named !== error || flags.where === undefined ? named : badCondition(flags.where, error)
    })
    const counted = await all<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${source} ${filter}`)
    const total = counted.reduce((sum, { n }) => sum + Number(n), 0)
    const text = (value: unknown): string => {
      const full = typeof value === 'string' ? value : JSON.stringify(value, null, flags.json ? undefined : 1)
      return flags.json || full.length <= WIDTH ? full : `${full.slice(0, WIDTH)}… (${count(full.length)} characters)`
    }
    for (const row of rows) {
      if (flags.json) print(`${JSON.stringify(row)}\n`)
      else
        print(
          `${Object.entries(row)
            .map(([key, value]) => `${key}: ${text(value).replaceAll('\n', '\n    ')}`)
            .join('\n')}\n\n`,
        )
    }
    note(`${count(rows.length)} of ${count(total)} rows of ${name}\n`)
  } finally {
    connection.closeSync()
  }
}

const clean = <C extends Settings>(
  { stages, schema }: Method<C>,
  { config: path, set, yes }: ConfigFlags & { yes?: boolean },
): void => {
  const { run } = loadConfig(schema, path, set)
  const names = stages.map((stage) => stage.name)
  const own = new Set([...names, PREVIOUS, 'inputs.json', 'report.json', 'config.yaml', 'lock'])
  const present = existsSync(run) ? readdirSync(run) : []
  const foreign = present.filter((name) => !own.has(name))
  if (!yes) {
    print(
      `would remove from ${run}: ${present.filter((name) => own.has(name)).join(', ') || 'nothing'}; add --yes to do it\n`,
    )
    return
  }
  const release = lockRun(run)
  try {
    for (const name of present)
      if (own.has(name) && name !== 'lock') rmSync(join(run, name), { recursive: true, force: true })
  } finally {
    release()
  }
  if (foreign.length === 0) rmSync(run, { recursive: true, force: true })
  else print(`kept what no stage wrote: ${foreign.join(', ')}\n`)
}

/** Registers the commands for any list of stages. */
export const registerFor = <C extends Settings>(program: Command, method: Method<C>): void => {
  withConfig(program.command('status'))
    .description('how each stage stands: up to date, stale and why, partial, missing')
    .option('--json', 'print JSON')
    .action((flags: ConfigFlags & { json?: boolean }) => showStatus(method, flags))
  program
    .command('show')
    .description('print rows of a table of a run')
    .argument('<run>', 'folder of the run')
    .argument(
      '<table>',
      `one of ${tablesOf(method.stages)
        .map((table) => table.name)
        .join(', ')}; or: trajectory`,
    )
    .argument('[id]', 'of the trajectory, which is then printed step by step')
    .option('--limit <n>', 'rows to print', wholeNumber(0), 5)
    .option('--where <sql>', 'a condition in SQL, such as "status = \'completed\'"')
    .option('--json', 'print JSON lines, texts in full')
    .option('--full', "print a trajectory's tool outputs in full")
    .action((run: string, table: string, id: string | undefined, flags: ShowFlags) =>
      table === 'trajectory' && id !== undefined
        ? showTrajectory(run, id, flags.full === true)
        : showTable(findTable(method, run, table), table, flags),
    )
  withConfig(program.command('clean'))
    .description('remove what a run wrote')
    .option('--yes', 'do it; without this it only says what it would remove')
    .action((flags: ConfigFlags & { yes?: boolean }) => clean(method, flags))
}

export const register = (program: Command): void => registerFor(program, ours)
