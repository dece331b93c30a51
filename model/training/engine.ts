// Training a network in memory that does not grow with the batch: gradient caching (Gao et al. 2021, arXiv 2101.06983).
// Four graphs: embeddings of a micro-batch; loss and its gradient on all embeddings; per micro-batch the encoder's
// vector-Jacobian product, added to the gradients; AdamW, a slice of a parameter at a time.
import { batchesByLength, padded } from './padding.ts'
import { floatsOf, tensor } from '../execute/executor.ts'
import { deviceMemory } from './device-memory.ts'
import { hostMemory } from './host-memory.ts'
import type { Network } from '../nets/network.ts'
import type { Engine, EngineOptions, TrainableState } from './engine-types.ts'
import { lossGraph } from './training-graphs.ts'
import type { TrainingMemory } from './training-memory.ts'

export type { Engine, EngineLoss, EngineOptions, LossFeeds, TrainableState } from './engine-types.ts'
export { zerosLike } from './training-memory.ts'

export const createEngine = async (
  network: Network,
  state: TrainableState,
  options: EngineOptions,
): Promise<Engine> => {
  if (options.make !== undefined) return options.make(network, state, options)
  const { compile, resident, padId, microBatchTokens, check = () => undefined } = options
  const loss = await compile(lossGraph(network.dimensions, options.temperature))
  const memory: TrainingMemory =
    resident === undefined
      ? await hostMemory(network, state, options)
      : await deviceMemory(network, state, { ...options, resident })
  const width = network.dimensions
  const paddedTexts = (texts: readonly Int32Array[], batch: readonly number[]) =>
    padded(
      batch.map((i) => texts[i]),
      padId,
    )

  const embed = async (texts: readonly Int32Array[], batches: readonly number[][]): Promise<Float32Array> => {
    const all = new Float32Array(texts.length * width)
    for (const batch of batches) {
      check()
      const found = await memory.encode(paddedTexts(texts, batch))
      for (const [row, i] of batch.entries()) all.set(found.subarray(row * width, (row + 1) * width), i * width)
    }
    return all
  }
  const addGradients = (texts: readonly Int32Array[], batch: readonly number[], all: Float32Array) => {
    const cotangent = new Float32Array(batch.length * width)
    for (const [row, i] of batch.entries()) cotangent.set(all.subarray(i * width, (i + 1) * width), row * width)
    return memory.addGradients(paddedTexts(texts, batch), tensor(cotangent, batch.length, width))
  }

  return {
    gradients: () => memory.gradients(),
    gradientNorm: () => memory.gradientNorm(),
    update: (learningRate, step, scale) => memory.update(learningRate, step, scale),
    sync: () => memory.sync(),
    embed: (texts) => embed(texts, batchesByLength(texts, microBatchTokens)),
    backward: async (texts, queries, { logCounts, targets, weights: each }, lossScale = 1) => {
      await memory.clear()
      const batches = batchesByLength(texts, microBatchTokens)
      const embeddings = await embed(texts, batches)
      const documents = texts.length - queries
      const results = await loss.run({
        queries: tensor(embeddings.subarray(0, queries * width), queries, width),
        documents: tensor(embeddings.subarray(queries * width), documents, width),
        log_counts: tensor(logCounts, queries, documents),
        targets: tensor(targets, queries, documents),
        weights: tensor(each, queries),
      })
      const cotangents = new Float32Array(embeddings.length)
      cotangents.set(floatsOf(results, 'query_gradient'))
      cotangents.set(floatsOf(results, 'document_gradient'), queries * width)
      if (lossScale !== 1) for (let i = 0; i < cotangents.length; i++) cotangents[i] *= lossScale
      for (const batch of batches) {
        check()
        await addGradients(texts, batch, cotangents)
      }
      const positions = batches.reduce((sum, batch) => sum + batch.length * Math.max(1, texts[batch[0]].length), 0)
      const tokens = texts.reduce((sum, ids) => sum + ids.length, 0)
      return { loss: floatsOf(results, 'loss')[0], embeddings, tokens, positions }
    },
    close: async () => {
      await loss.close()
      await memory.close()
    },
  }
}
