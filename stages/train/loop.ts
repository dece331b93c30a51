// The steps of a training run, from the last checkpoint on: train, score, save, and tell.
import { zerosLike } from '../../model/training/engine.ts'
import type { Parameters } from '../../model/files/safetensors.ts'
import type { Model } from '../../model/folder.ts'
import { scheduled } from '../../model/training/optimizer.ts'
import { Interrupted, UserError } from '../../core/errors.ts'
import { count } from '../../pipeline/progress.ts'
import { adaptationOf } from './adapt.ts'
import { batchesOf, stepsPerEpoch, type Batch } from './batches.ts'
import { bestKeeper } from './best.ts'
import { loadCheckpoint, saveCheckpoint, type TrainState } from './checkpoint.ts'
import { learningRateOf, type DevConfig } from './config.ts'
import type { Dataset } from './dataset.ts'
import type { DevelopmentSet } from './development.ts'
import { openLog, type StepMetrics } from './metrics.ts'
import { staticTrainer } from './static-step.ts'
import type { StepResult, Trainer } from './step.ts'
import type { TrainOptions } from './options.ts'
import type { TrainPaths } from './paths.ts'
import { transformerTrainer } from './transformer-step.ts'

interface Work {
  readonly model: Model
  readonly dataset: Dataset
  readonly key: string
  readonly paths: TrainPaths
  readonly development?: DevelopmentSet
}

/** Takes the steps that remain and gives the trained parameters; the best-scored ones are left in `paths.best`. */
export const trainSteps = async (
  { config, signal, onProgress, say }: TrainOptions,
  { model, dataset, key, paths, development }: Work,
): Promise<Parameters> => {
  const perEpoch = stepsPerEpoch(dataset.size, config.batch_size)
  const steps = perEpoch * config.epochs
  const adaptation = adaptationOf(model, config)
  const start = startState(adaptation.start, await loadCheckpoint(paths.checkpoints, key))
  const trainer =
    model.architecture === 'static'
      ? await staticTrainer(dataset, config, start)
      : await transformerTrainer(model, adaptation, dataset, config, start)
  if (model.architecture !== 'static' || development || start.step > 0)
    say?.(
      [
        `${count(dataset.size)} rows, ${count(steps)} steps on ${trainer.device}`,
        ...(start.step > 0 ? [`going on after step ${count(start.step)}`] : []),
        ...(development
          ? [`scored by ${count(development.queries)} queries over ${count(development.documents)} documents`]
          : []),
      ].join(', '),
    )
  const batch = batchesOf(dataset, config)
  const log = openLog(paths.log, start.step)
  const best = bestKeeper(paths.best)
  let saved = start.step
  const save = async (step: number): Promise<void> => {
    log.flush()
    if (step === saved) return
    const state = await trainer.state(step)
    checkFinite(state, saved)
    await saveCheckpoint(paths.checkpoints, state, key, config.checkpoints)
    saved = step
  }
  const stopIfAsked = (): void => {
    if (signal?.aborted === true) throw new Interrupted()
  }
  const score = async (step: number, { metric, keep_best: keepBest }: DevConfig): Promise<void> => {
    if (development === undefined) return
    const scores = await development.score((texts) => trainer.embed(texts), stopIfAsked)
    // The start is there to compare with: who trains wants a trained model.
    const chosen =
      keepBest && step > 0
        ? await best.offer({ step, score: scores[metric] }, async () =>
            adaptation.whole((await trainer.state(step)).parameters),
          )
        : undefined
    // Only now: a step that the log has is not scored again after a kill.
    log.add({ step, scores })
    const verdict =
      chosen === undefined ? '' : chosen.step === step ? ', the best so far' : `, best at step ${chosen.step}`
    say?.(`step ${count(step)}: ${metric} ${scores[metric].toFixed(4)}${verdict}`)
  }
  try {
    for (let step = start.step; ; step++) {
      try {
        if (config.dev && due(step, steps, perEpoch, config.dev) && !log.scored.has(step)) await score(step, config.dev)
        if (step === steps) break
        stopIfAsked()
      } catch (error) {
        if (error instanceof Interrupted) await save(step)
        throw error
      }
      const learningRate = learningRateOf(config) * scheduled(config.schedule, step, steps, config.warmup)
      const metrics = await timedStep(trainer, batch(step), learningRate, step + 1, saved)
      const row = { ...metrics, epoch: Math.floor(step / perEpoch) }
      log.add(row)
      onProgress?.(row, steps)
      if ((step + 1) % config.checkpoint_every === 0 || step + 1 === steps) await save(step + 1)
    }
    log.flush()
    return await adaptation.whole((await trainer.state(steps)).parameters)
  } finally {
    await trainer.close()
  }
}

/** Whether the development split is scored after so many steps. */
const due = (done: number, steps: number, perEpoch: number, { every = perEpoch }: DevConfig): boolean =>
  done === steps || done % every === 0

const timedStep = async (
  trainer: Trainer,
  batch: Batch,
  learningRate: number,
  step: number,
  saved: number,
): Promise<Omit<StepMetrics, 'epoch'>> => {
  const started = performance.now()
  const { positions, ...found } = await trainer.step(batch, learningRate, step)
  const { loss, gradientNorm, tokens } = found
  const seconds = (performance.now() - started) / 1000
  if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw diverged(step, { loss, gradientNorm }, saved)
  const padding = 1 - tokens / Math.max(1, positions)
  return { step, ...found, learningRate, examples: batch.queries.length, padding, seconds }
}

const diverged = (
  step: number,
  { loss, gradientNorm }: Pick<StepResult, 'loss' | 'gradientNorm'>,
  saved: number,
): UserError =>
  new UserError({
    where: `training step ${step}`,
    expected: 'a finite loss and gradient',
    found: `loss ${loss}, gradient norm ${gradientNorm}`,
    fix: `Lower train.learning_rate, raise train.temperature, or set train.clip_norm; ${kept(saved)}.`,
  })

const checkFinite = ({ step, parameters }: TrainState, saved: number): void => {
  for (const [name, { data }] of parameters) {
    if (data.every(Number.isFinite)) continue
    throw new UserError({
      where: `training step ${step}, tensor ${name}`,
      expected: 'finite parameters',
      found: 'values that are not',
      fix: `Lower train.learning_rate, or set train.clip_norm; ${kept(saved)}.`,
    })
  }
}

const kept = (saved: number): string =>
  saved === 0 ? 'there is no checkpoint before it' : `the checkpoint of step ${saved} is kept`

/** The start, or where a checkpoint left it. Its parameters take the place of the model's, which would be there twice. */
const startState = (parameters: Parameters, checkpoint: TrainState | undefined): TrainState => {
  if (checkpoint === undefined)
    return { step: 0, parameters, first: zerosLike(parameters), second: zerosLike(parameters) }
  for (const [name, { data }] of checkpoint.parameters) parameters.get(name)?.data.set(data)
  return { ...checkpoint, parameters }
}
