// Graph -> ONNX.
import { topological } from '../graph/order.ts'
import { inputsOf } from '../graph/sources.ts'
import { at, factors, type Shape } from '../graph/dims.ts'
import type { PrimitiveName } from '../graph/operations.ts'
import type { Node, Value } from '../graph/value.ts'
import { expand, NO_COMPOSITES, onlyPrimitives } from '../passes/expand.ts'
import { simplify } from '../passes/simplify.ts'
import type { OnnxEmitter } from '../primitives/row.ts'
import { PRIMITIVES } from '../primitives/table.ts'
import { createEmitter, type DimSources } from './emitter.ts'
import { ELEMENT, modelParts, type NodeProto, type TensorProto } from './proto.ts'

export interface LowerOptions {
  readonly name?: string
  /** Values that become part of the file instead of inputs: the model's parameters, in F32. */
  readonly parameters?: ReadonlyMap<string, Float32Array>
  /** Where the parameters' bytes lie, if not in the file itself. */
  readonly external?: External
  /** Integer inputs are declared int64, as other tools feed them. */
  readonly wideIntegers?: boolean
}

export interface External {
  /** Name of a file beside the .onnx file. */
  readonly location: string
  readonly places: ReadonlyMap<string, { readonly offset: number; readonly length: number }>
}

/**
 * ONNX Runtime goes through a graph from its last result back, and of what a node reads it first computes what stands
 * last in the file. So results come in the reverse of the order in which they should be computed, and what is to
 * be computed again only when the backward pass needs it stands before that.
 */
const PHASES = [undefined, 'repeat', 'backward'] as const

/** The .onnx bytes of a graph that computes `outputs` (name to value) from the inputs they depend on. */
export const toOnnx = (outputs: Readonly<Record<string, Value>>, options: LowerOptions = {}): Uint8Array =>
  Buffer.concat(onnxParts(outputs, options))

/** The same bytes in parts that follow each other, of which the large ones are the parameters' own memory. */
export const onnxParts = (outputs: Readonly<Record<string, Value>>, options: LowerOptions = {}): Uint8Array[] => {
  const { name = 'lrat', parameters = new Map<string, Float32Array>(), wideIntegers = false, external } = options
  const results = simplify(expand(Object.values(outputs), NO_COMPOSITES))
  const named = Object.keys(outputs).map((output, i) => ({ output, value: at(results, i) }))
  const order = PHASES.flatMap((phase) => onlyPrimitives(topological(results)).filter((value) => value.phase === phase))
  const inputs = inputsOf(order)
  const fed = inputs.filter(({ attributes }) => !parameters.has(attributes.name))
  const { emitter, nodes, initializers } = createEmitter(dimSources(fed))
  const emitted = new Map<Value, string>()
  const nameOf = (value: Value): string => {
    const found = emitted.get(value)
    if (found === undefined) throw new TypeError(`${value.op} is read before it is written`)
    return found
  }
  for (const value of order) {
    const label = lower(emitter, value.inputs.map(nameOf), value)
    const narrow = value.op === 'input' && value.dtype === 'i32' && wideIntegers
    emitted.set(value, narrow ? emitter.cast(label, 'i32') : label)
    for (const { output, value: result } of named) if (result === value) nodes.push(identity(nameOf(value), output))
  }
  return modelParts({
    name,
    nodes: withoutUnusedOutputs(nodes),
    initializers: [...initializers, ...inputs.flatMap((value) => weight(value, parameters, external))],
    inputs: fed.map(({ attributes, dtype, shape }) => ({
      name: attributes.name,
      elemType: dtype === 'i32' && wideIntegers ? ELEMENT.i64 : ELEMENT[dtype],
      shape,
    })),
    outputs: named.map(({ output, value: { dtype, shape } }) => ({ name: output, elemType: ELEMENT[dtype], shape })),
  })
}

const lower = <P extends PrimitiveName>(emitter: OnnxEmitter, inputs: readonly string[], value: Node<P>): string =>
  PRIMITIVES[value.op].onnx(emitter, inputs, value)

const identity = (input: string, output: string): NodeProto => ({
  input: [input],
  output: [output],
  name: `output_${output}`,
  opType: 'Identity',
  attribute: [],
  domain: '',
})

const weight = (
  value: Value<'input'>,
  parameters: ReadonlyMap<string, Float32Array>,
  external: External | undefined,
): TensorProto[] => {
  const { name } = value.attributes
  const data = parameters.get(name)
  if (data === undefined) return []
  const common = { name, dims: numbers(value.shape), dataType: ELEMENT.f32 }
  const place = external?.places.get(name)
  if (external === undefined || place === undefined)
    return [{ ...common, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }]
  const entries = { location: external.location, offset: String(place.offset), length: String(place.length) }
  const externalData = Object.entries(entries).map(([key, text]) => ({ key, value: text }))
  return [{ ...common, dataLocation: 1, externalData }]
}

const numbers = (shape: Shape): number[] => shape.map(Number)

/** Which input and axis each named dimension can be read from. */
export const dimSources = (inputs: readonly Value<'input'>[]): DimSources => {
  const sources = new Map<string, { input: string; axis: number }>()
  for (const { attributes, shape } of inputs) {
    for (const [axis, dim] of shape.entries()) {
      if (typeof dim === 'string' && factors(dim).length === 1 && !sources.has(dim))
        sources.set(dim, { input: attributes.name, axis })
    }
  }
  return sources
}

/** Optional outputs that nobody reads are not asked for: computing them costs. */
const withoutUnusedOutputs = (nodes: readonly NodeProto[]): NodeProto[] => {
  const read = new Set(nodes.flatMap((node) => node.input))
  return nodes.map((node) => {
    if (node.output.length === 1) return node
    const output = node.output.map((name, i) => (i === 0 || read.has(name) ? name : ''))
    while (output.at(-1) === '') output.pop()
    return { ...node, output }
  })
}
