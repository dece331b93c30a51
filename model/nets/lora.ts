// Low-rank adaptation (Hu et al. 2021, arXiv 2106.09685): W stays, and a product of two thin matrices is learned on top.
import { UserError } from '../../core/errors.ts'
import { runSmall } from '../execute/once.ts'
import type { NamedTensor, Parameters } from '../files/safetensors.ts'
import { add, mul } from '../graph/elementwise.ts'
import { matmul } from '../graph/linear.ts'
import { input, scalar } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import { lookup } from './layers.ts'
import type { Network, ParameterSpec } from './network.ts'

export interface Lora {
  /** Width of the thin matrices. */
  readonly rank: number
  /** The product is scaled by alpha / rank. */
  readonly alpha: number
  /** Parts of the names of the weights that are adapted, such as "query" or "q_proj". */
  readonly targets: readonly string[]
}

const nameA = (name: string): string => `${name}.lora_a`
const nameB = (name: string): string => `${name}.lora_b`

/** W + alpha / rank · B A. */
const adapted = (weight: Value, a: Value, b: Value, { rank, alpha }: Lora): Value =>
  add(weight, mul(matmul(b, a), scalar(alpha / rank)))

const targetsOf = (network: Network, { targets }: Lora): ParameterSpec[] =>
  network.parameters.filter(
    ({ name, dims }) => dims.length === 2 && targets.some((target) => name.split('.').includes(target)),
  )

/** The network with its parameters frozen and the thin matrices to train. Throws UserError when no weight is meant. */
export const loraNetwork = (network: Network, lora: Lora): Network => {
  const targets = targetsOf(network, lora)
  if (targets.length === 0) {
    throw new UserError({
      where: 'train.lora.targets',
      expected: 'parts of names of weights',
      found: lora.targets.join(', '),
      fix: `Such weights are ${network.parameters
        .filter(({ dims }) => dims.length === 2)
        .slice(0, 8)
        .map(({ name }) => name)
        .join(', ')} …`,
    })
  }
  const thin = targets.flatMap(({ name, dims: [out, into] }): ParameterSpec[] => [
    // As deviating as the uniform distribution that the reference implementation starts from.
    { name: nameA(name), dims: [lora.rank, into], start: { deviation: 1 / Math.sqrt(3 * into) }, decay: true },
    { name: nameB(name), dims: [out, lora.rank], start: { value: 0 }, decay: true },
  ])
  return {
    ...network,
    parameters: [...network.parameters.map((spec) => ({ ...spec, frozen: true })), ...thin],
    embed: (parameters, ids, mask) => {
      const whole = new Map(parameters)
      const p = lookup(parameters)
      for (const { name } of targets) whole.set(name, adapted(p(name), p(nameA(name)), p(nameB(name)), lora))
      return network.embed(whole, ids, mask)
    },
  }
}

/** The frozen parameters with what was learned added into them. */
export const mergeLora = async (
  network: Network,
  lora: Lora,
  frozen: Parameters,
  thin: Parameters,
): Promise<Parameters> => {
  const merged = new Map<string, NamedTensor>(frozen)
  for (const { name, dims } of targetsOf(network, lora)) {
    const [weight, a, b] = [lookup(frozen)(name), lookup(thin)(nameA(name)), lookup(thin)(nameB(name))]
    const shape = [input('weight', dims), input('a', a.dims), input('b', b.dims)] as const
    merged.set(name, { dims, data: await runSmall(adapted(...shape, lora), { weight, a, b }) })
  }
  return merged
}
