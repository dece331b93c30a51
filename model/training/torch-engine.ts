// Training with LibTorch: gradient caching as in engine.ts, all of it on the device. Token ids go up; losses and the length
// of the gradients come back.
import type { Engine, EngineOptions, LossFeeds, TrainableState } from './engine-types.ts'
import { batchesByLength, padded } from './padding.ts'
import { torchState } from './torch-state.ts'
import { encoderGraphs, lossGraph } from './training-graphs.ts'
import type { PaddedTexts } from './training-memory.ts'
import { tensor } from '../execute/executor.ts'
import type { TorchDevice } from '../execute/torch/device.ts'
import { apart, downloaded, paddingOf, uploaded } from '../execute/torch/executable.ts'
import { TAKEN } from '../execute/torch/lowerings.ts'
import { preparedOn } from '../execute/torch/prepared.ts'
import { programOf, type Feed, type Results } from '../execute/torch/program.ts'
import type { Handle } from '../execute/torch/tensors.ts'
import { at } from '../graph/dims.ts'
import type { Network } from '../nets/network.ts'

export const torchEngine = async (
  device: TorchDevice,
  network: Network,
  state: TrainableState,
  options: EngineOptions,
): Promise<Engine> => {
  const { tensors, operators } = device
  const { padId, microBatchTokens, precision = 'float32', check = () => undefined } = options
  const width = network.dimensions
  const memory = torchState(device, network.parameters, state, options)
  const graphs = encoderGraphs(network, precision, { tables: 'dense', keep: 'least', composites: TAKEN })
  const gradients = Object.fromEntries(
    graphs.dense.map((name) => [name, at(at([graphs.outputs[`next.${name}`]], 0)?.inputs ?? [], 1)]),
  )
  const prepared = preparedOn(tensors)
  const fixed = new Set(Object.keys(memory.parameters))
  const encoder = programOf(device, { embeddings: graphs.embeddings }, { fixed, prepared })
  const backward = programOf(device, gradients, { fixed, prepared, added: new Set(graphs.dense) })
  const loss = programOf(device, lossGraph(width, options.temperature))

  const feed = (value: Parameters<typeof uploaded>[1]): Feed => ({ handle: uploaded(device, value), dims: value.dims })
  const feedsOf = ({ input_ids, attention_mask }: PaddedTexts) => ({
    ...memory.parameters,
    input_ids: feed(input_ids),
    attention_mask: { ...feed(attention_mask), ...paddingOf('attention_mask', attention_mask) },
  })
  const take = (results: Results, name: string): Handle => {
    const found = results[name]
    if (found === undefined) throw new TypeError(`no output ${name}`)
    return found
  }
  /** Embeddings of each batch: the caller's. */
  const encode = async (texts: readonly Int32Array[], batches: readonly number[][]): Promise<Handle[]> => {
    const found: Handle[] = []
    try {
      for (const batch of batches) {
        check()
        found.push(await apart(device, () => take(encoder.run(feedsOf(paddedTexts(texts, batch))), 'embeddings')))
      }
    } catch (error) {
      for (const handle of found) tensors.delete(handle)
      throw error
    }
    return found
  }
  const paddedTexts = (texts: readonly Int32Array[], batch: readonly number[]) =>
    padded(
      batch.map((i) => at(texts, i)),
      padId,
    )
  return {
    gradients: async () => memory.gradients(),
    gradientNorm: async () => memory.gradientNorm(),
    update: (learningRate, step, scale) =>
      apart(device, () => {
        memory.update(learningRate, step, scale)
        prepared.clear()
        return true
      }).then(() => undefined),
    sync: async () => memory.sync(),
    embed: async (texts) => {
      const batches = batchesByLength(texts, microBatchTokens)
      const all = new Float32Array(texts.length * width)
      const parts = await encode(texts, batches)
      for (const [k, batch] of batches.entries()) {
        const { data } = downloaded(device, at(parts, k))
        tensors.delete(at(parts, k))
        for (const [row, i] of batch.entries()) all.set(data.subarray(row * width, (row + 1) * width), i * width)
      }
      return all
    },
    backward: async (texts, queries, feeds, lossScale = 1) => {
      memory.clear()
      const batches = batchesByLength(texts, microBatchTokens)
      const parts = await encode(texts, batches)
      const order = batches.flat()
      // Where each text stands among the batches.
      const places = new Int32Array(texts.length)
      for (const [place, i] of order.entries()) places[i] = place
      const { value, cotangents, embeddings } = await apart(device, () => {
        try {
          const all = operators.indexSelect(
            operators.concat(parts, 0),
            0,
            uploaded(device, tensor(places, texts.length)),
          )
          const results = loss.run(lossFeeds(all, texts.length, queries, feeds))
          for (const handle of Object.values(results)) tensors.adopt(handle)
          const both = operators.concat([take(results, 'query_gradient'), take(results, 'document_gradient')], 0)
          const sorted = operators.indexSelect(both, 0, uploaded(device, tensor(Int32Array.from(order), order.length)))
          const scaled = operators.scale(sorted, lossScale)
          return {
            value: tensors.release(take(results, 'loss')),
            cotangents: tensors.release(scaled),
            embeddings: tensors.release(all),
          }
        } finally {
          for (const part of parts) tensors.delete(part)
        }
      })
      try {
        let start = 0
        for (const batch of batches) {
          check()
          const from = start
          start += batch.length
          await apart(device, () => {
            const cotangent = {
              handle: operators.slice(cotangents, 0, from, from + batch.length),
              dims: [batch.length, width],
            }
            backward.run({ ...feedsOf(paddedTexts(texts, batch)), cotangent }, memory.sums)
            return true
          })
        }
        const [found = NaN] = downloaded(device, value).data
        const { data } = downloaded(device, embeddings)
        const positions = batches.reduce(
          (sum, batch) => sum + batch.length * Math.max(1, at(texts, at(batch, 0)).length),
          0,
        )
        const tokens = texts.reduce((sum, ids) => sum + ids.length, 0)
        return { loss: found, embeddings: Float32Array.from(data), tokens, positions }
      } finally {
        for (const handle of [value, cotangents, embeddings]) tensors.delete(handle)
      }
    },
    close: async () => {
      for (const program of [encoder, backward, loss]) program.close()
      prepared.clear()
      memory.close()
    },
  }

  function lossFeeds(all: Handle, texts: number, queries: number, { logCounts, targets, weights }: LossFeeds) {
    const documents = texts - queries
    const part = (start: number, end: number): Feed => ({
      handle: operators.slice(all, 0, start, end),
      dims: [end - start, width],
    })
    return {
      queries: part(0, queries),
      documents: part(queries, texts),
      log_counts: feed(tensor(logCounts, queries, documents)),
      targets: feed(tensor(targets, queries, documents)),
      weights: feed(tensor(weights, queries)),
    }
  }
}
