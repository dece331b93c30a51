// A stage's manifest: written last, it says what the stage read, how it was set, and what it wrote.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Table } from '../core/columns.ts'
import { all, parquetMetadata, writer } from '../core/database.ts'
import { UserError } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { hashFile, stampOf, type OutsideFile } from './fingerprint.ts'
import { listParts } from './parts.ts'

export interface PartRecord {
  /** Path relative to the stage's folder. */
  readonly file: string
  /** Null for a file that is no table. */
  readonly rows: number | null
  readonly bytes: number
  readonly sha256: string
  /** Size, time and inode when it was hashed; while they stay, it need not be hashed again. */
  readonly stamp: string
}

export interface Manifest {
  readonly stage: string
  readonly fingerprint: string
  readonly stageVersion: number
  readonly parameters: unknown
  /** Fingerprints of the stages read. */
  readonly inputs: Readonly<Record<string, string>>
  readonly outside: readonly OutsideFile[]
  readonly versions: Readonly<Record<string, string>>
  readonly tables: Readonly<Record<string, readonly PartRecord[]>>
  /** What the stage wrote beside tables. */
  readonly files: readonly PartRecord[]
  /** What the stage counted: the funnel, drops, skips. */
  readonly counts: Readonly<Record<string, number>>
  readonly warnings: readonly string[]
  readonly seconds: number
}

const MANIFEST = 'manifest.json'

export const readManifest = (folder: string): Manifest | undefined => {
  const path = join(folder, MANIFEST)
  if (!existsSync(path)) return undefined
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest
  } catch (cause) {
    throw new UserError({
      where: path,
      expected: 'a manifest in JSON',
      found: 'something else',
      fix: 'Delete this file: the stage will run again.',
      cause,
    })
  }
}

export const writeManifest = (folder: string, manifest: Manifest): void =>
  writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`)

const rowsOf = async (path: string): Promise<number> => {
  const [meta] = await all<{ rows: bigint }>(await writer(), `SELECT num_rows AS "rows" FROM ${parquetMetadata(path)}`)
  return Number(meta.rows)
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
    parts[table.name] = []
    for (const path of listParts(folder, table)) parts[table.name].push(record(folder, path, await rowsOf(path)))
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

export interface ProgressMark {
  readonly fingerprint: string
  readonly done: number
  readonly total: number | null
  readonly unit: string
}

export const readProgress = (folder: string): ProgressMark | undefined => {
  try {
    return JSON.parse(readFileSync(join(folder, PROGRESS), 'utf8')) as ProgressMark
  } catch {
    return undefined
  }
}

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
