// A training step of the static encoder. Averaging rows of a table and adding to rows of its gradient is memory traffic,
// not arithmetic, so the host does that; the loss and its gradient on the averages are a graph. (`?? NaN` never happens:
// inside these loops a call that throws would cost more than the sums.)
import { at } from '../../core/at.ts'
import { compileOnnx } from '../../model/execute/onnxruntime.ts'
import { floatsOf, tensor, type Compile, type Tensor } from '../../model/execute/executor.ts'
import type { NamedTensor, Parameters } from '../../model/files/safetensors.ts'
import { l2Normalise } from '../../model/graph/reduce.ts'
import { TABLE } from '../../model/nets/static.ts'
import { updateRows } from '../../model/training/sparse-update.ts'
import { lossGraph } from '../../model/training/training-graphs.ts'
import { optimizerOf } from './config.ts'
import type { Trainer, TrainerSetting } from './step.ts'

// The products are small: a second thread would spend more on waiting than it does.
const ONE_THREAD = { threads: 1 }

/**
 * A trainer whose table and moments start as given. It changes them in place. Rows that a batch does not use keep their
 * value and moments, as PyTorch's SparseAdam does: a step costs what the batch holds, not what the vocabulary does.
 */
export const staticTrainer = async (
  { dataset, config, start }: TrainerSetting,
  compile: Compile = compileOnnx,
): Promise<Trainer> => {
  const [table, first, second] = [tableOf(start.parameters), tableOf(start.first), tableOf(start.second)]
  const [rows, width] = [at(table.dims, 0), at(table.dims, 1)]
  const loss = await compile(lossGraph(width, config.temperature, l2Normalise), ONE_THREAD)
  const rowOf = new Int32Array(rows).fill(-1)
  const memory = reusable()
  const optimizer = optimizerOf(config)
  const arrays = { parameter: table.data, first: first.data, second: second.data, width }

  const step: Trainer['step'] = async (batch, learningRate, count) => {
    const queries = batch.queries.map(dataset.ids)
    const documents = batch.documents.map(dataset.ids)
    const results = await loss.run({
      queries: averages(queries, table.data, width),
      documents: averages(documents, table.data, width),
      log_counts: tensor(batch.logCounts, queries.length, documents.length),
      targets: tensor(batch.targets, queries.length, documents.length),
      weights: tensor(batch.weights, queries.length),
    })
    const value = at(floatsOf(results, 'loss'), 0)
    const used = usedRows([...queries, ...documents], rowOf)
    const gradient = memory(used.length * width).fill(0)
    addGradients(queries, floatsOf(results, 'query_gradient'), rowOf, gradient, width)
    addGradients(documents, floatsOf(results, 'document_gradient'), rowOf, gradient, width)
    for (const id of used) rowOf[id] = -1
    const gradientNorm = Math.sqrt(squares(gradient))
    // A step that went wrong must not reach the table.
    if (Number.isFinite(value) && Number.isFinite(gradientNorm)) {
      const limit = config.clip_norm
      const scale = limit > 0 ? Math.min(1, limit / gradientNorm) : 1
      updateRows(arrays, used, gradient, optimizer, { learningRate, step: count, scale })
    }
    const tokens = [...queries, ...documents].reduce((sum, ids) => sum + ids.length, 0)
    return { loss: value, gradientNorm, tokens, positions: tokens }
  }
  const named = (value: NamedTensor): Parameters => new Map([[TABLE, value]])
  return {
    device: 'cpu',
    runtime: 'cpu',
    step,
    embed: async (texts) => normalised(averages(texts, table.data, width)),
    state: async (done) => ({ step: done, parameters: named(table), first: named(first), second: named(second) }),
    close: () => loss.close(),
  }
}

const tableOf = (tensors: Parameters): NamedTensor => {
  const found = tensors.get(TABLE)
  if (found === undefined) throw new TypeError(`no tensor ${TABLE}`)
  return found
}

/** Memory that grows to the largest batch and is used again: fresh pages cost more than filling them. */
const reusable = () => {
  let memory = new Float32Array()
  return (length: number): Float32Array => {
    if (memory.length < length) memory = new Float32Array(Math.ceil(length * 1.2))
    return memory.subarray(0, length)
  }
}

/** The mean of the rows of each text's tokens, [texts, width]; zeros for a text without tokens. */
const averages = (texts: readonly Int32Array[], table: Float32Array, width: number): Tensor => {
  const means = new Float32Array(texts.length * width)
  const sum = new Float64Array(width)
  for (const [text, ids] of texts.entries()) {
    sum.fill(0)
    for (const id of ids) {
      const row = id * width
      for (let k = 0; k < width; k++) sum[k] = (sum[k] ?? NaN) + (table[row + k] ?? NaN)
    }
    const share = 1 / Math.max(1, ids.length)
    for (let k = 0; k < width; k++) means[text * width + k] = (sum[k] ?? NaN) * share
  }
  return tensor(means, texts.length, width)
}

/** Rows scaled to length 1; a row of zeros stays. */
const normalised = ({ data, dims }: Tensor): Float32Array => {
  const floats = Float32Array.from(data)
  const width = at(dims, 1)
  for (let row = 0; row < at(dims, 0); row++) {
    const own = floats.subarray(row * width, (row + 1) * width)
    const length = Math.sqrt(squares(own))
    if (length > 0) for (let k = 0; k < width; k++) own[k] = (own[k] ?? NaN) / length
  }
  return floats
}

/** Adds each text's gradient, shared among its tokens, to their rows. */
const addGradients = (
  texts: readonly Int32Array[],
  cotangents: Float32Array,
  rowOf: Int32Array,
  gradient: Float32Array,
  width: number,
): void => {
  const shared = new Float32Array(width)
  for (const [text, ids] of texts.entries()) {
    const share = 1 / Math.max(1, ids.length)
    for (let k = 0; k < width; k++) shared[k] = (cotangents[text * width + k] ?? NaN) * share
    for (const id of ids) {
      const row = at(rowOf, id) * width
      for (let k = 0; k < width; k++) gradient[row + k] = (gradient[row + k] ?? NaN) + (shared[k] ?? NaN)
    }
  }
}

const squares = (data: Float32Array): number => {
  let sum = 0
  for (let k = 0; k < data.length; k++) {
    const x = data[k] ?? NaN
    sum += x * x
  }
  return sum
}

/** Token ids of the texts, each once, in order of first sight; `rowOf` then tells each one's row. */
const usedRows = (texts: readonly Int32Array[], rowOf: Int32Array): number[] => {
  const used: number[] = []
  for (const ids of texts) {
    for (const id of ids) {
      if (at(rowOf, id) >= 0) continue
      rowOf[id] = used.length
      used.push(id)
    }
  }
  return used
}
