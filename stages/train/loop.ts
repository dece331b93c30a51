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
import { loadCheckpoint, saveCheckpoint, type Place, type TrainState } from './checkpoint.ts'
import { learningRateOf, type DevConfig, type ModelConfig } from './config.ts'
import type { Dataset } from './dataset.ts'
import type { DevelopmentSet } from './development.ts'
import { openLog, type StepMetrics } from './metrics.ts'
import { scoreOf, standingOf } from './standing.ts'
import { staticTrainer } from './static-step.ts'
import type { StepResult, Trainer } from './step.ts'
import type { ModelPaths } from './paths.ts'
import { transformerTrainer } from './transformer-step.ts'

export interface LoopOptions {
  readonly config: ModelConfig
  readonly paths: ModelPaths
  readonly signal: AbortSignal
  readonly onProgress: (metrics: StepMetrics, steps: number) => void
  readonly say: (line: string) => void
}

interface Work {
  readonly model: Model
  readonly dataset: Dataset
  readonly key: string
  readonly development?: DevelopmentSet
}

/** What a training run ended with. */
export interface Trained {
  /** Of the last step; the best-scored ones are left in `paths.best`. */
  readonly parameters: Parameters
  /** Steps taken: fewer than planned where patience ended. */
  readonly steps: number
  readonly places: readonly Place[]
}

/** Takes the steps that remain. Errors: Interrupted, with a checkpoint of the last step that was completed. */
export const trainSteps = async (
  { config, paths, signal, onProgress, say }: LoopOptions,
  { model, dataset, key, development }: Work,
): Promise<Trained> => {
  const { dev } = config
  const perEpoch = stepsPerEpoch(dataset.size, config.batch_size)
  const steps = perEpoch * config.epochs
  const adaptation = adaptationOf(model, config)
  const start = startState(adaptation.start, await loadCheckpoint(paths.checkpoints, key))
  const check = (): void => {
    if (signal.aborted) throw new Interrupted()
  }
  const setting = { dataset, config, start, check }
  const trainer =
    model.architecture === 'static'
      ? await staticTrainer(setting)
      : await transformerTrainer(model, adaptation, setting)
  const places = placesOf(start, trainer.runtime, config.resume_elsewhere)
  if (model.architecture !== 'static' || development || start.step > 0)
    say(
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
  let done = start.step
  let saved = start.step
  const save = async (): Promise<void> => {
    log.flush()
    if (done === saved) return
    const state = { ...(await trainer.state(done)), places }
    checkFinite(state, saved)
    await saveCheckpoint(paths.checkpoints, state, key, config.checkpoints)
    saved = done
  }
  const whole = async (): Promise<Parameters> => adaptation.whole((await trainer.state(done)).parameters)
  const score = async (set: DevelopmentSet, { metric, keep_best: keepBest }: DevConfig): Promise<void> => {
    const scores = await set.score((texts) => trainer.embed(texts), check)
    const found = scoreOf(scores, metric)
    if (keepBest) await best.offer({ step: done, score: found }, whole)
    // Only now: a step that the log has is not scored again after a kill.
    log.add({ step: done, scores })
    const leader = standingOf(log.scored, metric)
    const verdict =
      leader === undefined || done === 0
        ? ''
        : leader.step === done
          ? ', the best so far'
          : `, best ${leader.step === 0 ? 'at the start' : `at step ${leader.step}`}`
    say(`step ${count(done)}: ${metric} ${found.toFixed(4)}${verdict}`)
  }
  /** Whether so many evaluations in a row brought nothing that more are not waited for. */
  const exhausted = (): boolean =>
    dev?.patience !== undefined && (standingOf(log.scored, dev.metric)?.since ?? 0) >= dev.patience
  try {
    for (;;) {
      if (dev && development && due(done, steps, perEpoch, dev) && !log.scored.has(done)) await score(development, dev)
      if (done === steps || exhausted()) break
      check()
      const learningRate = learningRateOf(config) * scheduled(config.schedule, done, steps, config.warmup)
      const metrics = await timedStep(trainer, batch(done), learningRate, done + 1, saved)
      const row = { ...metrics, epoch: Math.floor(done / perEpoch) }
      done += 1
      log.add(row)
      onProgress(row, steps)
      if (done % config.checkpoint_every === 0 || done === steps) await save()
    }
    if (done < steps) say(`ended after step ${count(done)}: ${dev?.patience} evaluations in a row without gain`)
    await save()
    return { parameters: await whole(), steps: done, places }
  } catch (error) {
    if (error instanceof Interrupted) await save()
    throw error
  } finally {
    await trainer.close()
  }
}

/** What computes from here on, after what did before. Throws UserError where it is another, unless that is allowed. */
const placesOf = ({ step, places = [] }: TrainState, runtime: string, elsewhere: boolean): readonly Place[] => {
  const before = places.at(-1)
  if (before?.runtime === runtime) return places
  if (before !== undefined && !elsewhere)
    throw new UserError({
      where: `the checkpoint of step ${step}`,
      expected: `${before.runtime}, which it was made with`,
      found: runtime,
      fix: 'Go on where it was made, or set train.resume_elsewhere: true: the model then differs in rounding from one trained at one place, and says so.',
    })
  return [...places, { runtime, after: step }]
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
