// Small training files and settings.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { development, training, type DevelopmentScore, type TrainingStep } from '../../../data/schemas.ts'
import { all, parquet, writer } from '../../../core/database.ts'
import { partPath } from '../../../pipeline/parts.ts'
import type { TrainOptions, TrainResult } from '../../../stages/train/options.ts'
import type { Table } from '../../../core/columns.ts'
import { trainSchema, type ModelConfig } from '../../../stages/train/config.ts'
import { trainModels } from '../../../stages/train/models.ts'

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'lrat-train-'))

export interface JsonRow {
  readonly query: unknown
  readonly pos: unknown
  readonly neg: unknown
  readonly satisfied?: unknown
  readonly reweight_rate?: unknown
}

const rowsOf = async <T>({ tables: { folder, index } }: TrainResult, table: Table): Promise<T[]> =>
  all<T>(await writer(), `SELECT * FROM ${parquet(partPath(folder, table, index))}`)

/** What the tables say of a training run. */
export const stepsOf = (result: TrainResult): Promise<TrainingStep[]> => rowsOf(result, training)
export const lossesOf = async (result: TrainResult): Promise<number[]> =>
  (await stepsOf(result)).map(({ loss }) => loss)
export const scoresOf = (result: TrainResult): Promise<DevelopmentScore[]> => rowsOf(result, development)

const word = (i: number): string => `w${(i * 7919) % 211}`

/** n rows about n documents: a query shares two words with its positive. */
export const rows = (n: number, negatives = 4): JsonRow[] => {
  const document = (i: number): string => Array.from({ length: 6 + (i % 5) }, (_, k) => word(i * 3 + k * k)).join(' ')
  return Array.from({ length: n }, (_, i) => ({
    query: `${word(i * 3)} ${word(i * 3 + 1)} x${i}`,
    pos: [document(i)],
    neg: Array.from({ length: negatives + (i % 3) }, (_, k) => document((i * 5 + k + 1) % n)),
    satisfied: true,
    reweight_rate: 0.5 + (i % 4) / 4,
  }))
}

export const writeRows = async (folder: string, data: readonly unknown[]): Promise<string> => {
  const path = join(folder, 'lrat-train.jsonl')
  await writeFile(path, data.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return path
}

export const small: ModelConfig = {
  ...trainSchema.parse({
    dimensions: 8,
    vocabulary: 300,
    epochs: 3,
    batch_size: 8,
    group_size: 4,
    learning_rate: 0.05,
    weight_decay: 0.01,
    query_tokens: 512,
    checkpoint_every: 2,
  }),
  device: 'cpu',
  seed: 3,
  weighting: 'lrat',
}

export interface OneModel extends Omit<TrainOptions, 'config' | 'names'> {
  readonly config: ModelConfig
}

/** Trains the one model that the config names. */
export const trainModel = async ({ config, ...options }: OneModel): Promise<TrainResult> => {
  const [result] = await trainModels({ ...options, config, names: [config] })
  if (result === undefined) throw new Error('no model was trained')
  return result
}
