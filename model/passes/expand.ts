// Composites, and their gradients, written in primitives: for executors that have no kernel of their own for them.
import { COMPOSITES, isComposite } from '../composites/table.ts'
import type { Shared } from '../composites/row.ts'
import { at } from '../graph/dims.ts'
import { again } from '../graph/make.ts'
import type { CompositeGradient, CompositeName, Composites, PrimitiveName } from '../graph/operations.ts'
import { topological } from '../graph/order.ts'
import { input } from '../graph/sources.ts'
import type { Node, Value } from '../graph/value.ts'
import { isPrimitive } from '../primitives/table.ts'
import { gradients } from './differentiate.ts'

export type Taken = ReadonlySet<CompositeName>
/** What an executor takes that has kernels for primitives only. */
export const NO_COMPOSITES: Taken = new Set()

/** The same outputs, of which no composite is left but those that the executor takes as they are. */
export const expand = (outputs: readonly Value[], taken: Taken): Value[] => {
  const shared = sharing()
  const row = <C extends CompositeName>(op: C, attributes: Composites[C], inputs: readonly Value[]): Value =>
    COMPOSITES[op].expand(inputs, attributes, shared)
  const whole = <C extends CompositeName>({ op, attributes }: Node<C>, inputs: readonly Value[]): Value =>
    row(op, attributes, inputs)
  const cotangent = <C extends CompositeName>(
    { of, attributes, input: place }: CompositeGradient<C>,
    [given, ...read]: readonly Value[],
  ): Value => {
    const inputs = COMPOSITES[of].gradientReads === 'inputs' ? read : read.slice(0, -1)
    return at(gradients(row(of, attributes, inputs), [at(inputs, place)], given), 0)
  }
  const made = new Map<Value, Value>()
  for (const value of topological(outputs)) {
    const inputs = value.inputs.map((x) => required(made, x))
    const { phase } = value
    if (isComposite(value) && !taken.has(value.op))
      made.set(value, phase === undefined ? whole(value, inputs) : apart(inputs, (x) => whole(value, x), phase))
    else if (value.op === 'gradient' && !taken.has(value.attributes.of))
      made.set(
        value,
        apart(inputs, (x) => cotangent(value.attributes, x), phase),
      )
    else made.set(value, inputs.every((x, i) => x === value.inputs[i]) ? value : again(value, inputs))
  }
  return outputs.map((value) => required(made, value))
}

/**
 * What `make` makes of stand-ins for the inputs, put on the inputs themselves: where one depends on another, what flows
 * through the composite stays apart from what flows around it.
 */
const apart = (inputs: readonly Value[], make: (ports: readonly Value[]) => Value, phase: Value['phase']): Value => {
  const ports = inputs.map(({ shape, dtype }, i) => input(`port ${i}`, shape, dtype))
  const inner = make(ports)
  const made = new Map<Value, Value>(ports.map((port, i) => [port, at(inputs, i)]))
  for (const value of topological([inner])) {
    if (!made.has(value))
      made.set(
        value,
        again(
          value,
          value.inputs.map((x) => required(made, x)),
          phase,
        ),
      )
  }
  return required(made, inner)
}

const required = (made: ReadonlyMap<Value, Value>, value: Value): Value => {
  const found = made.get(value)
  if (found === undefined) throw new TypeError(`${value.op} comes before its input`)
  return found
}

const sharing = (): Shared => {
  const made = new Map<string, Value>()
  const ids = new Map<Value, number>()
  const idOf = (value: Value): number => {
    const id = ids.get(value) ?? ids.size
    ids.set(value, id)
    return id
  }
  return (key, of, make) => {
    const whole = `${key} ${of.map(idOf).join(' ')}`
    const found = made.get(whole) ?? make()
    made.set(whole, found)
    return found
  }
}

/** The same values, none of which is a composite. */
export const onlyPrimitives = (values: readonly Value[]): Value<PrimitiveName>[] =>
  values.map((value) => {
    if (isPrimitive(value)) return value
    throw new TypeError(`${value.op} was not expanded`)
  })
