// Stage weigh: how much each pair counts in training, from the length of the reasoning after the browse.
import { weights, type Weight } from '../../data/schemas.ts'
import { all, connect, parquet, stream } from '../../core/database.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { sections, type Config } from './config.ts'
import { aligned, reads, writes, type Context } from './io.ts'
import { createSum, rawWeight, weightOf } from './weights.ts'

interface Length {
  readonly pair_id: string
  readonly reasoning_tokens: number
}

export const weighStage = {
  name: 'weigh',
  version: 1,
  summary: 'weigh each pair by the length of the reasoning after the browse',
  config: sections,
  reads,
  writes,
  aligned,
  parameters: ({ weigh }) => weigh,
  run: async (context: Context) => {
    const parts = context.parts('pairs')
    const connection = await connect()
    try {
      const { half_life } = context.config.weigh
      const [{ median }] = await all<{ median: number | null }>(
        connection,
        `SELECT median(reasoning_tokens) AS median FROM ${parquet(parts)} WHERE reasoning_tokens > 0`,
      )
      const halfLife = half_life === 'median' ? (median ?? 1) : half_life
      const sum = createSum()
      let reasoned = 0
      let rows = 0
      const lengths = (part: readonly string[]) =>
        stream<Length>(connection, `SELECT pair_id, reasoning_tokens FROM ${parquet(part)}`)
      for await (const batch of lengths(parts))
        for (const { reasoning_tokens } of batch) {
          rows += 1
          if (reasoning_tokens > 0) {
            reasoned += 1
            sum.add(rawWeight(reasoning_tokens, halfLife))
          }
        }
      const mean = reasoned === 0 ? 1 : sum.total() / reasoned
      for (const [index, part] of parts.entries()) {
        const weighed: Weight[] = []
        for await (const batch of lengths([part]))
          for (const { pair_id, reasoning_tokens } of batch)
            weighed.push({ pair_id, weight: weightOf(reasoning_tokens, halfLife, mean) })
        await context.write(weights, index, weighed)
        context.mark(index + 1, parts.length, 'parts')
      }
      return {
        counts: { pairs: rows, without_reasoning: rows - reasoned, half_life_tokens: halfLife, mean_raw_weight: mean },
      }
    } finally {
      connection.closeSync()
    }
  },
} satisfies Stage<Config>
