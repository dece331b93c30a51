// A graph as a list of LibTorch's kernels: walked in a fixed order, every value deleted after its last use.
import { messageOf } from '../../../core/errors.ts'
import type { Shape } from '../../graph/dims.ts'
import type { Value } from '../../graph/value.ts'
import { expand } from '../../passes/expand.ts'
import { simplify } from '../../passes/simplify.ts'
import type { TorchDevice } from './device.ts'
import type { Context } from './lowering.ts'
import { computed, TAKEN } from './lowerings.ts'
import { planOf, type Plan, type PlanOptions, type Step } from './plan.ts'
import { preparedOn, type Prepared } from './prepared.ts'
import { shapeReader } from './sizes.ts'
import type { Handle } from './tensors.ts'

/** What a program is fed, which stays its caller's. */
export interface Feed {
  readonly handle: Handle
  readonly dims: readonly number[]
  /** Of a mask: that it has no 0. */
  readonly padding?: 'some' | 'none'
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
  const lasting = keeper(tensors)
  const beforeRuns = { padding: 'some', inRun: lasting.get, forGood: lasting.get } as const
  const constantsInto = (slots: Handle[]): void => {
    const run = { slots, owned: constants, sizes: known, sums: {}, shared: beforeRuns }
    if (constants.size === 0) for (const step of plan.constant) take(device, step, run)
    for (const [slot, handle] of constants) slots[slot] = handle
  }
  const preparedInto = (slots: Handle[]): void => {
    for (const step of plan.prepared) {
      const [slot = 0] = step.fills
      slots[slot] = prepared.get(step.value, () => {
        take(device, step, { slots, owned: new Map(), sizes: known, sums: {}, shared: beforeRuns })
        return slots[slot] ?? 0
      })
    }
  }

  const start = (feeds: Feeds, early: Sums): Started => {
    const slots = new Array<Handle>(plan.slots).fill(0)
    const owned = new Map<number, Handle>()
    const common = keeper(tensors)
    const end = (): void => {
      clear(owned)
      common.clear()
    }
    const walk = (from: number, to: number, fed: Feeds, sums: Sums): void => {
      const sizes = shapeReader(dimensionsOf(plan, fed))
      const padding = fed.attention_mask?.padding ?? 'some'
      const shared = { padding, inRun: common.get, forGood: lasting.get }
      try {
        for (const step of plan.steps.slice(from, to)) take(device, step, { slots, owned, sizes, sums, shared })
      } catch (error) {
        end()
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
        end()
        return found
      },
      abandon: end,
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
      lasting.clear()
    },
  }
}

/** Tensors by name, each made once. */
const keeper = ({ scope, delete: drop }: TorchDevice['tensors']) => {
  const made = new Map<string, Handle>()
  return {
    get: (key: string, make: () => Handle): Handle => {
      const found = made.get(key) ?? scope(make)
      made.set(key, found)
      return found
    },
    clear: (): void => {
      for (const handle of made.values()) drop(handle)
      made.clear()
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
  readonly shared: Pick<Context, 'padding' | 'inRun' | 'forGood'>
}

const take = (device: TorchDevice, step: Step, { slots, owned, sizes, sums, shared }: Run): void => {
  const { tensors, operators } = device
  const inputs = step.reads.map((slot) => slots[slot] ?? 0)
  try {
    const results = tensors.scope((): readonly Handle[] => {
      const name = step.addsTo[0]?.[0]
      if (step.inPlace !== undefined && name !== undefined) {
        addInPlace(device, step, inputs, sumOf(sums, name))
        return []
      }
      const wanted = step.fills.map((slot) => slot !== undefined)
      const found = computed(step.value, inputs, { operators, tensors, sizes, wanted, reads: step.reads, ...shared })
      for (const [part, names] of step.addsTo.entries())
        for (const sum of names) operators.addTo(sumOf(sums, sum), found[part] ?? 0)
      return found.filter((_, part) => wanted[part])
    })
    let next = 0
    for (const slot of step.fills) {
      const handle = slot === undefined ? undefined : results[next++]
      if (slot === undefined || handle === undefined) continue
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
    const ids = operators.reshape(b, [-1, 1])
    const spread = operators.expand(ids, [tensors.size(ids, 0), width])
    operators.scatterAdd(sum, spread, operators.reshape(a, [-1, width]))
  } else if (value.op === 'gradient') {
    const [out, into] = [tensors.size(sum, 0), tensors.size(sum, 1)]
    const turned = operators.swap(operators.reshape(a, [-1, out]), 0, 1)
    operators.addProduct(sum, turned, operators.reshape(b, [-1, into]))
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
