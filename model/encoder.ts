// Texts to embeddings with a model from its folder.
import { Interrupted } from '../core/errors.ts'
import { isTorch, type Device } from './execute/device-names.ts'
import { chooseDevice, compilerOf, isOnnx } from './execute/devices.ts'
import { floatsOf, tensor, type Executable } from './execute/executor.ts'
import { openOnnx } from './execute/onnxruntime.ts'
import { openTorch } from './execute/torch/device.ts'
import { executableOf } from './execute/torch/executable.ts'
import { encoderGraph, LARGEST_INLINE, parameterBytes, parameterInputs } from './encoder-graph.ts'
import { openModel, type Model } from './folder.ts'
import { batchesByLength, padded } from './training/padding.ts'
import { toOnnx } from './onnx/lower.ts'
import { openTokenThreads, type TokenIds, type TokenThreadsOptions } from './tokenize/tokens.ts'

export interface Encoder {
  /** Width of an embedding. */
  readonly dimensions: number
  /**
   * L2-normalised embeddings, row-major [texts × dimensions], in the order of the texts. The same texts in the same
   * call give the same bytes. `kind` chooses the prefix that the model puts before a text. Large calls are computed one
   * after the other and tokenised in threads at once: whoever makes the next call before the last is over never waits
   * for tokens. Throws Interrupted between two batches when the signal is aborted.
   */
  encode(texts: readonly string[], kind: 'query' | 'passage', signal?: AbortSignal): Promise<Float32Array>
  /** The same of token ids as they are: the model's own, with its special tokens, at most as many as it reads. */
  encodeIds(ids: readonly ArrayLike<number>[], signal?: AbortSignal): Promise<Float32Array>
  close(): Promise<void>
}

export interface EncoderOptions {
  /** The CPU unless told otherwise. */
  readonly device?: Device | 'auto'
  /** Tokens that one run may hold, padding included. */
  readonly batchTokens?: number
  /** Threads that tokenise large calls; changes no result. */
  readonly threads?: TokenThreadsOptions
}

/** Characters of a call that is worth the way to a thread and back, and waiting for others. */
const LARGE = 100_000
/** Characters that a thread is given at a time. */
const TASK = 250_000

/** Opens a model folder for encoding. Throws UserError when it is not one. */
export const loadEncoder = async (folder: string, options: EncoderOptions = {}): Promise<Encoder> =>
  encoderOf(await openModel(folder), options)

/** An encoder of a model in memory. */
export const encoderOf = async (
  model: Model,
  { device = 'cpu', batchTokens = 16_384, threads = {} }: EncoderOptions = {},
): Promise<Encoder> => {
  const { network, tokenizer, prefixes, maxTokens } = model
  const executable = await openEncoder(model, await chooseDevice(device))
  const pool = openTokenThreads(tokenizer, threads)
  const compute = async (ids: readonly ArrayLike<number>[], signal?: AbortSignal): Promise<Float32Array> => {
    const result = new Float32Array(ids.length * network.dimensions)
    for (const batch of batchesByLength(ids, batchTokens)) {
      if (signal?.aborted === true) throw new Interrupted()
      const embeddings = await encodeBatch(
        executable,
        batch.map((i) => ids[i]),
        tokenizer.padId,
      )
      for (const [row, i] of batch.entries()) {
        const from = row * network.dimensions
        result.set(embeddings.subarray(from, from + network.dimensions), i * network.dimensions)
      }
    }
    return result
  }
  let last: Promise<unknown> = Promise.resolve()
  return {
    dimensions: network.dimensions,
    encode: async (texts, kind, signal) => {
      const prefixed = texts.map((text) => prefixes[kind] + text)
      if (prefixed.reduce((sum, text) => sum + text.length, 0) < LARGE)
        return compute(
          prefixed.map((text) => tokenizer.encode(text, maxTokens)),
          signal,
        )
      const tasks = tasksOf(prefixed).map((some) => pool.run({ texts: some, limit: maxTokens }))
      const before = last
      const result = Promise.all(tasks).then(async (found) => {
        await before
        return compute(found.flatMap(idsOf), signal)
      })
      last = result.catch(() => undefined)
      return result
    },
    encodeIds: compute,
    close: async () => {
      await pool.close()
      await last
      await executable.close()
    },
  }
}

/** The texts in order, so many characters together. */
const tasksOf = (texts: readonly string[]): string[][] => {
  const tasks: string[][] = [[]]
  let length = 0
  for (const text of texts) {
    if (length > TASK) {
      tasks.push([])
      length = 0
    }
    tasks[tasks.length - 1].push(text)
    length += text.length
  }
  return tasks
}

const idsOf = ({ ids, ends }: TokenIds): Int32Array[] =>
  Array.from(ends, (end, i) => ids.subarray(i === 0 ? 0 : ends[i - 1], end))

/** ONNX Runtime takes the parameters into the graph, where it can lay them out for its kernels. */
const openEncoder = async ({ network, parameters }: Model, device: Device): Promise<Executable> => {
  const graph = { embeddings: encoderGraph(network, parameterInputs(network)) }
  const weights = [...parameters]
  if (isOnnx(device) && parameterBytes(parameters) <= LARGEST_INLINE) {
    const values = new Map(weights.map(([name, { data }]) => [name, data]))
    return openOnnx(toOnnx(graph, { parameters: values }), { device })
  }
  const fixed = Object.fromEntries(weights.map(([name, { data, dims }]) => [name, tensor(data, ...dims)]))
  if (isTorch(device)) return executableOf(await openTorch(device), graph, fixed)
  const executable = await compilerOf(device)(graph)
  return { ...executable, run: (feeds) => executable.run({ ...fixed, ...feeds }) }
}

const encodeBatch = async (
  executable: Executable,
  ids: readonly ArrayLike<number>[],
  padId: number,
): Promise<Float32Array> => floatsOf(await executable.run(padded(ids, padId)), 'embeddings')
