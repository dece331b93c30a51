// What of a model is trained: all of it, or low-rank additions to some of its weights.
import type { Parameters } from '../../model/files/safetensors.ts'
import type { Model } from '../../model/folder.ts'
import { loraNetwork, mergeLora } from '../../model/nets/lora.ts'
import { randomParameters, type Network } from '../../model/nets/network.ts'
import type { ModelConfig } from './config.ts'

export interface Adaptation {
  readonly network: Network
  /** What is trained, at its start; the memory is the trainer's. */
  readonly start: Parameters
  readonly frozen: Parameters
  /** The whole model's parameters once these were trained. */
  readonly whole: (trained: Parameters) => Promise<Parameters>
}

export const adaptationOf = ({ network, parameters }: Model, config: ModelConfig): Adaptation => {
  const { lora, seed } = config
  if (lora === undefined) return { network, start: parameters, frozen: new Map(), whole: async (trained) => trained }
  const wider = loraNetwork(network, lora)
  const thin = { ...wider, parameters: wider.parameters.filter(({ frozen }) => frozen !== true) }
  return {
    network: wider,
    start: randomParameters(thin, seed),
    frozen: parameters,
    whole: (trained) => mergeLora(network, lora, parameters, trained),
  }
}
