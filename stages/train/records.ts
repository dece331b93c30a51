// What training reads back of its own, and the shapes that it must have.
import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import type { Journal } from '../../pipeline/journal.ts'

const count = z.number().int().min(0)

/** How many rows of the training file were read, dropped for which reason, and kept. */
export const rowCountsSchema = z.object({
  read: count,
  unsatisfied: count,
  empty_query: count,
  no_negative: count,
  kept: count,
})

/** The tables of a training file, once they are whole. */
export const datasetRecordSchema = z.object({
  rows: rowCountsSchema,
  /** Distinct texts, those a query and a passage have in common counted twice. */
  texts: count,
})
export type DatasetRecord = Readonly<z.output<typeof datasetRecordSchema>>

/** Indices of the examples set aside. */
export const splitRecordSchema = z.object({
  dev: z.array(count),
  /** Rows first chosen and given back, since a training query nearly says the same. */
  returned: count,
})
export type SplitRecord = Readonly<z.output<typeof splitRecordSchema>>

const developmentSchema = z.object({
  /** Rows set aside, and those given back since a training query nearly says the same. */
  rows: count,
  returned: count,
  queries: count,
  /** Documents ranked for each query. */
  documents: count,
  metric: z.string(),
  /** The metric before training, at the chosen step, and at the last. */
  start: z.number(),
  chosen: z.number(),
  last: z.number(),
})
/** What a development split said. */
export type DevelopmentResult = Readonly<z.output<typeof developmentSchema>>

/** How the training of a model went; what `train.json` in its folder holds. */
export const modelRecordSchema = z.object({
  steps: count,
  /** The step whose parameters the trained model has: the best-scored one, 0 being the start, or the last. */
  chosenStep: count,
  /** Rows that `share` left out. */
  undrawn: count.default(0),
  /** Averaged over the first and the last steps. */
  loss: z.object({ first: z.number(), last: z.number() }),
  development: developmentSchema.optional(),
  /** What a user must know of the model, such as that it is no better than what it was trained from. */
  warnings: z.array(z.string()).default([]),
  /** The device with what runs it and its version. */
  runtime: z.string().default(''),
})
export type ModelRecord = Readonly<z.output<typeof modelRecordSchema>>

/** A string that holds JSON of this shape. */
export const jsonText = <T>(schema: z.ZodType<T>) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.addIssue('not JSON')
        return z.NEVER
      }
    })
    .pipe(schema)

/** `value` in the shape of `schema`. Errors: UserError naming the place and what is wrong there. */
export const checked = <T>(
  schema: z.ZodType<T>,
  value: unknown,
  { where, fix }: Record<'where' | 'fix', string>,
): T => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path.join('.') ?? ''
  throw new UserError({
    where,
    expected: 'what training wrote there',
    found: `${path === '' ? '' : `${path}: `}${issue?.message ?? 'something else'}`,
    fix,
    cause: parsed.error,
  })
}

/** Durable results of the pieces of training, by name. */
export interface Records {
  readonly path: string
  readonly journal: Journal<unknown>
}

/** Errors: UserError where the entry is not what training wrote. */
export const readRecord = async <T>({ path, journal }: Records, key: string, schema: z.ZodType<T>): Promise<T> =>
  checked(schema, await journal.read(key), {
    where: `${path}, entry ${key}`,
    fix: `Remove this file: training goes on from its checkpoints and tables.`,
  })

/** What was recorded under `key`, or else what `make` gives, recorded. */
export const once = async <T>(
  records: Records,
  key: string,
  schema: z.ZodType<T>,
  make: () => Promise<T>,
): Promise<T> => {
  if (!records.journal.has(key)) await records.journal.append(key, await make())
  return readRecord(records, key, schema)
}
