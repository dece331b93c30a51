// The best parameters so far on a development split.
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { readSafeTensors, writeSafeTensors, type Parameters } from '../../model/files/safetensors.ts'
import { UserError } from '../../core/errors.ts'
import { diskError } from '../../core/files.ts'
import { checked } from './records.ts'

export interface Best {
  readonly step: number
  readonly score: number
}

/** Scores are written in full, so that the number read is the number kept. */
const metadataSchema = z.object({
  step: z.string().regex(/^\d+$/).transform(Number),
  score: z.string().min(1).transform(Number).pipe(z.number()),
})

export interface BestKeeper {
  /** Keeps the parameters if their score is above all before; of equal ones the first stay. Gives the best. */
  offer(candidate: Best, parameters: () => Promise<Parameters>): Promise<Best>
  /** The best kept, undefined when none was offered. */
  read(): Promise<(Best & { readonly parameters: Parameters }) | undefined>
}

/** Keeps the best in a file, so that a resumed run knows it. */
export const bestKeeper = (path: string): BestKeeper => {
  const read: BestKeeper['read'] = async () => {
    if (!existsSync(path)) return undefined
    const fix = `Remove ${dirname(path)}: this model is trained from its start again.`
    const { tensors, metadata } = await readSafeTensors(path).catch((error: unknown) => {
      throw error instanceof UserError ? new UserError({ ...error.problem, fix }) : error
    })
    return { parameters: tensors, ...checked(metadataSchema, metadata, { where: path, fix }) }
  }
  let known: Best | undefined
  return {
    read,
    offer: async ({ step, score }, parameters) => {
      known ??= await read()
      if (known !== undefined && !(score > known.score)) return known
      try {
        const metadata = { step: String(step), score: String(score) }
        await writeSafeTensors(`${path}.tmp`, await parameters(), { metadata })
        await rename(`${path}.tmp`, path)
      } catch (error) {
        throw diskError(error, path)
      }
      known = { step, score }
      return known
    },
  }
}
