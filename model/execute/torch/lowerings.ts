// How every operation of a graph is computed.
import { COMPOSITES as ROWS, isComposite } from '../../composites/table.ts'
import type { CompositeName, Gradient, PrimitiveName } from '../../graph/operations.ts'
import type { Node, Value } from '../../graph/value.ts'
import { isPrimitive } from '../../primitives/table.ts'
import { COMPOSITES } from './composites.ts'
import type { CompositeLowering, Context, Lowering } from './lowering.ts'
import { PRIMITIVES } from './primitives.ts'
import type { Handle } from './tensors.ts'

const isOne = (name: string): name is CompositeName => name in COMPOSITES
/** Composites are taken as they are, all of them. */
export const TAKEN: ReadonlySet<CompositeName> = new Set(Object.keys(COMPOSITES).filter(isOne))

export interface Kernel {
  /** What else the same kernel computes: values of one key on the same inputs are parts of what it gives. */
  readonly key?: string
  readonly part: number
  /** What it gives beside the value, for its gradient. */
  readonly extras: number
  /** Whether the value's own extras come after the inputs. */
  readonly reads: 'inputs' | 'inputs and extras'
}

export const kernelOf = (value: Value): Kernel => {
  const plain = { part: 0, extras: 0, reads: 'inputs' } as const
  if (isPrimitive(value)) {
    const lowering: Lowering<never> | Lowering<PrimitiveName> = PRIMITIVES[value.op]
    if (typeof lowering === 'function') return plain
    return { ...plain, key: `${lowering.kernel} ${JSON.stringify(value.attributes)}`, part: lowering.part }
  }
  if (isComposite(value)) return { ...plain, extras: COMPOSITES[value.op].extras }
  const { of, attributes, input } = value.attributes
  const { gradient, extras } = COMPOSITES[of]
  if (typeof gradient !== 'function') return plain
  const reads = extras > 0 ? 'inputs and extras' : 'inputs'
  return { extras: 0, reads, key: `gradient of ${of} ${JSON.stringify(attributes)}`, part: input }
}

/** The results of the kernel that computes a value, from its inputs and, of a gradient, the extras after them. */
export const computed = (value: Value, inputs: readonly Handle[], context: Context): readonly Handle[] => {
  if (isPrimitive(value)) return ofPrimitive(value, inputs, context)
  if (isComposite(value)) return ofComposite(value, inputs, context)
  return ofGradient(value.attributes, value.inputs.length, inputs, context)
}

const ofPrimitive = <P extends PrimitiveName>(value: Node<P>, inputs: readonly Handle[], context: Context) => {
  const lowering: Lowering<P> = PRIMITIVES[value.op]
  const whole = { ...context, value }
  return typeof lowering === 'function' ? [lowering(inputs, whole)] : lowering.all(inputs, whole)
}

const ofComposite = <C extends CompositeName>(value: Node<C>, inputs: readonly Handle[], context: Context) => {
  const lowering: CompositeLowering<C> = COMPOSITES[value.op]
  return lowering.forward(inputs, value.attributes, context)
}

const ofGradient = <C extends CompositeName>(
  { of, attributes, input }: Gradient<C>,
  count: number,
  read: readonly Handle[],
  context: Context,
): readonly Handle[] => {
  const lowering: CompositeLowering<C> = COMPOSITES[of]
  const readsValue = ROWS[of].gradientReads === 'inputs and value'
  const [cotangent = 0] = read
  const inputs = read.slice(1, readsValue ? count - 1 : count)
  const given = { cotangent, inputs, attributes }
  if (typeof lowering.gradient === 'function')
    return lowering.gradient({ ...given, kept: readsValue ? read.slice(count - 1) : [] }, context)
  const kernel = lowering.gradient[input]
  if (kernel === undefined) throw new TypeError(`no gradient of ${of} for its input ${input}`)
  return [kernel(given, context)]
}
