// A stage's manifest: written last, it says what the stage read, how it was set, and what it wrote.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Table } from '../core/columns.ts'
import { all, parquetMetadata, writer } from '../core/database.ts'
import { UserError } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { hashFile, stampOf } from './fingerprint.ts'
import { listParts } from './parts.ts'
import { readRecord } from './record.ts'

const partRecord = z.object({
  /** Path relative to the stage's folder. */
  file: z.string(),
  /** Null for a file that is no table. */
  rows: z.number().nullable(),
  bytes: z.number(),
  sha256: z.string(),
  /** Size, time and inode when it was hashed; while they stay, it need not be hashed again. */
  stamp: z.string(),
})
export type PartRecord = Readonly<z.output<typeof partRecord>>

const manifestSchema = z.object({
  stage: z.string(),
  fingerprint: z.string(),
  stageVersion: z.number(),
  parameters: z.unknown(),
  /** Fingerprints of the stages read. */
  inputs: z.record(z.string(), z.string()),
  outside: z.array(z.object({ path: z.string(), sha256: z.string(), bytes: z.number() })),
  versions: z.record(z.string(), z.string()),
  tables: z.record(z.string(), z.array(partRecord)),
  /** What the stage wrote beside tables. */
  files: z.array(partRecord),
  /** What the stage counted: the funnel, drops, skips. */
  counts: z.record(z.string(), z.number()),
  warnings: z.array(z.string()),
  seconds: z.number(),
})

type Frozen<T> = T extends readonly (infer I)[]
  ? readonly Frozen<I>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T
export type Manifest = Frozen<z.output<typeof manifestSchema>>

/** The folder of a stage in a run. */
export const stageFolder = (run: string, stage: string): string => join(run, stage)

const MANIFEST = 'manifest.json'

/** Errors: UserError where the file is there and is no manifest. */
export const readManifest = (folder: string): Manifest | undefined =>
  readRecord(join(folder, MANIFEST), manifestSchema, {
    expected: 'the manifest of a stage',
    fix: 'Restore it from a copy; or delete it, and the stage runs again.',
  })

export const writeManifest = (folder: string, manifest: Manifest): void =>
  writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`)

/** Rows of a part, by its metadata. */
export const rowsOf = async (path: string): Promise<number> => {
  const found = await all<{ rows: bigint }>(await writer(), `SELECT num_rows AS "rows" FROM ${parquetMetadata(path)}`)
  return found.reduce((sum, { rows }) => sum + Number(rows), 0)
}

const record = (folder: string, path: string, rows: number | null): PartRecord => ({
  file: path.slice(folder.length + 1),
  rows,
  bytes: statSync(path).size,
  sha256: hashFile(path),
  stamp: stampOf(path),
})

/** Records of a stage's finished tables and of every other file it left, scratch and bookkeeping aside. */
export const recordOutputs = async (
  folder: string,
  tables: readonly Table[],
): Promise<Pick<Manifest, 'tables' | 'files'>> => {
  const parts: Record<string, PartRecord[]> = {}
  for (const table of tables) {
    const records: PartRecord[] = []
    for (const path of listParts(folder, table)) records.push(record(folder, path, await rowsOf(path)))
    parts[table.name] = records
  }
  const skipped = new Set([MANIFEST, PROGRESS, SCRATCH, ...tables.map((table) => table.name)])
  const files = readdirSync(folder)
    .filter((name) => !skipped.has(name))
    .flatMap((name) =>
      statSync(join(folder, name)).isDirectory()
        ? readdirSync(join(folder, name), { withFileTypes: true, recursive: true })
            .filter((entry) => entry.isFile())
            .map((entry) => join(entry.parentPath, entry.name))
        : [join(folder, name)],
    )
    .sort()
  return { tables: parts, files: files.map((path) => record(folder, path, null)) }
}

/** The mark of work under way; holds the fingerprint that the parts beside it belong to. */
export const PROGRESS = 'progress.json'
/** A folder below the stage's for what need not be kept. */
export const SCRATCH = 'scratch'

const progressMark = z.object({
  fingerprint: z.string(),
  done: z.number(),
  total: z.number().nullable(),
  unit: z.string(),
  /** Whether the work cost money or long waiting; marks of earlier versions do not say. */
  paid: z.boolean().optional(),
})
export type ProgressMark = Readonly<z.output<typeof progressMark>>

/** Errors: UserError where the file is there and is no mark. */
export const readProgress = (folder: string): ProgressMark | undefined =>
  readRecord(join(folder, PROGRESS), progressMark, {
    expected: 'the mark of a stage under way',
    fix: 'Delete it, and the stage starts over.',
  })

const verified = new Set<string>()

/** Errors: UserError naming the first file that is missing, cut short or altered. */
export const verifyOutputs = (folder: string, manifest: Manifest): void => {
  for (const { file, bytes, sha256, stamp } of [...Object.values(manifest.tables).flat(), ...manifest.files]) {
    const path = join(folder, file)
    if (verified.has(`${path}:${sha256}`)) continue
    const found = !existsSync(path)
      ? 'no such file'
      : statSync(path).size !== bytes
        ? `${statSync(path).size} bytes`
        : stampOf(path) !== stamp && hashFile(path) !== sha256
          ? 'other content (its SHA-256 differs)'
          : undefined
    if (found !== undefined)
      throw new UserError({
        where: path,
        expected: `the ${bytes} bytes that stage ${manifest.stage} wrote`,
        found,
        fix: `Write it again with --from ${manifest.stage}.`,
      })
    verified.add(`${path}:${sha256}`)
  }
}

/** Marks a manifest's files as just written by this process, so that the next stage need not read them to check. */
export const trustOutputs = (folder: string, manifest: Manifest): void => {
  for (const { file, sha256 } of [...Object.values(manifest.tables).flat(), ...manifest.files])
    verified.add(`${join(folder, file)}:${sha256}`)
}

/** Counts whose names begin with `prefix`, by what follows it, in words. */
export const countsAfter = (counts: Readonly<Record<string, number>>, prefix: string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, count]) => [name.slice(prefix.length).trim().replaceAll('_', ' '), count]),
  )
