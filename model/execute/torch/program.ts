// A graph as a list of LibTorch's kernels: walked in a fixed order, every value deleted after its last use.
import { messageOf } from '../../../core/errors.ts'
import type { Shape } from '../../graph/dims.ts'
import type { Value } from '../../graph/value.ts'
import { expand } from '../../passes/expand.ts'
import { simplify } from '../../passes/simplify.ts'
import type { TorchDevice } from './device.ts'
import { computed, TAKEN } from './lowerings.ts'
import { planOf, type Plan, type PlanOptions, type Step } from './plan.ts'
import { preparedOn, type Prepared } from './prepared.ts'
import { shapeReader } from './sizes.ts'
import type { Handle } from './tensors.ts'

/** What a program is fed, which stays its caller's. */
export interface Feed {
  readonly handle: Handle
  readonly dims: readonly number[]
}
export type Feeds = Readonly<Record<string, Feed>>
/** Outputs by name: the caller's from then on. */
export type Results = Record<string, Handle>
/** Tensors that outputs are added to, by the outputs' names. */
export type Sums = Readonly<Record<string, Handle>>

/** A run that has stopped where an input is read that it was not fed. */
export interface Started {
  /** Outputs that are known by then. */
  readonly early: Results
  /** Goes on to the end, once. */
  readonly finish: (feeds: Feeds, sums?: Sums) => Results
  /** Lets go of all it holds instead. */
  readonly abandon: () => void
}

export interface ProgramOptions extends PlanOptions {
  /** Where what follows from the fixed inputs is kept: to be cleared when they have changed, and at the end. */
  readonly prepared?: Prepared
}

export interface Program {
  readonly plan: Plan
  readonly run: (feeds: Feeds, sums?: Sums) => Results
  /** Runs as far as it can with these. */
  readonly start: (feeds: Feeds) => Started
  readonly close: () => void
}

export const programOf = (
  device: TorchDevice,
  outputs: Readonly<Record<string, Value>>,
  options: ProgramOptions = {},
): Program => {
  const { tensors } = device
  const names = Object.keys(outputs)
  const simple = simplify(expand(Object.values(outputs), TAKEN))
  const plan = planOf(new Map(simple.map((value, i) => [names[i] ?? '', value])), options)
  const constants = new Map<number, Handle>()
  const { prepared = preparedOn(tensors) } = options
  const clear = (handles: Map<number, Handle>): void => {
    for (const handle of handles.values()) tensors.delete(handle)
    handles.clear()
  }
  const known = shapeReader(new Map())
  const constantsInto = (slots: Handle[]): void => {
    const run = { slots, owned: constants, sizes: known, sums: {} }
    if (constants.size === 0) for (const step of plan.constant) take(device, step, run)
    for (const [slot, handle] of constants) slots[slot] = handle
  }
  const preparedInto = (slots: Handle[]): void => {
    for (const step of plan.prepared) {
      const [slot = 0] = step.fills
      slots[slot] = prepared.get(step.value, () => {
        take(device, step, { slots, owned: new Map(), sizes: known, sums: {} })
        return slots[slot] ?? 0
      })
    }
  }

  const start = (feeds: Feeds, early: Sums): Started => {
    const slots = new Array<Handle>(plan.slots).fill(0)
    const owned = new Map<number, Handle>()
    const walk = (from: number, to: number, fed: Feeds, sums: Sums): void => {
      const sizes = shapeReader(dimensionsOf(plan, fed))
      try {
        for (const step of plan.steps.slice(from, to)) take(device, step, { slots, owned, sizes, sums })
      } catch (error) {
        clear(owned)
        throw error
      }
    }
    const taken = new Set<string>()
    /** Those that are there: the caller gets a handle of its own, the run lets go of its own in its time. */
    const results = (): Results => {
      const ready = plan.outputs.filter(({ name, slot }) => (slots[slot] ?? 0) !== 0 && !taken.has(name))
      for (const { name } of ready) taken.add(name)
      return Object.fromEntries(
        ready.map(({ name, slot }) => [name, tensors.scope(() => tensors.again(slots[slot] ?? 0))]),
      )
    }
    fill(plan, feeds, slots)
    constantsInto(slots)
    preparedInto(slots)
    const pause = firstUnfed(plan, feeds)
    walk(0, pause, feeds, early)
    return {
      early: results(),
      finish: (more, sums = {}) => {
        fill(plan, more, slots)
        walk(pause, plan.steps.length, { ...feeds, ...more }, sums)
        const found = results()
        clear(owned)
        return found
      },
      abandon: () => clear(owned),
    }
  }
  return {
    plan,
    start: (feeds) => start(feeds, {}),
    run: (feeds, sums = {}) => {
      const { early, finish } = start(feeds, sums)
      return { ...early, ...finish({}, sums) }
    },
    close: () => {
      if (options.prepared === undefined) prepared.clear()
      clear(constants)
    },
  }
}

