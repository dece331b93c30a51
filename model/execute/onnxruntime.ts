// Runs graphs with ONNX Runtime.
import { toOnnx } from '../onnx/lower.ts'
import type { Compile, Executable, ExecutorOptions, Tensor } from './executor.ts'
import { explained } from './failures.ts'
import { free } from './free.ts'
import ort from './runtime.ts'

export type OnnxDevice = 'cpu' | 'webgpu' | 'cuda'

export interface OnnxOptions extends ExecutorOptions {
  readonly device?: OnnxDevice
}

const sessionOptions = ({
  device = 'cpu',
  threads,
  arena = false,
}: OnnxOptions): ort.InferenceSession.SessionOptions => ({
  executionProviders: [device],
  graphOptimizationLevel: 'all',
  // Sizes change from batch to batch: a plan of memory for each costs memory and gains nothing, and so does an arena
  // that never gives back, unless there is much to pack.
  enableMemPattern: false,
  enableCpuMemArena: arena,
  // What is computed twice is meant to be: `graph/recompute.ts`.
  extra: { optimization: { disable_specified_optimizers: 'CommonSubexpressionElimination' } },
  logSeverityLevel: device === 'cpu' ? 3 : 4,
  ...(threads !== undefined && { intraOpNumThreads: threads }),
})

let profiles = 0

/** A session on the bytes of an .onnx file, and what ends it. */
export const openSession = async (
  model: Uint8Array,
  options: OnnxOptions,
  further: ort.InferenceSession.SessionOptions = {},
) => {
  const { device = 'cpu', profile } = options
  // Sessions that begin within a millisecond would share a file.
  const profiling = profile !== undefined && { enableProfiling: true, profileFilePrefix: `${profile}-${profiles++}` }
  const all = { ...sessionOptions(options), ...further, ...profiling }
  const session = await explained(device, () => ort.InferenceSession.create(model, all))
  const close = async (): Promise<void> => {
    if (profile !== undefined) session.endProfiling()
    await session.release()
  }
  return { session, close }
}

/** Runs the bytes of an .onnx file. */
export const openOnnx = async (model: Uint8Array, options: OnnxOptions = {}): Promise<Executable> => {
  const { device = 'cpu' } = options
  const { session, close } = await openSession(model, options)
  return {
    run: async (feeds, into = {}) => {
      const inputs = Object.fromEntries(session.inputNames.map((name) => [name, toOrt(name, feeds[name])]))
      // Only on the CPU does the runtime write where it is told.
      const direct = device === 'cpu'
      const fetched = session.outputNames.map(
        (name) => [name, direct && name in into ? toOrt(name, into[name]) : null] as const,
      )
      const results = await explained(device, () => session.run(inputs, Object.fromEntries(fetched)))
      // Even of what it wrote where it was told, the runtime gives a copy.
      const copies: Tensor['data'][] = []
      const found = Object.fromEntries(
        session.outputNames.map((name) => {
          const { data, dims } = fromOrt(results[name])
          const given = (into[name] as Tensor | undefined)?.data
          if (given === undefined) return [name, { data, dims }]
          if (!direct) given.set(data)
          copies.push(data)
          return [name, { data: given, dims }]
        }),
      )
      free(copies)
      return found
    },
    close,
  }
}

export const compileOnnxOn =
  (device: OnnxDevice): Compile =>
  (outputs, options = {}) =>
    openOnnx(toOnnx(outputs), { ...options, device })

/** On the CPU. */
export const compileOnnx: Compile = compileOnnxOn('cpu')

export const toOrt = (name: string, value: Tensor | undefined): ort.Tensor => {
  if (value === undefined) throw new TypeError(`the graph's input "${name}" was not fed`)
  return value.data instanceof Int32Array
    ? new ort.Tensor('int32', value.data, value.dims)
    : new ort.Tensor('float32', value.data, value.dims)
}

export const fromOrt = ({ data, dims }: ort.Tensor): Tensor => {
  if (data instanceof Float32Array || data instanceof Int32Array) return { data, dims }
  throw new TypeError('only f32 and i32 results are supported')
}
