// What a backward pass reads of the forward one: kept, or computed again from less. What to keep is a minimum cut (He & Yu,
// "Transcending runtime-memory tradeoffs in checkpointing by being fusion aware", MLSys 2023; PyTorch does the same).
import { minimumCut, type Edge } from '../graph/minimum-cut.ts'
import { topological } from '../graph/order.ts'
import { again } from '../graph/make.ts'
import { factors, type Dim } from '../graph/dims.ts'
import type { Phase, Value } from '../graph/value.ts'
import { traitsOf } from '../composites/table.ts'

/** Made of nothing, or of what is fed anyway. */
const isFree = (value: Value): boolean => traitsOf(value).twice === 'free'

const names = (dim: Dim): readonly string[] =>
  typeof dim === 'number' ? [] : factors(dim).filter((name) => !/^\d+$/.test(name))

/**
 * Whether a value may be computed twice: what is done element by element or along an axis; of products those that grow
 * with the square of a dimension (attention's scores), which are large for what they cost, and those that do not depend on
 * the batch.
 */
const repeatable = (value: Value): boolean => {
  const { twice } = traitsOf(value)
  if (twice !== 'product') return twice !== 'dear'
  const used = value.shape.flatMap(names)
  return used.length === 0 || new Set(used).size < used.length
}

/** Bytes, a dimension that is only known when the graph runs counting as so much. */
const TYPICAL = 128
const sizeOf = ({ shape, dtype }: Value): number =>
  shape
    .flatMap((dim) => (typeof dim === 'number' ? [dim] : factors(dim).map((name) => Number(name) || TYPICAL)))
    .reduce((a, b) => a * b, dtype === 'f16' || dtype === 'bf16' ? 2 : 4)

/**
 * The outputs of a graph of which `forward` is the first part, changed so that the rest keeps as little of it as can be:
 * of the forward values that it reads, some are kept and the others computed again when they are needed.
 */
export const recomputing = (forward: Value, outputs: readonly Value[]): Value[] => {
  const first = new Set(topological([forward]))
  const order = topological(outputs)
  const read = new Set(order.flatMap((value) => (first.has(value) ? [] : value.inputs.filter((x) => first.has(x)))))
  const kept = cheapestKept([...first], read)
  const remade = (value: Value, inputs: readonly Value[], phase: Phase): Value => again(value, inputs, phase)
  const copies = new Map<Value, Value>()
  const available = (value: Value): Value => {
    if (isFree(value) || kept.has(value)) return value
    const copy = copies.get(value) ?? remade(value, value.inputs.map(available), 'repeat')
    copies.set(value, copy)
    return copy
  }
  const renewed = new Map<Value, Value>()
  for (const value of order) {
    if (first.has(value) || isFree(value)) continue
    const inputs = value.inputs.map((x) => renewed.get(x) ?? (first.has(x) ? available(x) : x))
    renewed.set(value, remade(value, inputs, 'backward'))
  }
  return outputs.map((value) => renewed.get(value) ?? value)
}

/** The forward values of least size in all from which the others that are read can be computed again. */
const cheapestKept = (values: readonly Value[], read: ReadonlySet<Value>): ReadonlySet<Value> => {
  const places = values.filter((value) => !isFree(value))
  const index = new Map(places.map((value, i) => [value, i]))
  // A value is two vertices, before and after it is kept; the last two are source and sink.
  const [source, sink] = [2 * places.length, 2 * places.length + 1]
  const edges: Edge[] = []
  for (const [i, value] of places.entries()) {
    edges.push([2 * i, 2 * i + 1, sizeOf(value)])
    if (read.has(value)) edges.push([2 * i + 1, sink, Infinity])
    const inputs = value.inputs.flatMap((x) => index.get(x) ?? [])
    if (repeatable(value)) for (const input of inputs) edges.push([2 * input + 1, 2 * i, Infinity])
    else edges.push([source, 2 * i, Infinity])
  }
  const beyond = minimumCut(2 * places.length + 2, edges, source, sink)
  return new Set(places.filter((_, i) => !beyond.has(2 * i) && beyond.has(2 * i + 1)))
}
