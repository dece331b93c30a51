// Checkpoints: one file each, whole or absent, the newest few kept.
import { readdir, rename, rm, mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readSafeTensors, writeSafeTensors, type NamedTensor, type Parameters } from '../../model/files/safetensors.ts'
import type { LossScale } from '../../model/training/loss-scale.ts'
import { diskError } from '../../core/files.ts'
import { UserError } from '../../core/errors.ts'
import { jsonText } from './records.ts'

/** All that a training run needs to go on: the sampler and the schedule follow from the step. */
export interface TrainState {
  /** Steps done. */
  readonly step: number
  readonly parameters: Parameters
  /** First and second moments, by the parameter's name. */
  readonly first: Parameters
  readonly second: Parameters
  /** In float16 only. */
  readonly lossScale?: LossScale
  /** What computed the steps, the latest last: more than one where training went on elsewhere. */
  readonly places?: readonly Place[]
}

/** A device with what runs it and its version, and the step that it went on from. */
const placeSchema = z.object({ runtime: z.string(), after: z.number().int().min(0) })
export type Place = Readonly<z.output<typeof placeSchema>>

/** What a checkpoint's header says beside the tensors. */
const metadataSchema = z.object({
  fingerprint: z.string(),
  step: z.string().regex(/^\d+$/).transform(Number),
  loss_scale: jsonText(
    z.object({ scale: z.number().positive(), good: z.number().int().min(0), skipped: z.number().int().min(0) }),
  ).optional(),
  places: jsonText(z.array(placeSchema)).optional(),
})

const fileOf = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`
const FILE = /^step-(\d{9})\.safetensors$/

/** Writes the state and removes all but the newest `keep` checkpoints. `fingerprint` names the data and the config. */
export const saveCheckpoint = async (
  folder: string,
  { step, parameters, first, second, lossScale, places }: TrainState,
  fingerprint: string,
  keep: number,
): Promise<void> => {
  await mkdir(folder, { recursive: true })
  const tensors = new Map<string, NamedTensor>()
  for (const [prefix, group] of Object.entries({ parameter: parameters, first, second }))
    for (const [name, value] of group) tensors.set(`${prefix}.${name}`, value)
  const path = join(folder, fileOf(step))
  try {
    const further = {
      ...(lossScale && { loss_scale: JSON.stringify(lossScale) }),
      ...(places && { places: JSON.stringify(places) }),
    }
    await writeSafeTensors(`${path}.tmp`, tensors, { metadata: { fingerprint, step: String(step), ...further } })
    await rename(`${path}.tmp`, path)
  } catch (error) {
    throw diskError(error, path)
  }
  for (const old of (await stepsIn(folder)).slice(keep)) await rm(join(folder, fileOf(old)), { force: true })
}

/** Steps with a checkpoint, newest first. */
const stepsIn = async (folder: string): Promise<number[]> =>
  (existsSync(folder) ? await readdir(folder) : [])
    .flatMap((name) => FILE.exec(name)?.slice(1).map(Number) ?? [])
    .sort((a, b) => b - a)

/**
 * The newest checkpoint that can be read, undefined when there is none. One that is damaged is passed over for the one
 * before. Throws UserError when it belongs to other data or another config.
 */
export const loadCheckpoint = async (folder: string, fingerprint: string): Promise<TrainState | undefined> => {
  for (const step of await stepsIn(folder)) {
    const path = join(folder, fileOf(step))
    const found = await readSafeTensors(path).catch((error: unknown) => {
      if (error instanceof UserError) return undefined
      throw error
    })
    if (found === undefined) continue
    const metadata = metadataSchema.safeParse(found.metadata).data
    if (metadata === undefined || metadata.step !== step) continue
    if (metadata.fingerprint !== fingerprint) {
      throw new UserError({
        where: path,
        expected: 'a checkpoint of this data and config',
        found: 'one of another',
        fix: 'Remove the folder to start again, or restore the config it belongs to.',
      })
    }
    const group = (prefix: string): Map<string, NamedTensor> =>
      new Map(
        [...found.tensors].flatMap(([name, value]) =>
          name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), value] as const] : [],
        ),
      )
    return {
      step,
      parameters: group('parameter'),
      first: group('first'),
      second: group('second'),
      ...(metadata.loss_scale && { lossScale: metadata.loss_scale }),
      ...(metadata.places && { places: metadata.places }),
    }
  }
  return undefined
}