interface Run {
  /** The handle in each slot, 0 for none. */
  readonly slots: Handle[]
  /** Those of them that the run has made. */
  readonly owned: Map<number, Handle>
  readonly sizes: (shape: Shape) => readonly number[]
  readonly sums: Sums
}

const take = (device: TorchDevice, step: Step, { slots, owned, sizes, sums }: Run): void => {
  const { tensors, operators } = device
  const inputs = step.reads.map((slot) => slots[slot] ?? 0)
  try {
    const results = tensors.scope((): readonly Handle[] => {
      const [name] = step.addsTo
      if (step.inPlace !== undefined && name !== undefined) {
        addInPlace(device, step, inputs, sumOf(sums, name))
        return []
      }
      const found = computed(step.value, inputs, { operators, tensors, sizes })
      for (const sum of step.addsTo) operators.addTo(sumOf(sums, sum), found[0] ?? 0)
      return found.filter((_, part) => step.fills[part] !== undefined)
    })
    const places = step.fills.filter((slot) => slot !== undefined)
    for (const [i, handle] of results.entries()) {
      const slot = places[i] ?? 0
      slots[slot] = handle
      owned.set(slot, handle)
    }
  } catch (error) {
    throw explained(device, step, inputs, error)
  }
  for (const slot of step.frees) {
    const handle = owned.get(slot)
    if (handle === undefined) continue
    owned.delete(slot)
    slots[slot] = 0
    tensors.delete(handle)
  }
}

const sumOf = (sums: Sums, name: string): Handle => {
  const found = sums[name]
  if (found === undefined) throw new TypeError(`nothing to add the output "${name}" to`)
  return found
}

const addInPlace = (
  { operators, tensors }: TorchDevice,
  { value, inPlace }: Step,
  [a = 0, b = 0]: readonly Handle[],
  sum: Handle,
): void => {
  if (inPlace === 'rows') {
    const width = tensors.size(sum, 1)
    const rows = operators.reshape(a, [-1, width])
    const ids = operators.reshape(b, [-1, 1])
    operators.scatterAdd(sum, operators.expand(ids, [tensors.size(ids, 0), width]), rows)
  } else if (value.op === 'matmul') {
    const { transposeA, transposeB } = value.attributes
    const turned = (x: Handle, transpose: boolean): Handle => (transpose ? operators.swap(x, 0, 1) : x)
    operators.addProduct(sum, turned(a, transposeA), turned(b, transposeB))
  }
}

/** Names the operation, what it was given, and where. */
const explained = (device: TorchDevice, step: Step, inputs: readonly Handle[], error: unknown): Error => {
  const { tensors } = device
  const shapes = inputs.map((handle, i) => {
    const dtype = step.value.inputs[i]?.dtype ?? ''
    if (handle === 0) return `${dtype}[not fed]`
    return `${dtype}[${Array.from({ length: tensors.rank(handle) }, (_, axis) => tensors.size(handle, axis)).join(', ')}]`
  })
  const given = shapes.length === 0 ? '' : ` of ${shapes.join(', ')}`
  return new Error(`${step.value.op}${given} on ${device.name}: ${messageOf(error)}`, { cause: error })
}

const fill = (plan: Plan, feeds: Feeds, slots: Handle[]): void => {
  for (const { name, slot } of plan.inputs) slots[slot] = feeds[name]?.handle ?? slots[slot] ?? 0
}

/** Sizes by name, from the shapes of what is fed. */
const dimensionsOf = (plan: Plan, feeds: Feeds): ReadonlyMap<string, number> => {
  const known = new Map<string, number>()
  for (const { name, shape } of plan.inputs) {
    for (const [axis, dim] of shape.entries()) {
      const size = feeds[name]?.dims[axis]
      if (typeof dim === 'string' && size !== undefined) known.set(dim, size)
    }
  }
  return known
}

/** The first step that depends on an input which is not fed. */
const firstUnfed = ({ inputs, steps }: Plan, feeds: Feeds): number => {
  const missing = new Set(inputs.filter(({ name }) => feeds[name] === undefined).map(({ slot }) => slot))
  if (missing.size === 0) return steps.length
  const index = steps.findIndex(({ reads }) => reads.some((slot) => missing.has(slot)))
  return index < 0 ? steps.length : index
}
