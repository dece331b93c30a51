// Training state in arrays of the host, changed in place.
import type { EngineOptions, TrainableState } from './engine-types.ts'
import { floatsOf, tensor, type Tensor } from '../execute/executor.ts'
import { NO_COMPOSITES } from '../passes/expand.ts'
import type { Network } from '../nets/network.ts'
import { encoderGraphs } from './training-graphs.ts'
import { required, zerosLike, type TrainingMemory } from './training-memory.ts'
import { createUpdater } from './updater.ts'

export const hostMemory = async (
  network: Network,
  state: TrainableState,
  { compile, precision = 'float32', optimizer, selectiveDecay }: EngineOptions,
): Promise<TrainingMemory> => {
  const { parameters } = state
  const trained = network.parameters.filter(({ frozen }) => frozen !== true)
  const sums = zerosLike(new Map(trained.map(({ name }) => [name, required(parameters, name)])))
  const graphs = encoderGraphs(network, precision, { tables: 'rows', keep: 'least', composites: NO_COMPOSITES })
  const [encode, vjp] = await Promise.all([
    compile({ embeddings: graphs.embeddings }, { arena: true }),
    compile(graphs.outputs, { arena: true }),
  ])
  const updater = await createUpdater(compile, optimizer)
  const weights = Object.fromEntries([...parameters].map(([name, { data, dims }]) => [name, tensor(data, ...dims)]))

  return {
    encode: async (batch) => floatsOf(await encode.run({ ...weights, ...batch }), 'embeddings'),
    clear: async () => {
      for (const { data } of sums.values()) data.fill(0)
    },
    addGradients: async (batch, cotangent) => {
      const into: Record<string, Tensor> = {}
      const feeds: Record<string, Tensor> = { ...weights, ...batch, cotangent }
      for (const name of graphs.dense) {
        const { data, dims } = required(sums, name)
        into[`next.${name}`] = feeds[`sum.${name}`] = tensor(data, ...dims)
      }
      const results = await vjp.run(feeds, into)
      for (const [k, table] of graphs.tables.entries())
        addRows(required(sums, table).data, floatsOf(results, `rows.${k}`), results[`ids.${k}`].data)
    },
    gradients: async () => sums,
    gradientNorm: async () => {
      let squares = 0
      for (const { data } of sums.values()) for (const g of data) squares += g * g
      return Math.sqrt(squares)
    },
    update: async (learningRate, step, scale) => {
      for (const { name, decay } of trained) {
        const [parameter, first, second, gradient] = [parameters, state.first, state.second, sums].map(
          (group) => required(group, name).data,
        )
        const arrays = { parameter, first, second, gradient }
        await updater.update(arrays, learningRate, step, scale, decay || !selectiveDecay)
      }
    },
    sync: async () => {},
    close: async () => {
      for (const executable of [encode, vjp, updater]) await executable.close()
    },
  }
}

const addRows = (table: Float32Array, rows: Float32Array, ids: ArrayLike<number>): void => {
  const width = rows.length / ids.length
  for (let k = 0; k < ids.length; k++) {
    const [from, to] = [k * width, ids[k] * width]
    for (let j = 0; j < width; j++) table[to + j] += rows[from + j]
  }
}
