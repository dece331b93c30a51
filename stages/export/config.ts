// Stage export's section of the configuration.
import { z } from 'zod'
import type { ConfigOf } from '../settings.ts'

const exportation = z.strictObject({
  keep: z
    .enum(['trainable', 'all'])
    .default('trainable')
    .describe('`trainable` drops pairs that are unsatisfied, have an empty query or no negative; `all` keeps them.'),
})

export const sections = { export: exportation.prefault({}).describe('Stage export: the training file.') }
export type Config = ConfigOf<typeof sections>
