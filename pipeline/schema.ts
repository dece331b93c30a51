// Looks into zod schemas: the keys of an object behind defaults and unions, and what is noted beside a key.
import { z } from 'zod'

interface Definition {
  readonly type: string
  readonly innerType?: unknown
  readonly shape?: unknown
  readonly options?: unknown
}

const isSchema = (value: unknown): value is z.ZodType => value instanceof z.ZodType

const definition = (schema: z.ZodType): Definition => schema.def

/** Schemas behind a default, an optional and the like, from the outside in. */
export const innerOf = (schema: z.ZodType): z.ZodType[] => {
  const { innerType } = definition(schema)
  return isSchema(innerType) ? [innerType, ...innerOf(innerType)] : []
}

/** Keys of the object that a schema takes, with their schemas; of a union, those of every branch. */
export const entriesOf = (schema: z.ZodType): [string, z.ZodType][] => {
  const { innerType, shape, options } = definition(schema)
  if (isSchema(innerType)) return entriesOf(innerType)
  if (Array.isArray(options)) return options.filter(isSchema).flatMap(entriesOf)
  if (shape === null || typeof shape !== 'object') return []
  return Object.entries(shape).flatMap(([key, value]: [string, unknown]) => (isSchema(value) ? [[key, value]] : []))
}

/** What `.meta()` noted beside a schema. */
export const metaOf = (schema: z.ZodType): Readonly<Record<string, unknown>> => schema.meta() ?? {}
