// The part of ONNX's protobuf messages that is written and read here (field numbers from onnx.proto3).
import protobuf from 'protobufjs/light.js'
import type { Dim } from '../graph/dims.ts'
import type { OnnxAttribute } from '../primitives/row.ts'

const field = (type: string, id: number, rule?: 'repeated') => ({ type, id, ...(rule && { rule }) })
const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: field('int64', 1),
        producerName: field('string', 2),
        producerVersion: field('string', 3),
        graph: field('GraphProto', 7),
        opsetImport: field('OperatorSetIdProto', 8, 'repeated'),
      },
    },
    OperatorSetIdProto: { fields: { domain: field('string', 1), version: field('int64', 2) } },
    GraphProto: {
      fields: {
        node: field('NodeProto', 1, 'repeated'),
        name: field('string', 2),
        initializer: field('TensorProto', 5, 'repeated'),
        input: field('ValueInfoProto', 11, 'repeated'),
        output: field('ValueInfoProto', 12, 'repeated'),
      },
    },
    NodeProto: {
      fields: {
        input: field('string', 1, 'repeated'),
        output: field('string', 2, 'repeated'),
        name: field('string', 3),
        opType: field('string', 4),
        attribute: field('AttributeProto', 5, 'repeated'),
        domain: field('string', 7),
      },
    },
    AttributeProto: {
      fields: {
        name: field('string', 1),
        f: field('float', 2),
        i: field('int64', 3),
        s: field('bytes', 4),
        ints: field('int64', 8, 'repeated'),
        type: field('int32', 20),
      },
    },
    TensorProto: {
      fields: {
        dims: field('int64', 1, 'repeated'),
        dataType: field('int32', 2),
        name: field('string', 8),
        rawData: field('bytes', 9),
        externalData: field('StringStringEntryProto', 13, 'repeated'),
        dataLocation: field('int32', 14),
      },
    },
    StringStringEntryProto: { fields: { key: field('string', 1), value: field('string', 2) } },
    ValueInfoProto: { fields: { name: field('string', 1), type: field('TypeProto', 2) } },
    TypeProto: { fields: { tensorType: field('TensorTypeProto', 1) } },
    TensorTypeProto: { fields: { elemType: field('int32', 1), shape: field('TensorShapeProto', 2) } },
    TensorShapeProto: { fields: { dim: field('DimensionProto', 1, 'repeated') } },
    DimensionProto: { fields: { dimValue: field('int64', 1), dimParam: field('string', 2) } },
  },
})
const model = root.lookupType('ModelProto')

export interface NodeProto {
  readonly input: readonly string[]
  readonly output: string[]
  readonly name: string
  readonly opType: string
  readonly attribute: readonly object[]
  readonly domain: string
}
export interface TensorProto {
  readonly name: string
  readonly dims: readonly number[]
  readonly dataType: number
  readonly rawData?: Uint8Array
  readonly dataLocation?: number
  readonly externalData?: readonly { readonly key: string; readonly value: string }[]
}
export interface PortProto {
  readonly name: string
  readonly elemType: number
  readonly shape: readonly Dim[]
}
export interface GraphProto {
  readonly name: string
  readonly nodes: readonly NodeProto[]
  readonly initializers: readonly TensorProto[]
  readonly inputs: readonly PortProto[]
  readonly outputs: readonly PortProto[]
}

/** ONNX's numbers for element types. */
export const ELEMENT = { f32: 1, i32: 6, i64: 7, f16: 10, bf16: 16 } as const

/** An attribute message: floats are told apart from integers by name, since JavaScript does not. */
export const attribute = (name: string, value: OnnxAttribute): object => {
  if (typeof value === 'object' && 'float' in value) return { name, type: 1, f: value.float }
  if (typeof value === 'number') return { name, type: 2, i: value }
  if (typeof value === 'string') return { name, type: 3, s: Buffer.from(value) }
  return { name, type: 7, ints: value }
}

const OPSET = 18
const IR_VERSION = 8

/** Weights of so many bytes and more are not copied. */
const LARGE = 1 << 16
/** Of a field of bytes or of a message: field number and this wire type, then the length. */
const LENGTH_DELIMITED = 2
const prefix = (id: number, length: number): Uint8Array =>
  protobuf.Writer.create()
    .uint32((id << 3) | LENGTH_DELIMITED)
    .uint32(length)
    .finish()
const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0)
/** A field, of a message of which the parts are given, as parts. */
const delimited = (id: number, parts: readonly Uint8Array[]): Uint8Array[] => [prefix(id, sizeOf(parts)), ...parts]

const graphType = root.lookupType('GraphProto')
const tensorType = root.lookupType('TensorProto')
const idOf = (type: protobuf.Type, name: string): number => type.fields[name].id

/** The bytes of an .onnx file. */
export const encodeModel = (graph: GraphProto): Uint8Array => Buffer.concat(modelParts(graph))

/** The same bytes in parts that follow each other: large weights are parts of their own, as they were given. */
export const modelParts = (graph: GraphProto): Uint8Array[] => {
  const port = ({ name, elemType, shape }: PortProto): object => ({
    name,
    type: {
      tensorType: {
        elemType,
        shape: { dim: shape.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) },
      },
    },
  })
  const isLarge = ({ rawData }: TensorProto): boolean => (rawData?.length ?? 0) >= LARGE
  const small = graphType.encode({
    name: graph.name,
    node: graph.nodes,
    initializer: graph.initializers.filter((x) => !isLarge(x)),
    input: graph.inputs.map(port),
    output: graph.outputs.map(port),
  })
  const large = graph.initializers.filter(isLarge).flatMap(({ rawData = new Uint8Array(), ...rest }) => {
    const data = delimited(idOf(tensorType, 'rawData'), [rawData])
    return delimited(idOf(graphType, 'initializer'), [tensorType.encode(rest).finish(), ...data])
  })
  const head = { irVersion: IR_VERSION, producerName: 'lrat', opsetImport: [{ domain: '', version: OPSET }] }
  return [model.encode(head).finish(), ...delimited(idOf(model, 'graph'), [small.finish(), ...large])]
}
