// What a stage is, and what it is given to work with.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Row, Table } from '../core/columns.ts'
import { Interrupted } from '../core/errors.ts'
import { makeFolder, writeFileLightly } from '../core/files.ts'
import { PROGRESS, SCRATCH } from './manifest.ts'
import { listParts, shardExists, writeShard, type Shard } from './parts.ts'
import type { Progress } from './progress.ts'

/** What a stage reports when it is done; every drop and skip is one of the counts. */
export interface Outcome {
  readonly counts: Readonly<Record<string, number>>
  readonly warnings?: readonly string[]
}

export interface Stage<C> {
  readonly name: string
  /** Raise it when the stage's code writes something else for the same input. */
  readonly version: number
  /** One line for `--help`. */
  readonly summary: string
  readonly tables: readonly Table[]
  /** Stages whose output this one reads. */
  needs(config: C): readonly string[]
  /** What of the configuration changes the output. */
  parameters(config: C): unknown
  /** Files and folders outside the run that it reads. */
  outside(config: C): readonly string[]
  run(context: StageContext<C>): Promise<Outcome>
}

export interface StageContext<C> {
  readonly config: C
  /** The stage's own folder. */
  readonly folder: string
  /** A folder for what need not be kept; emptied before and after. */
  readonly scratch: string
  readonly progress: Progress
  readonly signal: AbortSignal
  /** Parts of another stage's table, in order; empty if it wrote none. */
  parts(stage: string, table: Table): readonly string[]
  /** The folder of another stage. */
  folderOf(stage: string): string
  /** Notes how far the stage is, for `status` and the progress line. */
  mark(done: number, total: number | null, unit: string, note?: string): void
  /** Writes shard `index` of this stage's tables unless it exists. Stops here when the user interrupts. */
  shard(index: number, fill: (shard: Shard) => Promise<void>): Promise<boolean>
  /** True when part `index` of these tables exists. */
  done(index: number, tables: readonly Table[]): boolean
  /** A shard of a single table from rows at hand. */
  write<T extends Table>(table: T, index: number, rows: readonly Row<T>[]): Promise<void>
  /** Throws Interrupted when the user asked to stop. */
  check(): void
}

interface ContextOptions<C> {
  readonly stage: Stage<C>
  readonly config: C
  readonly run: string
  readonly fingerprint: string
  readonly progress: Progress
  readonly signal: AbortSignal
}

export const stageFolder = (run: string, stage: string): string => join(run, stage)

/** The context of one stage's run. */
export const createContext = <C>(options: ContextOptions<C>): StageContext<C> => {
  const { stage, config, run, fingerprint, progress, signal } = options
  const folder = stageFolder(run, stage.name)
  const scratch = join(folder, SCRATCH)
  rmSync(scratch, { recursive: true, force: true })
  makeFolder(scratch)
  const check = (): void => {
    if (signal.aborted) throw new Interrupted()
  }
  const mark = (done: number, total: number | null, unit: string, note?: string): void => {
    writeFileLightly(join(folder, PROGRESS), JSON.stringify({ fingerprint, done, total, unit }))
    progress.update(done, total, unit, note)
  }
  return {
    config,
    folder,
    scratch,
    progress,
    signal,
    check,
    mark,
    folderOf: (name) => stageFolder(run, name),
    parts: (name, table) => listParts(stageFolder(run, name), table),
    done: (index, tables) => shardExists(folder, tables, index),
    shard: (index, fill) => {
      check()
      return writeShard(folder, stage.tables, index, fill)
    },
    write: async (table, index, rows) => {
      check()
      makeFolder(folder)
      await writeShard(folder, [table], index, (shard) => shard.write(table, rows))
    },
  }
}
