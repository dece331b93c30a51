// Parameters, moments and gradients of a training run in LibTorch's memory. On the processor parameters and moments are
// the host's own arrays, changed in place.
import type { TrainableState } from './engine-types.ts'
import { downloaded, uploaded } from '../execute/torch/executable.ts'
import type { TorchDevice } from '../execute/torch/device.ts'
import type { Feeds } from '../execute/torch/program.ts'
import { rowMajor, type Handle } from '../execute/torch/tensors.ts'
import { tensor } from '../execute/executor.ts'
import type { NamedTensor, Parameters } from '../files/safetensors.ts'
import type { ParameterSpec } from '../nets/network.ts'
import type { AdamW } from './optimizer.ts'
import { required } from './training-memory.ts'

export interface TorchState {
  /** All parameters, as programs are fed them. */
  readonly parameters: Feeds
  /** The sum of gradients of each parameter that is trained. */
  readonly sums: Readonly<Record<string, Handle>>
  readonly clear: () => void
  readonly gradients: () => Parameters
  readonly gradientNorm: () => number
  readonly update: (learningRate: number, step: number, scale: number) => void
  readonly sync: () => void
  readonly close: () => void
}

/** Gradients lie in one tensor, each from a multiple of this on: what works on all of them is one kernel. */
const ALIGNED = 64
/** Elements that a length is summed over at first. */
const ROW = 1 << 14

export interface StateOptions {
  readonly optimizer: AdamW
  readonly selectiveDecay: boolean
}

export const torchState = (
  device: TorchDevice,
  specs: readonly ParameterSpec[],
  state: TrainableState,
  { optimizer, selectiveDecay }: StateOptions,
): TorchState => {
  const { tensors, operators, place } = device
  const trained = specs.filter(({ frozen }) => frozen !== true)
  const owned: Handle[] = []
  const kept = (make: () => Handle): Handle => {
    const handle = tensors.scope(make)
    owned.push(handle)
    return handle
  }
  const there = (group: Parameters, names: readonly ParameterSpec[]): Map<string, Handle> =>
    new Map(
      names.map(({ name }) => {
        const { data, dims } = required(group, name)
        return [name, kept(() => uploaded(device, tensor(data, ...dims)))]
      }),
    )
  const parameters = there(state.parameters, specs)
  const [first, second] = [there(state.first, trained), there(state.second, trained)]

  const starts = new Map<string, number>()
  let total = 0
  for (const { name, dims } of trained) {
    starts.set(name, total)
    total += Math.ceil(dims.reduce((a, b) => a * b, 1) / ALIGNED) * ALIGNED
  }
  const rows = Math.max(1, Math.ceil(total / ROW))
  const flat = kept(() => tensors.empty([rows, ROW], 'f32'))
  operators.fill(flat, 0)
  const sums = Object.fromEntries(
    trained.map(({ name, dims }) => [
      name,
      kept(() => tensors.view(flat, dims, rowMajor(dims), starts.get(name) ?? 0)),
    ]),
  )
  const steps = kept(() => tensors.empty([], 'f32'))
  const divisor = kept(() => tensors.empty([], 'f32'))
  const groups = [true, false].map((decay) => ({
    weightDecay: decay ? optimizer.weightDecay : 0,
    names: trained.filter((spec) => (spec.decay || !selectiveDecay) === decay).map(({ name }) => name),
  }))
  const of = (from: ReadonlyMap<string, Handle>, names: readonly string[]): Handle[] =>
    names.map((name) => from.get(name) ?? 0)
  const download = (from: ReadonlyMap<string, Handle>, into: Parameters): void => {
    for (const { name } of trained) downloaded(device, from.get(name) ?? 0, required(into, name).data)
  }
  return {
    parameters: Object.fromEntries(specs.map(({ name, dims }) => [name, { handle: parameters.get(name) ?? 0, dims }])),
    sums,
    clear: () => operators.fill(flat, 0),
    gradients: () =>
      new Map(
        trained.map(({ name }): [string, NamedTensor] => {
          const { data, dims } = downloaded(device, sums[name] ?? 0)
          return [name, { data: data instanceof Float32Array ? data : Float32Array.from(data), dims }]
        }),
      ),
    gradientNorm: () => {
      const length = tensors.scope(() => operators.norm(operators.norm(flat, [1]), [0]))
      const [found = NaN] = downloaded(device, length).data
      tensors.delete(length)
      return found
    },
    update: (learningRate, step, scale) => {
      operators.fill(steps, step)
      operators.fill(divisor, 1 / scale)
      for (const { names, weightDecay } of groups) {
        if (names.length === 0) continue
        tensors.scope(() =>
          operators.fusedAdamW(
            ...([
              of(parameters, names),
              names.map((name) => sums[name] ?? 0),
              of(first, names),
              of(second, names),
            ] as const),
            ...([[], names.map(() => steps)] as const),
            ...([learningRate, optimizer.beta1, optimizer.beta2, weightDecay, optimizer.epsilon] as const),
            ...([false, false, scale === 1 ? undefined : divisor, undefined] as const),
          ),
        )
      }
    },
    sync: () => {
      if (place.kind === 'cpu') return
      download(parameters, state.parameters)
      download(first, state.first)
      download(second, state.second)
    },
    close: () => {
      for (const handle of owned.splice(0)) tensors.delete(handle)
    },
  }
}
