// Where a training run's parameters, moments and gradients live, and what works on them there.
import type { Tensor } from '../execute/executor.ts'
import type { NamedTensor, Parameters } from '../files/safetensors.ts'

/** A micro-batch: token ids padded to the longest, and their mask, i32 [texts, length] each. */
export interface PaddedTexts {
  readonly input_ids: Tensor
  readonly attention_mask: Tensor
}

export interface TrainingMemory {
  /** Embeddings of a micro-batch, row-major [texts × dimensions]. */
  encode(batch: PaddedTexts): Promise<Float32Array>
  /** Sets the gradients to 0. */
  clear(): Promise<void>
  /** Adds the vector-Jacobian product of a micro-batch with a cotangent [texts, dimensions] to the gradients. */
  addGradients(batch: PaddedTexts, cotangent: Tensor): Promise<void>
  gradients(): Promise<Parameters>
  /** Euclidean length of all gradients together. */
  gradientNorm(): Promise<number>
  /** One AdamW step (1 for the first) with the gradients scaled by `scale`. */
  update(learningRate: number, step: number, scale: number): Promise<void>
  /** Brings the state on the host up to date. */
  sync(): Promise<void>
  close(): Promise<void>
}

export const zerosLike = (tensors: Parameters): Map<string, NamedTensor> =>
  new Map([...tensors].map(([name, { data, dims }]) => [name, { dims, data: new Float32Array(data.length) }]))

export const required = (tensors: Parameters, name: string): NamedTensor => {
  const found = tensors.get(name)
  if (found === undefined) throw new TypeError(`no tensor ${name}`)
  return found
}
