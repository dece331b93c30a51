// What follows from a list of stages: the schema of the configuration, and the tables that runs hold.
import { z } from 'zod'
import type { Table } from '../core/columns.ts'
import type { Stage } from '../pipeline/stage.ts'
import { settings, type Settings } from './settings.ts'

type Both<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never

interface Sectioned {
  readonly name: string
  readonly config?: z.ZodRawShape
}

type Own<S> = S extends { readonly config: infer C } ? C : Record<never, never>

/** The sections of all stages of a list. */
type SectionsOf<L extends readonly Sectioned[]> = Both<Own<L[number]>> extends infer S extends z.ZodRawShape ? S : never

/** The schema of a whole configuration: what all stages share, then the sections of each. */
export const schemaOf = <const L extends readonly Sectioned[]>(stages: L) => {
  // A list's sections in one: their types cannot be followed through a loop.
  const sections = Object.fromEntries(stages.flatMap(({ config = {} }) => Object.entries(config))) as SectionsOf<L>
  return z.strictObject({ ...settings, ...sections })
}

/** A list of stages and the schema that validates its configuration: what commands are made of. */
export interface Method<C extends Settings> {
  readonly stages: readonly Stage<C>[]
  readonly schema: z.ZodType<C>
}

/** The tables that stages of a list write, each name once. */
export const tablesOf = (stages: readonly { readonly writes: readonly Table[] }[]): Table[] => [
  ...new Map(stages.flatMap(({ writes }) => writes).map((table) => [table.name, table])).values(),
]
