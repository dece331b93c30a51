// What training did, step by step: a log that grows while it runs, and the tables that it becomes.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { development, timings, training } from '../../data/schemas.ts'
import { diskError, writeFileAtomic } from '../../core/files.ts'
import { writeShard } from '../../pipeline/parts.ts'
import { checked, jsonText } from './records.ts'

const stepSchema = z.object({
  /** 1 for the first. */
  step: z.number().int().min(1),
  /** 0 for the first. */
  epoch: z.number().int().min(0),
  loss: z.number(),
  learningRate: z.number(),
  /** Euclidean length of the gradient before clipping. */
  gradientNorm: z.number(),
  examples: z.number().int(),
  tokens: z.number().int(),
  /** Share of the positions that were padding. */
  padding: z.number(),
  /** In float16: the loss's scale, and the steps left out so far since a gradient was not finite (norm 0 here). */
  lossScale: z.number().optional(),
  skipped: z.number().int().optional(),
  seconds: z.number(),
})
/** What one step did. */
export type StepMetrics = Readonly<z.output<typeof stepSchema>>

const scoredSchema = z.object({ step: z.number().int().min(0), scores: z.record(z.string(), z.number()) })
/** Measures on the development split after a step, 0 being the start. */
export interface Scored {
  readonly step: number
  readonly scores: Readonly<Record<string, number>>
}

const rowSchema = jsonText(z.union([scoredSchema, stepSchema]))

export interface MetricsLog {
  /** Measures on the development split so far, by step. */
  readonly scored: ReadonlyMap<number, Scored['scores']>
  add(row: StepMetrics | Scored): void
  /** Writes what has not been written yet. */
  flush(): void
}

const isScored = (row: StepMetrics | Scored): row is Scored => 'scores' in row

/** The rows up to a step; a last line that a kill cut short is passed over. Errors: UserError naming another line. */
const readLog = (path: string, last = Infinity): (StepMetrics | Scored)[] => {
  if (!existsSync(path)) return []
  const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return whole
    .map((line, index) =>
      checked(rowSchema, line, {
        where: `${path} line ${index + 1}`,
        fix: `Remove ${dirname(path)}: this model is trained from its start again.`,
      }),
    )
    .filter(({ step }) => step <= last)
}

const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

const FLUSHED_EVERY_MS = 1000

/** A log that goes on after `step`: what it says about later steps, which a kill undid, is dropped. */
export const openLog = (path: string, step: number): MetricsLog => {
  const kept = readLog(path, step)
  mkdirSync(dirname(path), { recursive: true })
  writeFileAtomic(path, lines(kept))
  const scored = new Map(kept.flatMap((row) => (isScored(row) ? [[row.step, row.scores] as const] : [])))
  let pending: object[] = []
  let flushedAt = performance.now()
  const flush = (): void => {
    try {
      appendFileSync(path, lines(pending))
    } catch (error) {
      throw diskError(error, path)
    }
    pending = []
    flushedAt = performance.now()
  }
  return {
    scored,
    flush,
    add: (row) => {
      if (isScored(row)) scored.set(row.step, row.scores)
      pending.push(row)
      if (performance.now() - flushedAt > FLUSHED_EVERY_MS) flush()
    },
  }
}

/** Where the tables lie: part `index` of each below `folder`. */
export interface TablePlace {
  readonly folder: string
  readonly index: number
}

/** Loss averaged over the first and the last steps: a twentieth of all, at least ten, at most half. */
export interface Losses {
  readonly first: number
  readonly last: number
}

/** Writes the log as parts of the tables `training`, `timings` and, where anything was scored, `development`. */
export const writeTables = async (
  log: string,
  { folder, index }: TablePlace,
  { model, chosenStep }: { readonly model: string; readonly chosenStep: number },
): Promise<Losses> => {
  const rows = readLog(log)
  const steps = rows.flatMap((row) => (isScored(row) ? [] : [row]))
  const scored = rows.filter(isScored)
  const tables = [training, timings, ...(scored.length > 0 ? [development] : [])]
  await writeShard(folder, tables, index, async (shard) => {
    await shard.write(
      training,
      steps.map(({ step, epoch, loss, learningRate, gradientNorm, examples, tokens, padding, lossScale, skipped }) => ({
        ...{ model, step, epoch, loss },
        learning_rate: learningRate,
        gradient_norm: gradientNorm,
        ...{ examples, tokens, padding },
        loss_scale: lossScale ?? null,
        skipped: skipped ?? null,
      })),
    )
    await shard.write(
      timings,
      steps.map(({ step, seconds, tokens }) => ({ model, step, seconds, tokens_per_second: tokens / seconds })),
    )
    for (const { step, scores } of scored)
      await shard.write(
        development,
        Object.entries(scores).map(([metric, value]) => ({ model, step, metric, value, chosen: step === chosenStep })),
      )
  })
  const window = Math.min(Math.ceil(steps.length / 2), Math.max(10, Math.ceil(steps.length / 20)))
  const average = (some: readonly StepMetrics[]): number => some.reduce((sum, { loss }) => sum + loss, 0) / some.length
  return { first: average(steps.slice(0, window)), last: average(steps.slice(-window)) }
}
