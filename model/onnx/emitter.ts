// What a primitive's ONNX lowering writes to.
import { factors, type Dim } from '../graph/dims.ts'
import type { OnnxEmitter } from '../primitives/row.ts'
import { attribute, ELEMENT, type NodeProto, type TensorProto } from './proto.ts'

/** Where a named dimension can be read: an input of the graph and its axis. */
export type DimSources = ReadonlyMap<string, { readonly input: string; readonly axis: number }>

export interface Emitted {
  readonly emitter: OnnxEmitter
  readonly nodes: NodeProto[]
  readonly initializers: TensorProto[]
}

const FLOAT_ATTRIBUTES = new Set(['epsilon', 'alpha', 'beta'])

export const createEmitter = (sources: DimSources): Emitted => {
  const nodes: NodeProto[] = []
  const initializers: TensorProto[] = []
  const constants = new Map<string, string>()
  const groups = new Map<string, readonly string[]>()
  let count = 0

  const once = <T>(made: Map<string, T>, key: string, make: () => T): T => {
    const found = made.get(key) ?? make()
    made.set(key, found)
    return found
  }
  const initializer = (dataType: number, dims: readonly number[], bytes: Uint8Array): string => {
    const name = `c${initializers.length}`
    initializers.push({ name, dims, dataType, rawData: bytes })
    return name
  }
  const integers = (values: readonly number[], dims: readonly number[]): string =>
    once(constants, `int ${dims.length} ${values.join(' ')}`, () => {
      const data = BigInt64Array.from(values, BigInt)
      return initializer(ELEMENT.i64, dims, new Uint8Array(data.buffer))
    })
  const op: OnnxEmitter['op'] = (opType, input, attributes = {}, outputs = 1) => {
    const name = `n${count++}`
    const output: [string, ...string[]] = [name, ...Array.from({ length: outputs - 1 }, (_, i) => `${name}_${i + 1}`)]
    const list = Object.entries(attributes).map(([key, value]) =>
      attribute(key, typeof value === 'number' && FLOAT_ATTRIBUTES.has(key) ? { float: value } : value),
    )
    nodes.push({ input: [...input], output, name, opType, attribute: list, domain: '' })
    return output
  }
  const sizeOf = (dim: Dim): string => {
    if (typeof dim === 'number') return integers([dim], [1])
    return once(constants, `size ${dim}`, () =>
      factors(dim)
        .map(factor)
        .reduce((a, b) => op('Mul', [a, b])[0]),
    )
  }
  const factor = (name: string): string => {
    if (/^\d+$/.test(name)) return integers([Number(name)], [1])
    const source = sources.get(name)
    if (source === undefined) throw new TypeError(`no input of the graph has the dimension "${name}"`)
    return once(
      constants,
      `size ${name}`,
      () => op('Shape', [source.input], { start: source.axis, end: source.axis + 1 })[0],
    )
  }
  const emitter: OnnxEmitter = {
    op,
    cast: (x, to) => op('Cast', [x], { to: ELEMENT[to] })[0],
    ints: (values) => integers(values, [values.length]),
    int: (value) => integers([value], []),
    floats: (values, dims) =>
      once(constants, `float ${dims.join('x')} ${values.join(' ')}`, () => {
        const data = Float32Array.from(values)
        return initializer(ELEMENT.f32, dims, new Uint8Array(data.buffer))
      }),
    shape: (shape) => {
      if (shape.every((dim) => typeof dim === 'number')) return integers(shape, [shape.length])
      const [only, ...others] = shape
      if (only !== undefined && others.length === 0) return sizeOf(only)
      return once(constants, `shape ${shape.join(',')}`, () => op('Concat', shape.map(sizeOf), { axis: 0 })[0])
    },
    shared: (key, make) => once(groups, key, make),
  }
  return { emitter, nodes, initializers }
}
