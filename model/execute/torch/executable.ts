// LibTorch as one of the executors: what is fed comes from the host, and results go back there.
import { at } from '../../graph/dims.ts'
import type { Value } from '../../graph/value.ts'
import type { Compile, Executable, Tensor, Tensors as HostTensors } from '../executor.ts'
import { runtimeFailure } from '../failures.ts'
import type { TorchDevice } from './device.ts'
import { programOf, type Feed } from './program.ts'
import type { Handle, Tensors } from './tensors.ts'

/** Everything runs in the thread that asks, so that others get a turn between two runs. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A tensor on the device with these numbers, owned by the scope. On the processor it lies in the host's array itself. */
export const uploaded = (device: TorchDevice, { data, dims }: Tensor): Handle => {
  const { tensors, operators } = device
  const there = tensors.over(data, dims)
  const wide = data instanceof Int32Array ? operators.to(there, 'i64') : there
  if (device.place.kind === 'cpu') return wide
  const made = tensors.empty(dims, data instanceof Int32Array ? 'i64' : 'f32')
  tensors.copy(made, wide)
  return made
}

export const dimsOf = (tensors: Tensors, handle: Handle): number[] =>
  Array.from({ length: tensors.rank(handle) }, (_, axis) => tensors.size(handle, axis))

/** The numbers of a tensor, in memory of the host's own. */
export const downloaded = (
  { tensors }: TorchDevice,
  handle: Handle,
  into?: Float32Array | Int32Array,
  integers = false,
): Tensor => {
  const dims = dimsOf(tensors, handle)
  const count = dims.reduce((a, b) => a * b, 1)
  const data = into ?? (integers ? new Int32Array(count) : new Float32Array(count))
  tensors.scope(() => {
    tensors.copy(tensors.over(data, dims), handle)
    return []
  })
  return { data, dims }
}

export const compileTorchOn =
  (device: TorchDevice): Compile =>
  async (outputs) =>
    executableOf(device, outputs, {})

/** A graph some of whose inputs stay the same: they are brought to the device once. Their arrays must not change. */
export const executableOf = (
  device: TorchDevice,
  outputs: Readonly<Record<string, Value>>,
  fixed: HostTensors,
): Executable => {
  const { tensors } = device
  const program = programOf(device, outputs, { fixed: new Set(Object.keys(fixed)) })
  const there: Record<string, Feed> = {}
  for (const [name, value] of Object.entries(fixed))
    there[name] = { handle: tensors.scope(() => uploaded(device, value)), dims: value.dims }

  /** Runs with what is fed besides, and brings the results to the host. */
  const once = (feeds: HostTensors, into: HostTensors): Record<string, Tensor> => {
    const fed: Record<string, Feed> = { ...there }
    for (const { name } of program.plan.inputs) {
      const value = feeds[name]
      if (value !== undefined)
        fed[name] = { handle: uploaded(device, value), dims: value.dims, ...paddingOf(name, value) }
      else if (!(name in there)) throw new TypeError(`the graph's input "${name}" was not fed`)
    }
    const results = program.run(fed)
    try {
      return Object.fromEntries(
        Object.entries(results).map(([name, handle]) => {
          const integers = outputs[name]?.dtype === 'i32'
          return [name, downloaded(device, handle, into[name]?.data, integers)]
        }),
      )
    } finally {
      for (const handle of Object.values(results)) tensors.delete(handle)
    }
  }
  return {
    run: (feeds, into = {}) => apart(device, () => once(feeds, into)),
    close: async () => {
      program.close()
      for (const { handle } of Object.values(there)) tensors.delete(handle)
    },
  }
}

/** Work on the device, after whoever else waits in this thread had a turn. Tensors that it makes are gone after it. */
export const apart = async <T>(device: TorchDevice, work: () => T): Promise<T> => {
  await turn()
  try {
    const found: T[] = []
    device.tensors.scope(() => {
      found.push(work())
      return []
    })
    return at(found, 0)
  } catch (error) {
    throw runtimeFailure(error, device.name)
  }
}

/** Of a mask of texts, whether any is shorter than the others. */
export const paddingOf = (name: string, { data }: Tensor): Pick<Feed, 'padding'> =>
  name === 'attention_mask' ? { padding: data.includes(0) ? 'some' : 'none' } : {}
