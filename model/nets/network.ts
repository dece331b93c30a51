// What an architecture is to the rest of the engine.
import type { Value } from '../graph/value.ts'
import type { NamedTensor } from '../files/safetensors.ts'
import { UserError } from '../../core/errors.ts'
import type { Pooling } from './pooling.ts'
import { randomOf } from '../../core/random.ts'

export interface ParameterSpec {
  readonly name: string
  readonly dims: readonly number[]
  /** Random start: a normal distribution of this deviation around 0, or the same value everywhere. */
  readonly start: { readonly deviation: number } | { readonly value: number }
  /** Whether weight decay applies: not to norms and biases. */
  readonly decay: boolean
  /** Takes part in the embedding but is not trained. */
  readonly frozen?: boolean
}

export interface Network {
  readonly dimensions: number
  /** How token states become one; undefined where that is part of the architecture. */
  readonly pooling?: Pooling
  /** Tokens a text may have at most. */
  readonly maxTokens: number
  readonly parameters: readonly ParameterSpec[]
  /**
   * L2-normalised embeddings [batch, dimensions] of token ids [batch, length] (i32) under a mask [batch, length] of
   * 1 for tokens and 0 for the padding after them; `parameters` has a value for each spec.
   */
  embed(parameters: ReadonlyMap<string, Value>, ids: Value, mask: Value): Value
}

/** Parameters of a network at random, which follow from the seed. */
export const randomParameters = (network: Network, seed: number): Map<string, NamedTensor> =>
  new Map(
    network.parameters.map(({ name, dims, start }, index) => {
      const data = new Float32Array(dims.reduce((a, b) => a * b, 1))
      if ('value' in start) data.fill(start.value)
      else {
        const random = randomOf(seed, index)
        for (let i = 0; i < data.length; i++) data[i] = start.deviation * random.normal()
      }
      return [name, { dims, data }]
    }),
  )

/** Throws UserError naming the first tensor that is missing or has another shape than the network's. */
export const checkParameters = (network: Network, tensors: ReadonlyMap<string, NamedTensor>, where: string): void => {
  for (const { name, dims } of network.parameters) {
    const found = tensors.get(name)
    if (found?.dims.join() === dims.join()) continue
    throw new UserError({
      where: `${where}, tensor ${name}`,
      expected: `shape [${dims.join(', ')}]`,
      found: found === undefined ? `none of that name among ${tensors.size}` : `shape [${found.dims.join(', ')}]`,
      fix: 'The weights belong to another configuration or tokenizer: use the files of one model.',
    })
  }
}
