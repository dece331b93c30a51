// LibTorch as one of the executors: what is fed comes from the host, and results go back there.
import type { Compile, Tensor } from '../executor.ts'
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
  async (outputs) => {
    const program = programOf(device, outputs)
    const { tensors } = device
    return {
      run: async (feeds, into = {}) => {
        await turn()
        try {
          let found: Record<string, Tensor> = {}
          tensors.scope(() => {
            const fed: Record<string, Feed> = {}
            for (const { name } of program.plan.inputs) {
              const value = feeds[name]
              if (value === undefined) throw new TypeError(`the graph's input "${name}" was not fed`)
              fed[name] = { handle: uploaded(device, value), dims: value.dims }
            }
            const results = program.run(fed)
            try {
              found = Object.fromEntries(
                Object.entries(results).map(([name, handle]) => {
                  const integers = outputs[name]?.dtype === 'i32'
                  return [name, downloaded(device, handle, into[name]?.data, integers)]
                }),
              )
            } finally {
              for (const handle of Object.values(results)) tensors.delete(handle)
            }
            return []
          })
          return found
        } catch (error) {
          throw runtimeFailure(error, device.name)
        }
      },
      close: async () => program.close(),
    }
  }
