// A stage that nobody needs: it counts the pairs. One file and one line in a list is all that it takes.
import { z } from 'zod'
import { int32, type Table } from '../../../core/columns.ts'
import { pairs } from '../../../data/schemas.ts'
import { rowsOf } from '../../../pipeline/manifest.ts'
import type { ContextOf, Stage } from '../../../pipeline/stage.ts'
import type { ConfigOf } from '../../../stages/settings.ts'

export const tallies = { name: 'tallies', writer: 'rows', columns: { n: int32 } } satisfies Table
export const sections = {
  dummy: z
    .strictObject({ times: z.number().default(2).describe('What the count is multiplied by.') })
    .prefault({})
    .describe('Stage dummy: a tally of the pairs.'),
}
type Config = ConfigOf<typeof sections>

const reads = { pairs: { stage: 'mine', table: pairs } } as const
const writes = [tallies] as const

/** Told of every part that it fills. */
export const filled: number[] = []

export const dummyStage = {
  name: 'dummy',
  version: 1,
  summary: 'tally the pairs',
  config: sections,
  reads,
  writes,
  parameters: ({ dummy }) => dummy,
  funnel: ({ counts }) => [{ step: 'tallied', count: counts['tallied'] }],
  section: { key: 'dummy', of: (_, manifest) => ({ json: manifest?.counts ?? null, text: 'The dummy has spoken.' }) },
  run: async (context: ContextOf<Config, typeof reads, typeof writes>) => {
    let tallied = 0
    for (const [index, part] of context.parts('pairs').entries()) {
      const n = (await rowsOf(part)) * context.config.dummy.times
      tallied += n
      if (context.done(index, writes)) continue
      filled.push(index)
      await context.write(tallies, index, [{ n }])
      if (process.env['LRAT_TEST_DUMMY'] === 'fails') throw new Error('the dummy failed after a part')
    }
    return { counts: { tallied } }
  },
} satisfies Stage<Config>
