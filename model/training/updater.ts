// AdamW on arrays of the host, in place, a slice at a time.
import { scalarTensor, tensor, type Compile, type ExecutorOptions, type Tensor } from '../execute/executor.ts'
import { mul } from '../graph/elementwise.ts'
import { input } from '../graph/sources.ts'
import type { Shape } from '../graph/dims.ts'
import type { Value } from '../graph/value.ts'
import { adamW, adamWFeeds, type AdamW } from './optimizer.ts'

/** Arrays of one length: a parameter, its moments and its gradient. */
export interface UpdateArrays {
  readonly parameter: Float32Array
  readonly first: Float32Array
  readonly second: Float32Array
  readonly gradient: Float32Array
}

export interface Updater {
  /** One step (1 for the first) with the gradient scaled by `scale`; `decay` is false for norms and biases. */
  update(arrays: UpdateArrays, learningRate: number, step: number, scale: number, decay: boolean): Promise<void>
  close(): Promise<void>
}

/** Elements that one run takes: few enough to stay in cache and to need little memory. */
const SLICE = 1 << 17

export const createUpdater = async (
  compile: Compile,
  optimizer: AdamW,
  options: ExecutorOptions = {},
): Promise<Updater> => {
  const [plain, decaying] = await Promise.all(
    [false, true].map((decay) => compile(updateGraph(optimizer, decay, ['elements']), options)),
  )
  return {
    update: async ({ parameter, first, second, gradient }, learningRate, step, scale, decay) => {
      const executable = decay ? decaying : plain
      const scalars = { ...adamWFeeds(optimizer, learningRate, step), scale: scalarTensor(scale) }
      for (let start = 0; start < parameter.length; start += SLICE) {
        const part = (data: Float32Array): Tensor => {
          const slice = data.subarray(start, start + SLICE)
          return tensor(slice, slice.length)
        }
        const [p, m, v] = [parameter, first, second].map(part)
        await executable.run(
          { parameter: p, first: m, second: v, gradient: part(gradient), ...scalars },
          { next_parameter: p, next_first: m, next_second: v },
        )
      }
    },
    close: async () => {
      await plain.close()
      await decaying.close()
    },
  }
}

/** AdamW's next parameter and moments; all have the shape given. */
export const updateGraph = (optimizer: AdamW, decay: boolean, shape: Shape): Record<string, Value> => {
  const [parameter, first, second, gradient] = ['parameter', 'first', 'second', 'gradient'].map((name) =>
    input(name, shape),
  )
  const next = adamW({ parameter, first, second }, mul(gradient, input('scale', [])), optimizer, decay)
  return { next_parameter: next.parameter, next_first: next.first, next_second: next.second }
}
