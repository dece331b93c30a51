// The context of one stage's run: it opens what the stage declared, and nothing else.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Interrupted, UserError } from '../core/errors.ts'
import { makeFolder, writeFileLightly } from '../core/files.ts'
import { readManifest, rowsOf, PROGRESS, SCRATCH, stageFolder, type Manifest } from './manifest.ts'
import { listParts, shardExists, writeShard } from './parts.ts'
import type { Progress } from './progress.ts'
import { isRead, viewOf, type FileRead, type Read, type TableRead } from './reads.ts'
import type { Stage, StageContext } from './stage.ts'

interface ContextOptions<C> {
  readonly stages: readonly Stage<C>[]
  readonly stage: Stage<C>
  readonly config: C
  readonly run: string
  readonly fingerprint: string
  readonly restsOn: readonly string[]
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Errors: UserError unless both tables have the same number of parts, and as many rows in each. */
export const checkAligned = async (where: string, base: readonly string[], parts: readonly string[]): Promise<void> => {
  const rows = (paths: readonly string[]): Promise<number[]> => Promise.all(paths.map(rowsOf))
  const [expected, found] = [await rows(base), await rows(parts)]
  if (expected.join() === found.join()) return
  const words = (counts: readonly number[]): string =>
    `${counts.length} parts of ${counts.slice(0, 8).join(', ')}${counts.length > 8 ? ' …' : ''} rows`
  throw new UserError({
    where,
    expected: `${words(expected)}, as in the table that it lines up with`,
    found: words(found),
    fix: 'Run the stage that writes it again, with --from.',
  })
}

const opener = <C>({ stages, stage, config, run }: ContextOptions<C>) => {
  const declared = (name: string): { readonly read: Read<C>; readonly active: boolean } => {
    const read = stage.reads[name]
    if (!Object.hasOwn(stage.reads, name) || read === undefined)
      throw new Error(`stage ${stage.name} reads '${name}', which its description does not declare`)
    if (read.when && !read.when(config))
      throw new Error(`stage ${stage.name} reads '${name}', which this configuration does not let it read`)
    return { read, active: isRead(stages, read, config) }
  }
  const table = (name: string): { readonly read: TableRead<C>; readonly active: boolean } => {
    const { read, active } = declared(name)
    if ('table' in read) return { read, active }
    throw new Error(`stage ${stage.name} reads '${name}' as a table, which it declares as a file`)
  }
  const file = (name: string): FileRead<C> => {
    const { read } = declared(name)
    if ('file' in read) return read
    throw new Error(`stage ${stage.name} reads '${name}' as a file, which it declares as a table`)
  }
  const manifest = (name: string): Manifest => {
    const { read } = declared(name)
    const found = readManifest(stageFolder(run, read.stage))
    if (found) return found
    throw new Error(`stage ${stage.name} reads '${name}' of ${read.stage}, which has not run`)
  }
  const parts = (name: string): readonly string[] => {
    const { read, active } = table(name)
    return active ? listParts(stageFolder(run, read.stage), read.table) : []
  }
  const aligned = async (name: string): Promise<readonly (readonly [string, string])[]> => {
    const { read } = table(name)
    if (read.alignedWith === undefined) throw new Error(`stage ${stage.name}: '${name}' is not declared as aligned`)
    const [base, own] = [parts(read.alignedWith), parts(name)]
    await checkAligned(join(stageFolder(run, read.stage), read.table.name), base, own)
    return base.flatMap((path, at) => {
      const part = own[at]
      return part === undefined ? [] : [[path, part] as const]
    })
  }
  return { file, manifest, parts, aligned }
}

/** The context of one stage's run. */
export const createContext = <C>(options: ContextOptions<C>): StageContext<C> => {
  const { stages, stage, config, run, fingerprint, restsOn, progress, signal } = options
  const folder = stageFolder(run, stage.name)
  const scratch = join(folder, SCRATCH)
  rmSync(scratch, { recursive: true, force: true })
  makeFolder(scratch)
  const { file, manifest, parts, aligned } = opener(options)
  const check = (): void => {
    if (signal.aborted) throw new Interrupted()
  }
  const paid = stage.paid?.(stage.parameters(viewOf(stages, stage, config))) !== undefined
  const mark = (done: number, total: number | null, unit: string, note?: string): void => {
    writeFileLightly(join(folder, PROGRESS), JSON.stringify({ fingerprint, done, total, unit, paid }))
    progress.update(done, total, unit, note)
  }
  return {
    config: viewOf(stages, stage, config),
    folder,
    scratch,
    progress,
    signal,
    restsOn,
    check,
    mark,
    parts,
    aligned,
    path: (name) => {
      const read = file(name)
      return join(stageFolder(run, read.stage), read.file)
    },
    fingerprint: (name) => manifest(name).fingerprint,
    recorded: (name) => manifest(name).parameters,
    written: (table) => listParts(folder, table),
    done: (index, tables) => shardExists(folder, tables, index),
    shard: (index, fill) => {
      check()
      return writeShard(folder, stage.writes, index, fill)
    },
    write: async (table, index, rows) => {
      check()
      makeFolder(folder)
      await writeShard(folder, [table], index, (shard) => shard.write(table, rows))
    },
  }
}
