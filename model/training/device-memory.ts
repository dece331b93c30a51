// Training state in a device's memory: it is uploaded once, and comes back for checkpoints only.
import type { EngineOptions, TrainableState } from './engine-types.ts'
import { floatsOf, scalarTensor } from '../execute/executor.ts'
import type { Resident, ResidentRuntime } from '../execute/resident.ts'
import type { NamedTensor, Parameters } from '../files/safetensors.ts'
import { add, mul } from '../graph/elementwise.ts'
import { sum, total } from '../graph/reduce.ts'
import { broadcast } from '../graph/shape.ts'
import { input } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import type { Network, ParameterSpec } from '../nets/network.ts'
import { NO_COMPOSITES } from '../passes/expand.ts'
import { adamWFeeds } from './optimizer.ts'
import { encoderGraphs } from './training-graphs.ts'
import { required, type TrainingMemory } from './training-memory.ts'
import { updateGraph } from './updater.ts'

type Residents = Map<string, Resident>

export const deviceMemory = async (
  network: Network,
  state: TrainableState,
  {
    resident: runtime,
    precision = 'float32',
    optimizer,
    selectiveDecay,
  }: EngineOptions & { readonly resident: ResidentRuntime },
): Promise<TrainingMemory> => {
  const trained = network.parameters.filter(({ frozen }) => frozen !== true)
  const graphs = encoderGraphs(network, precision, { tables: 'dense', keep: 'all', composites: NO_COMPOSITES })
  const encode = await runtime.compile({ embeddings: graphs.embeddings }, [])
  const vjp = await runtime.compile(graphs.outputs, Object.keys(graphs.outputs))
  const zeros = await runtime.compile(
    zerosGraph(trained),
    trained.map(({ name }) => name),
  )
  const squares = await runtime.compile(squaresGraph(trained), [])
  const updates = await compileUpdates(runtime, trained, (rank, decay) => {
    const axes = Array.from({ length: rank }, (_, i) => `axis${i}`)
    return updateGraph(optimizer, decay, axes)
  })

  const upload = async (tensors: Parameters): Promise<Residents> => {
    const found: Residents = new Map()
    for (const [name, value] of tensors) found.set(name, await runtime.upload(value))
    return found
  }
  const parameters = await upload(state.parameters)
  const [first, second] = [await upload(state.first), await upload(state.second)]
  const sums: Residents = new Map()
  const replace = (into: Residents, name: string, value: Resident): void => {
    const old = into.get(name)
    if (old !== undefined) runtime.release(old)
    into.set(name, value)
  }
  const download = async (from: Residents, into: Parameters): Promise<void> => {
    for (const { name } of trained) required(into, name).data.set((await runtime.download(at(from, name))).data)
  }

  return {
    encode: async (batch) => {
      const { fetched } = await encode.run({ ...Object.fromEntries(parameters), ...batch })
      return floatsOf(fetched, 'embeddings')
    },
    clear: async () => {
      const { kept } = await zeros.run({ zero: scalarTensor(0) })
      for (const { name } of trained) replace(sums, name, kept[name])
    },
    addGradients: async (batch, cotangent) => {
      const before = Object.fromEntries([...sums].map(([name, value]) => [`sum.${name}`, value]))
      const { kept } = await vjp.run({ ...Object.fromEntries(parameters), ...before, ...batch, cotangent })
      for (const { name } of trained) replace(sums, name, kept[`next.${name}`])
    },
    gradients: async () => {
      const found = new Map<string, NamedTensor>()
      for (const [name, value] of sums) {
        const { data, dims } = await runtime.download(value)
        found.set(name, { dims, data: Float32Array.from(data) })
      }
      return found
    },
    gradientNorm: async () => {
      const { fetched } = await squares.run(Object.fromEntries(sums))
      return Math.sqrt(floatsOf(fetched, 'squares')[0])
    },
    update: async (learningRate, step, scale) => {
      const scalars = { ...adamWFeeds(optimizer, learningRate, step), scale: scalarTensor(scale) }
      for (const { name, dims, decay } of trained) {
        const { kept } = await updates.of(dims.length, decay || !selectiveDecay).run({
          parameter: at(parameters, name),
          first: at(first, name),
          second: at(second, name),
          gradient: at(sums, name),
          ...scalars,
        })
        replace(parameters, name, kept.next_parameter)
        replace(first, name, kept.next_first)
        replace(second, name, kept.next_second)
      }
    },
    sync: async () => {
      await download(parameters, state.parameters)
      await download(first, state.first)
      await download(second, state.second)
    },
    close: async () => {
      for (const group of [parameters, first, second, sums]) for (const value of group.values()) runtime.release(value)
      for (const executable of [encode, vjp, zeros, squares, updates]) await executable.close()
      await runtime.close()
    },
  }
}

const at = (values: Residents, name: string): Resident => {
  const found = values.get(name)
  if (found === undefined) throw new TypeError(`no tensor ${name} on the device`)
  return found
}

/** The update graphs of the ranks there are, with decay and without. */
const compileUpdates = async (
  runtime: ResidentRuntime,
  trained: readonly ParameterSpec[],
  graph: (rank: number, decay: boolean) => Record<string, Value>,
) => {
  const made = new Map<string, Awaited<ReturnType<ResidentRuntime['compile']>>>()
  for (const rank of new Set(trained.map(({ dims }) => dims.length))) {
    for (const decay of [false, true]) {
      const outputs = graph(rank, decay)
      made.set(`${rank} ${decay}`, await runtime.compile(outputs, Object.keys(outputs)))
    }
  }
  return {
    of: (rank: number, decay: boolean) => {
      const found = made.get(`${rank} ${decay}`)
      if (found === undefined) throw new TypeError(`no update of rank ${rank}`)
      return found
    },
    close: async () => {
      for (const executable of made.values()) await executable.close()
    },
  }
}

/** Zeros like each parameter, spread from an input so that they are no part of the compiled graph. */
const zerosGraph = (trained: readonly ParameterSpec[]): Record<string, Value> => {
  const zero = input('zero', [])
  return Object.fromEntries(trained.map(({ name, dims }) => [name, broadcast(zero, dims)]))
}

/** The sum of all squares: rows first, since one group of threads sums what is left. */
const squaresGraph = (trained: readonly ParameterSpec[]): Record<string, Value> => {
  const each = trained.map(({ name, dims }) => {
    const gradient = input(name, dims)
    return total(sum(mul(gradient, gradient), -1))
  })
  return { squares: each.reduce((a, b) => add(a, b)) }
}
