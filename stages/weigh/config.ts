// Stage weigh's section of the configuration.
import { z } from 'zod'
import type { ConfigOf } from '../settings.ts'

const weigh = z.strictObject({
  half_life: z
    .union([z.literal('median'), z.number().positive()])
    .default('median')
    .describe(
      'β of the weights: reasoning of that many tokens weighs half the maximum. `median` of the positive lengths (paper).',
    ),
})

export const sections = { weigh: weigh.prefault({}).describe('Stage weigh: the weight of each pair.') }
export type Config = ConfigOf<typeof sections>
