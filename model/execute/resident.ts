// Graphs whose values stay in the device's memory from run to run (ONNX Runtime on WebGPU).
import type { Value } from '../graph/value.ts'
import { input } from '../graph/sources.ts'
import { toOnnx } from '../onnx/lower.ts'
import type { ExecutorOptions, Tensor } from './executor.ts'
import { explained } from './failures.ts'
import { fromOrt, openSession, toOrt } from './onnxruntime.ts'
import ort from './runtime.ts'

/** An f32 value in the device's memory; `place` is its runtime's own. */
export interface Resident {
  readonly dims: readonly number[]
  readonly place: unknown
}

export interface ResidentExecutable {
  /** Runs the graph. The outputs it was compiled to keep are in `kept`: whoever asked releases them. */
  run(
    feeds: Readonly<Record<string, Tensor | Resident>>,
  ): Promise<{ readonly kept: Record<string, Resident>; readonly fetched: Record<string, Tensor> }>
  close(): Promise<void>
}

export interface ResidentRuntime {
  /** Compiles a graph of which the outputs named in `keep` stay on the device. */
  compile(outputs: Readonly<Record<string, Value>>, keep: readonly string[]): Promise<ResidentExecutable>
  upload(value: Tensor): Promise<Resident>
  download(value: Resident): Promise<Tensor>
  /** Gives the memory back; without it, it is never freed. */
  release(value: Resident): void
  close(): Promise<void>
}

export const webgpuRuntime = (executor: ExecutorOptions = {}): ResidentRuntime => {
  const compile = compileOn(executor)
  const opened = new Map<string, Promise<ResidentExecutable>>()
  // A value passes unchanged; where its result lies is what matters. Reading a kept output itself crashed ONNX Runtime.
  const pass = (rank: number, keep: boolean): Promise<ResidentExecutable> => {
    const key = `${rank} ${keep}`
    const found = opened.get(key)
    if (found !== undefined) return found
    const axes = Array.from({ length: rank }, (_, i) => `axis${i}`)
    const made = compile({ out: input('in', axes) }, keep ? ['out'] : [])
    opened.set(key, made)
    return made
  }
  return {
    compile,
    upload: async (value) => (await (await pass(value.dims.length, true)).run({ in: value })).kept.out,
    download: async (value) => (await (await pass(value.dims.length, false)).run({ in: value })).fetched.out,
    release: (value) => placeOf(value).dispose(),
    close: async () => {
      for (const executable of opened.values()) await (await executable).close()
      opened.clear()
    },
  }
}

const placeOf = ({ place }: Resident): ort.Tensor => {
  if (place instanceof ort.Tensor) return place
  throw new TypeError('a value of another runtime')
}

const compileOn =
  (executor: ExecutorOptions): ResidentRuntime['compile'] =>
  async (outputs, keep) => {
    const device = 'webgpu'
    const locations = Object.fromEntries(
      Object.keys(outputs).map((name) => [name, keep.includes(name) ? 'gpu-buffer' : 'cpu'] as const),
    )
    const options = { ...executor, device } as const
    const { session, close } = await openSession(toOnnx(outputs), options, { preferredOutputLocation: locations })
    return {
      run: async (feeds) => {
        const inputs = Object.fromEntries(
          session.inputNames.map((name) => {
            const value = feeds[name] as Tensor | Resident | undefined
            return [name, value !== undefined && 'place' in value ? placeOf(value) : toOrt(name, value)]
          }),
        )
        const results = await explained(device, () => session.run(inputs))
        const kept: Record<string, Resident> = {}
        const fetched: Record<string, Tensor> = {}
        for (const name of session.outputNames) {
          const place = results[name]
          if (keep.includes(name)) kept[name] = { dims: place.dims, place }
          else fetched[name] = fromOrt(place)
        }
        return { kept, fetched }
      },
      close,
    }
  }
