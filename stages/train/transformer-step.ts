// A training step of a transformer: the engine's four graphs over one batch.
import { createEngine } from '../../model/training/engine.ts'
import { onDevice } from '../../model/training/on-device.ts'
import { checkPrecision, chooseDevice, runtimeOf } from '../../model/execute/devices.ts'
import { afterGoodStep, afterOverflow, LOSS_SCALE } from '../../model/training/loss-scale.ts'
import type { Model } from '../../model/folder.ts'
import type { Adaptation } from './adapt.ts'
import { optimizerOf } from './config.ts'
import type { Trainer, TrainerSetting } from './step.ts'

const UNSCALED = { scale: 1, skipped: 0 }

/** A trainer whose parameters and moments start as given. It changes them in place. */
export const transformerTrainer = async (
  { tokenizer }: Model,
  { network, frozen }: Adaptation,
  { dataset, config, start, check }: TrainerSetting,
): Promise<Trainer> => {
  const device = await chooseDevice(config.device)
  const { precision = 'float32' } = config
  await checkPrecision(device, precision)
  const engine = await createEngine(
    network,
    { ...start, parameters: new Map([...frozen, ...start.parameters]) },
    {
      ...(await onDevice(device, config.threads)),
      temperature: config.temperature,
      optimizer: optimizerOf(config),
      selectiveDecay: true,
      padId: tokenizer.padId,
      microBatchTokens: config.micro_batch_tokens,
      precision,
      check,
    },
  )
  let lossScale = precision === 'float16' ? (start.lossScale ?? LOSS_SCALE) : undefined
  return {
    device,
    runtime: await runtimeOf(device),
    step: async (batch, learningRate, step) => {
      const texts = [...batch.queries, ...batch.documents].map(dataset.ids)
      const { scale, skipped } = lossScale ?? UNSCALED
      const { loss, tokens, positions } = await engine.backward(texts, batch.queries.length, batch, scale)
      const gradientNorm = (await engine.gradientNorm()) / scale
      const limit = config.clip_norm
      // A step that went wrong must not reach the parameters.
      if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) {
        const clip = limit > 0 ? Math.min(1, limit / gradientNorm) : 1
        await engine.update(learningRate, step - skipped, clip / scale)
        lossScale &&= afterGoodStep(lossScale)
        return { loss, gradientNorm, tokens, positions, ...(lossScale && { lossScale: scale, skipped }) }
      }
      const smaller = lossScale && Number.isFinite(loss) ? afterOverflow(lossScale) : undefined
      if (smaller === undefined) return { loss, gradientNorm, tokens, positions }
      lossScale = smaller
      return { loss, gradientNorm: 0, tokens, positions, lossScale: scale, skipped: smaller.skipped }
    },
    embed: (texts) => engine.embed(texts),
    state: async (step) => {
      await engine.sync()
      const { parameters, first, second } = start
      return { step, parameters, first, second, ...(lossScale && { lossScale }) }
    },
    close: () => engine.close(),
  }
}
