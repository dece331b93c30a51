// What a stage is, and what it is given to work with.
import type { Row, Table } from '../core/columns.ts'
import type { Manifest } from './manifest.ts'
import type { Shard } from './parts.ts'
import type { Progress } from './progress.ts'
import type { AlignedOf, FilesOf, Reads, TablesOf } from './reads.ts'

/** What a stage reports when it is done; every drop and skip is one of the counts. */
export interface Outcome {
  readonly counts: Readonly<Record<string, number>>
  readonly warnings?: readonly string[]
  /** Of what computed, beside those that every manifest has. */
  readonly versions?: Readonly<Record<string, string>>
}

/** A step of the funnel, or more of what was dropped at a step that an earlier stage counted (without `count`). */
export interface FunnelRow {
  readonly step: string
  readonly count?: number | undefined
  /** What was dropped on the way here, by reason; zeros are left out. */
  readonly dropped?: Readonly<Record<string, number | undefined>>
}

/** What a stage adds to the report beside the funnel. */
export interface ReportSection {
  /** Its key in report.json. */
  readonly key: string
  /**
   * What report.json and the printed report hold of it (`text` ends without a newline); the manifest is undefined where
   * the stage is not finished. Errors: UserError where a file of the stage is damaged.
   */
  of(folder: string, manifest: Manifest | undefined): { readonly json: unknown; readonly text?: string | undefined }
}

/** An earlier way of a stage to come to its fingerprint, so that what it wrote is recognised. */
export interface Earlier<C> {
  readonly version: number
  /** What of the configuration it held to change the output, `whole` with all sections; default: what it is now. */
  parameters?(config: C, whole: unknown): unknown
  /** Turns what that version wrote into what this one writes; default: it is the same. */
  convert?(folder: string, manifest: Manifest): Promise<void>
}

/**
 * One description of a stage. From a list of them follow the configuration's schema and its reference, the commands,
 * `status`, `show`, `clean`, and the report.
 */
export interface Stage<C> {
  readonly name: string
  /** Raise it when the stage's code writes something else for the same input. */
  readonly version: number
  /** Earlier versions whose results still count. */
  readonly earlier?: readonly Earlier<C>[]
  /** One line for `--help`. */
  readonly summary: string
  /** Its sections of the configuration, as zod schemas by key. It sees these and those that no stage owns. */
  readonly config?: Readonly<Record<string, unknown>>
  /** What it reads of stages before it; it can read nothing else of them. */
  readonly reads: Reads<C>
  readonly writes: readonly Table[]
  /** Of the tables it writes those that line up, part by part and row by row, with a table read; checked at the end. */
  readonly aligned?: Readonly<Record<string, string>>
  /** Whether the configuration gives it anything to work on; default: yes. */
  given?(config: C): boolean
  /** What of the configuration changes the output. */
  parameters(config: C): unknown
  /** Files and folders outside the run that it reads; default: none. */
  outside?(config: C): readonly string[]
  /**
   * What of its parameters names the model that was paid, in money or long waiting, for the result; undefined where none
   * was. Paid work is never done again unasked.
   */
  paid?(parameters: unknown): unknown
  /** Its run takes over from the result kept aside what the same model was paid for. */
  readonly takesOver?: boolean
  /** Its rows of the funnel. */
  funnel?(manifest: Manifest): readonly FunnelRow[]
  readonly section?: ReportSection
  run(context: StageContext<C>): Promise<Outcome>
}

/** What a stage works with. Names of reads and own tables are those of its description: others do not compile. */
export interface StageContext<
  C,
  Tables extends string = string,
  Files extends string = string,
  Aligned extends string = string,
  Own extends Table = Table,
> {
  readonly config: C
  /** The stage's own folder. */
  readonly folder: string
  /** A folder for what need not be kept; emptied before and after. */
  readonly scratch: string
  readonly progress: Progress
  readonly signal: AbortSignal
  /** Stages that this one rests on, directly or not, in order. */
  readonly restsOn: readonly string[]
  /** Parts of a table that it reads, in order; empty if none was written. Throws for what is not declared. */
  parts(name: Tables): readonly string[]
  /**
   * Parts of a table declared as aligned, each as [part it lines up with, part]. Errors: UserError where the parts
   * or their rows do not match.
   */
  aligned(name: Aligned): Promise<readonly (readonly [string, string])[]>
  /** Path of a file or folder that it reads. Throws for what is not declared. */
  path(name: Files): string
  /** Fingerprint of the stage that a read comes from. */
  fingerprint(name: Tables | Files): string
  /** The parameters that the stage was run with that a read comes from. */
  recorded(name: Tables | Files): unknown
  /** Parts of one of its own tables, in order. */
  written(table: Own): readonly string[]
  /** Notes how far the stage is, for `status` and the progress line. */
  mark(done: number, total: number | null, unit: string, note?: string): void
  /** Writes shard `index` of this stage's tables unless it exists. Stops here when the user interrupts. */
  shard(index: number, fill: (shard: Shard) => Promise<void>): Promise<boolean>
  /** True when part `index` of these tables exists. */
  done(index: number, tables: readonly Own[]): boolean
  /** A shard of a single table from rows at hand. */
  write<T extends Own>(table: T, index: number, rows: readonly Row<T>[]): Promise<void>
  /** Throws Interrupted when the user asked to stop. */
  check(): void
}

/** The context of a stage with configuration C, reads R and tables W. */
export type ContextOf<C, R, W extends readonly Table[] = readonly []> = StageContext<
  C,
  TablesOf<R>,
  FilesOf<R>,
  AlignedOf<R>,
  W[number]
>
