// What the report says of training: one row a model that a development split was kept for.
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { alignColumns } from '../../core/align.ts'
import { heading } from '../../evaluation/retrieval/headings.ts'
import { count } from '../../pipeline/progress.ts'
import { readRecord } from '../../pipeline/record.ts'
import type { ReportSection } from '../../pipeline/stage.ts'

const trainingSchema = z.object({
  steps: z.number(),
  chosenStep: z.number(),
  loss: z.object({ first: z.number(), last: z.number() }),
  development: z
    .object({
      rows: z.number(),
      queries: z.number(),
      documents: z.number(),
      metric: z.string(),
      start: z.number(),
      chosen: z.number(),
      last: z.number(),
    })
    .loose()
    .optional(),
})

/** How the training of a model went, as the stage summed it up. */
export type Training = Readonly<z.output<typeof trainingSchema>> & { readonly model: string }

/** The file in a model's folder that sums its training up. */
const SUMMARY = 'train.json'

const trainingOf = (folder: string, file: string): Training[] => {
  const summary = readRecord(join(folder, file), trainingSchema, {
    expected: 'the summary of a training',
    fix: 'Restore it, or train again with --from train.',
  })
  return summary ? [{ model: dirname(file), ...summary }] : []
}

/** Models that a development split was kept for. */
export const renderTraining = (training: readonly Training[]): string | undefined => {
  const rows = training.flatMap(({ model, steps, chosenStep, loss, development: dev }) =>
    dev === undefined
      ? []
      : [
          [
            model,
            count(steps),
            `${loss.first.toFixed(3)} -> ${loss.last.toFixed(3)}`,
            `${dev.start.toFixed(4)} -> ${dev.chosen.toFixed(4)}`,
            `${count(chosenStep)}${dev.start > dev.chosen ? ' (the start scored better)' : ''}`,
          ],
        ],
  )
  const [dev] = training.flatMap(({ development }) => development ?? [])
  if (!dev) return undefined
  const table = alignColumns([['model', 'steps', 'loss', `dev ${heading(dev.metric)}`, 'chosen step'], ...rows], [1])
  return `${table}\n${count(dev.queries)} training queries set aside, ranked over ${count(dev.documents)} documents`
}

export const trainingSection: ReportSection = {
  key: 'training',
  of: (folder, manifest) => {
    const files = (manifest?.files ?? []).filter(({ file }) => basename(file) === SUMMARY)
    const training = files.flatMap(({ file }) => trainingOf(folder, file))
    return { json: training, text: renderTraining(training) }
  },
}
