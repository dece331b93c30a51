// Training one model on a dataset, resumable at any step.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { saveModel, type Model } from '../../model/folder.ts'
import { digest } from '../../pipeline/fingerprint.ts'
import { count } from '../../pipeline/progress.ts'
import type { Place } from './checkpoint.ts'
import { bestKeeper } from './best.ts'
import { deciding, nameOf } from './config.ts'
import type { Dataset } from './dataset.ts'
import { developmentSet } from './development.ts'
import { trainSteps, type LoopOptions } from './loop.ts'
import { openLog, writeTables, type TablePlace } from './metrics.ts'
import type { ModelPaths } from './paths.ts'
import type { DevelopmentResult, ModelRecord } from './records.ts'
import { drawShare } from './share.ts'
import { subset, type Split } from './split.ts'
import { scoreOf } from './standing.ts'

export interface ModelOptions extends LoopOptions {
  /** What training starts from; changed in place. */
  readonly start: Model
  readonly dataset: Dataset
  readonly split: Split | undefined
  readonly tables: TablePlace
}

/**
 * Trains a model and gives how it went. Called again after it was killed it goes on from the last checkpoint; the
 * model's bytes are the same either way. Errors: UserError for a loss that is no longer a number; Interrupted.
 */
export const trainModel = async (options: ModelOptions): Promise<ModelRecord> => {
  const { config, start: model, dataset, split, paths, tables } = options
  const name = nameOf(config)
  // Steps change the parameters in place: only before the first checkpoint are they the start's.
  if (!existsSync(paths.untrained) || !existsSync(paths.checkpoints)) await saveModel(model, paths.untrained)
  const candidates = split?.train ?? Uint32Array.from({ length: dataset.size }, (_, index) => index)
  const drawn = drawShare(dataset, candidates, config)
  const trained = drawn.length === dataset.size ? dataset : subset(dataset, drawn)
  const held = split && config.dev && developmentSet(dataset, split.dev, config.dev)
  const key = digest([deciding(config), config.model, config.seed, config.weighting])
  const last = await trainSteps(options, { model, dataset: trained, key, ...(held && { development: held }) })
  const best = config.dev?.keep_best === true ? await bestKeeper(paths.best).read() : undefined
  await saveModel({ ...model, parameters: best?.parameters ?? last.parameters }, paths.model)
  const { steps } = last
  const chosenStep = best?.step ?? steps
  const found =
    split && held && config.dev
      ? developmentResult(paths.log, config.dev.metric, split, held, { steps, chosenStep })
      : undefined
  const record: ModelRecord = {
    ...{ steps, chosenStep },
    undrawn: candidates.length - drawn.length,
    loss: await writeTables(paths.log, tables, { model: name, chosenStep }),
    ...(found && { development: found }),
    warnings: [...(found ? warningsOf(name, found, { steps, chosenStep }) : []), ...movesOf(name, last.places)],
    runtime: last.places.at(-1)?.runtime ?? '',
  }
  options.say(summaryOf(record))
  return record
}

/** That training went on elsewhere. */
const movesOf = (name: string, places: readonly Place[]): string[] =>
  places.length < 2
    ? []
    : [`${name}: trained on ${places.map(({ runtime, after }) => `${runtime} from step ${after + 1}`).join(', then ')}`]

const summaryOf = ({ steps, chosenStep, loss, development: aside }: ModelRecord): string =>
  [
    `${count(steps)} steps`,
    `loss ${loss.first.toFixed(3)} -> ${loss.last.toFixed(3)}`,
    ...(aside
      ? [`${aside.metric} ${aside.start.toFixed(4)} -> ${aside.chosen.toFixed(4)} (step ${count(chosenStep)})`]
      : []),
  ].join(', ')

/** Removes what is not kept of a model whose record is durable. */
export const tidyModel = (paths: ModelPaths): Promise<void> => rm(paths.work, { recursive: true, force: true })

const developmentResult = (
  log: string,
  metric: string,
  { dev, returned }: Split,
  { queries, documents }: { readonly queries: number; readonly documents: number },
  { steps, chosenStep }: { readonly steps: number; readonly chosenStep: number },
): DevelopmentResult => {
  const { scored } = openLog(log, steps)
  const at = (step: number): number => scoreOf(scored.get(step) ?? {}, metric)
  const [start, chosen, last] = [at(0), at(chosenStep), at(steps)]
  return { rows: dev.length, returned, queries, documents, metric, start, chosen, last }
}

/** A trained model that is no better than what it was trained from is never passed over in silence. */
const warningsOf = (
  name: string,
  { metric, start, chosen, last }: DevelopmentResult,
  { steps, chosenStep }: { readonly steps: number; readonly chosenStep: number },
): string[] => {
  const before = `${metric} ${start.toFixed(4)}`
  if (chosenStep === 0)
    return [
      `${name}: no step scored above the start (${before}; after ${count(steps)} steps ${last.toFixed(4)}): the start is what is shipped`,
    ]
  if (chosen > start) return []
  const words = chosen < start ? 'below' : 'no better than'
  return [`${name}: the last step scored ${words} the start (${before} -> ${chosen.toFixed(4)}), and is shipped`]
}
