// What a stage reads of other stages, declared by name: tables and files. A list of stages is checked before it runs.
import type { Table } from '../core/columns.ts'
import { UserError } from '../core/errors.ts'
import { unknownName } from '../core/nearest.ts'

interface Source<C> {
  /** The stage that wrote it. */
  readonly stage: string
  /** Whether this configuration reads it; default: always. */
  when?(config: C): boolean
  /** Left out where the configuration gives the other stage nothing to work on. */
  readonly optional?: boolean
}

export interface TableRead<C> extends Source<C> {
  readonly table: Table
  /** Another read: part i of this table belongs to part i of that one, row by row. Checked when it is asked for. */
  readonly alignedWith?: string
}

/** A file or folder that a stage writes beside its tables. */
export interface FileRead<C> extends Source<C> {
  /** Path below the stage's folder; "." is the folder. */
  readonly file: string
}

export type Read<C> = TableRead<C> | FileRead<C>
export type Reads<C> = Readonly<Record<string, Read<C>>>

/** Names of the reads that are tables, files, and tables lined up with another. */
export type TablesOf<R> = { [K in keyof R]: R[K] extends { readonly table: Table } ? K : never }[keyof R] & string
export type FilesOf<R> = { [K in keyof R]: R[K] extends { readonly file: string } ? K : never }[keyof R] & string
export type AlignedOf<R> = { [K in keyof R]: R[K] extends { readonly alignedWith: string } ? K : never }[keyof R] &
  string

/** What of a stage its place in a list depends on. */
export interface Listed<C> {
  readonly name: string
  readonly reads: Reads<C>
  readonly writes: readonly Table[]
  readonly config?: Readonly<Record<string, unknown>>
  given?(config: C): boolean
}

/** The stage of that name. Errors: UserError when the list has none. */
export const byName = <S extends { readonly name: string }>(stages: readonly S[], name: string): S => {
  const stage = stages.find((candidate) => candidate.name === name)
  if (stage) return stage
  const known = stages.map((candidate) => candidate.name)
  throw unknownName({ where: `stage ${name}`, expected: 'the name of a stage', name, known, list: 'The stages' })
}

/** Whether this configuration makes the stage read it. */
export const isRead = <C>(stages: readonly Listed<C>[], read: Read<C>, config: C): boolean => {
  if (read.when && !read.when(config)) return false
  return read.optional !== true || byName(stages, read.stage).given?.(config) !== false
}

/** Stages whose output `stage` reads, in the list's order. */
export const needsOf = <C>(stages: readonly Listed<C>[], stage: Listed<C>, config: C): string[] => {
  const read = Object.values(stage.reads).filter((one) => isRead(stages, one, config))
  const names = new Set(read.map((one) => one.stage))
  return stages.flatMap(({ name }) => (names.has(name) ? [name] : []))
}

const misplaced = (stage: string, expected: string, found: string): UserError =>
  new UserError({ where: `stage ${stage}`, expected, found, fix: 'Correct its description, or the list of stages.' })

const checkRead = <C>(stage: Listed<C>, name: string, read: Read<C>, before: readonly Listed<C>[]): void => {
  const source = before.find((candidate) => candidate.name === read.stage)
  if (!source)
    throw misplaced(stage.name, `stage ${read.stage}, which it reads, to be listed before it`, 'it later or not at all')
  if (!('table' in read)) return
  if (!source.writes.includes(read.table))
    throw misplaced(stage.name, `stage ${read.stage} to write the table ${read.table.name}`, `'${name}' reads it`)
  const { alignedWith } = read
  if (alignedWith !== undefined && !('table' in (stage.reads[alignedWith] ?? {})))
    throw misplaced(stage.name, `'${name}' to line up with another table that it reads`, `'${alignedWith}'`)
}

/**
 * Errors: UserError when two stages share a name or lay claim to one section of the configuration, or when a stage
 * reads what no stage before it writes.
 */
export const checkList = <C>(stages: readonly Listed<C>[]): void => {
  const sections = new Map<string, unknown>()
  for (const [at, stage] of stages.entries()) {
    const before = stages.slice(0, at)
    if (before.some(({ name }) => name === stage.name)) throw misplaced(stage.name, 'a name of its own', 'it twice')
    for (const [key, schema] of Object.entries(stage.config ?? {})) {
      if (sections.has(key) && sections.get(key) !== schema)
        throw misplaced(stage.name, `the section '${key}' as the other stage has it`, 'another schema')
      sections.set(key, schema)
    }
    for (const [name, read] of Object.entries(stage.reads)) checkRead(stage, name, read, before)
  }
}

/** The configuration as a stage sees it: without the sections that only other stages own. */
export const viewOf = <C>(stages: readonly Listed<C>[], stage: Listed<C>, config: C): C => {
  const hidden = new Set(stages.flatMap((other) => Object.keys(other.config ?? {})))
  for (const key of Object.keys(stage.config ?? {})) hidden.delete(key)
  if (hidden.size === 0 || config === null || typeof config !== 'object') return config
  const view: C & object = { ...config }
  for (const key of hidden) Reflect.deleteProperty(view, key)
  return view
}
