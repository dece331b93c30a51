// The retrievers that are compared.
import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import type { Context } from './io.ts'

export type System =
  | { readonly kind: 'bm25'; readonly name: string; readonly group: string }
  | {
      readonly kind: 'encoder'
      readonly name: string
      /** Systems of one group differ only in their seed; a table shows their average. */
      readonly group: string
      readonly seed: number
      /** The model's folder below the train stage's. */
      readonly folder: string
    }

const trainingSchema = z.object({
  seeds: z.array(z.number()).min(1),
  weightings: z.array(z.enum(['lrat', 'none'])).min(1),
})
/** The models that there are: one for each seed and weighting, the first weighting being the main one. */
export type Trained = Readonly<z.output<typeof trainingSchema>>

/** What the train stage recorded of its models. */
export const trainedOf = (context: Context): Trained => {
  const parsed = trainingSchema.safeParse(context.recorded('models'))
  if (parsed.success) return parsed.data
  throw new UserError({
    where: context.path('models'),
    expected: 'a manifest whose parameters name seeds and weightings',
    found: 'another',
    fix: 'Train again with --from train.',
  })
}

export const UNTRAINED = 'untrained encoder'
const trained = { lrat: 'trained, weights on', none: 'trained, weights off' } as const

/** The name under which models of a weighting are reported. */
export const trainedGroup = (weighting: 'lrat' | 'none'): string => trained[weighting]

/** The group that all others are compared with. */
export const mainGroup = ({ weightings: [main = 'lrat'] }: Trained): string => trainedGroup(main)

/** BM25, then the untrained encoder of each seed, then the trained ones. */
export const evaluatedSystems = ({ seeds, weightings }: Trained): System[] => [
  { kind: 'bm25', name: 'bm25', group: 'BM25' },
  ...seeds.map((seed): System => {
    const folder = `${weightings[0]}-${seed}/untrained`
    return { kind: 'encoder', name: `untrained-${seed}`, group: UNTRAINED, seed, folder }
  }),
  ...weightings.flatMap((weighting) =>
    seeds.map((seed): System => {
      const name = `${weighting}-${seed}`
      return { kind: 'encoder', name, group: trainedGroup(weighting), seed, folder: `${name}/model` }
    }),
  ),
]
