// Whether a device trains as the processor does, on small random models: what a new GPU is tried with when no case with
// known results is at hand. That the processor is right is for the cases of PyTorch to show.
import { errorsBetween, outcomeOf, type CheckOptions, type EngineErrors, type Engines } from './check-outcome.ts'
import { compileOnnx } from '../execute/onnxruntime.ts'
import { ARCHITECTURES } from '../nets/architectures.ts'
import { randomParameters } from '../nets/network.ts'
import { randomOf } from '../../core/random.ts'

const [QUERIES, DOCUMENTS] = [4, 12]

/** Largest errors of each architecture, as `EngineErrors` has them. */
export const selfCheck = async (
  on: () => Promise<Engines>,
  options: CheckOptions = {},
): Promise<ReadonlyMap<string, EngineErrors>> => {
  const found = new Map<string, EngineErrors>()
  for (const { name, sample, open } of ARCHITECTURES) {
    const random = randomOf(3)
    const network = open(sample, name)
    const text = () => Int32Array.from({ length: 3 + random.below(40) }, () => 1 + random.below(sample.vocab_size - 1))
    const targets = new Float32Array(QUERIES * DOCUMENTS)
    for (let q = 0; q < QUERIES; q++) targets[q * DOCUMENTS + 3 * q] = 1
    const problem = {
      network,
      parameters: randomParameters(network, 1),
      queries: Array.from({ length: QUERIES }, text),
      documents: Array.from({ length: DOCUMENTS }, text),
      feeds: {
        logCounts: new Float32Array(QUERIES * DOCUMENTS),
        targets,
        weights: Float32Array.from({ length: QUERIES }, (_, q) => (0.5 + q / QUERIES) / QUERIES),
      },
      temperature: 0.1,
      // A large epsilon: gradients that are 0 but for rounding, such as a key's bias, must not become steps.
      optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-2, weightDecay: 0.01 },
      learningRate: 1e-3,
      padId: 0,
    }
    const expected = await outcomeOf(problem, { compile: compileOnnx })
    const given = await outcomeOf(problem, await on(), options)
    found.set(name, errorsBetween(given, expected))
  }
  return found
}
