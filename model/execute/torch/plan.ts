// From a graph to the list of what is computed for it, when, and how long each result is held. Nothing is computed here.
import { at, type Shape } from '../../graph/dims.ts'
import { inputsOf } from '../../graph/sources.ts'
import type { Value } from '../../graph/value.ts'
import { kernelOf } from './lowerings.ts'
import { scheduled } from './schedule.ts'

export interface PlanOptions {
  /** Inputs that stay the same from run to run: what depends on nothing else is computed once. */
  readonly fixed?: ReadonlySet<string>
  /** Outputs that a run adds to tensors of the caller's, in place, instead of giving them back. */
  readonly added?: ReadonlySet<string>
  /** Outputs that are computed before all others. */
  readonly first?: readonly string[]
}

/** One kernel. Slots are numbers of places for results. */
export interface Step {
  /** One of the values that it computes. */
  readonly value: Value
  readonly reads: readonly number[]
  /** For each result of the kernel the slot it goes to; undefined where nobody asked for it. */
  readonly fills: readonly (number | undefined)[]
  /** Slots that are read here for the last time. */
  readonly frees: readonly number[]
  /** For each result the outputs that it is added to. */
  readonly addsTo: readonly (readonly string[])[]
  /** Instead of computing the value: one kernel that adds it to the only output of `addsTo`. */
  readonly inPlace?: 'product' | 'rows'
}

export interface Plan {
  readonly slots: number
  readonly inputs: readonly { readonly name: string; readonly slot: number; readonly shape: Shape }[]
  /** What depends on nothing, on fixed inputs only, and on the others, each in order. */
  readonly constant: readonly Step[]
  readonly prepared: readonly Step[]
  readonly steps: readonly Step[]
  /** Outputs that a run gives back. */
  readonly outputs: readonly { readonly name: string; readonly slot: number }[]
}

type Class = 'input' | 'constant' | 'prepared' | 'run'

export const planOf = (outputs: ReadonlyMap<string, Value>, options: PlanOptions = {}): Plan => {
  const { fixed = new Set<string>(), added = new Set<string>(), first = [] } = options
  // Whatever is added to a sum may have any precision.
  const wanted = new Map(
    [...outputs].map(([name, value]) => [name, added.has(name) && value.op === 'cast' ? at(value.inputs, 0) : value]),
  )
  const order = scheduled(
    [...wanted.values()],
    first.flatMap((name) => wanted.get(name) ?? []),
  )
  const slot = new Map(order.map((value, i) => [value, i]))
  const slotOf = (value: Value): number => slot.get(value) ?? -1
  const classes = classesOf(order, fixed)
  const given = [...wanted].filter(([name]) => !added.has(name))
  const users = usersOf(order)
  const sinks = new Map<Value, string[]>()
  for (const [name, value] of wanted) if (added.has(name)) sinks.set(value, [...(sinks.get(value) ?? []), name])
  const handedOut = new Set(given.map(([, value]) => value))
  const { extrasOf, slots } = extraSlots(order)

  const inPlaceOf = (value: Value): Step['inPlace'] => {
    const alone = sinks.get(value)?.length === 1 && users.get(value) === 0 && !handedOut.has(value)
    return alone && classes.get(value) === 'run' ? fusable(value) : undefined
  }
  const leaders = new Map<string, { readonly value: Value; readonly fills: (number | undefined)[] }>()
  const kernels = order.flatMap((value) => {
    if (classes.get(value) === 'input') return []
    const { key, part } = kernelOf(value)
    if (key === undefined) return [{ value, fills: [slotOf(value), ...extrasOf(value)] }]
    const name = `${key} ${value.inputs.map(slotOf).join(' ')} ${value.phase}`
    const known = leaders.get(name)
    const leader = known ?? { value, fills: [] }
    while (leader.fills.length <= part) leader.fills.push(undefined)
    leader.fills[part] = slotOf(value)
    leaders.set(name, leader)
    return known === undefined ? [leader] : []
  })
  const readBy = (value: Value): readonly number[] => [
    ...value.inputs.map(slotOf),
    ...(kernelOf(value).reads === 'inputs' ? [] : extrasOf(at(value.inputs, -1))),
  ]
  const ofClass = (which: Class) => kernels.filter(({ value }) => classes.get(value) === which)
  const plain = ({ value, fills }: (typeof kernels)[number]): Step => ({
    value,
    reads: readBy(value),
    fills: [...fills],
    frees: [],
    addsTo: [],
  })
  const running = ofClass('run')
  const beyond = new Set([...order.filter((value) => classes.get(value) !== 'run'), ...handedOut].map(slotOf))
  const lastRead = new Map<number, number>()
  for (const [i, { value, fills }] of running.entries()) {
    for (const read of readBy(value)) lastRead.set(read, i)
    // What is only added somewhere, and parts that are read by nobody, are let go at once.
    for (const filled of fills) if (filled !== undefined && !lastRead.has(filled)) lastRead.set(filled, i)
  }
  const frees = new Map<number, number[]>()
  for (const [place, i] of lastRead) if (!beyond.has(place)) frees.set(i, [...(frees.get(i) ?? []), place])
  return {
    slots,
    inputs: inputsOf(order).map((value) => ({ name: value.attributes.name, slot: slotOf(value), shape: value.shape })),
    constant: ofClass('constant').map(plain),
    prepared: ofClass('prepared').map(plain),
    steps: running.map((kernel, i) => {
      const addsTo = kernel.fills.map((filled) => {
        const value = filled === undefined ? undefined : order[filled]
        return value === undefined ? [] : (sinks.get(value) ?? [])
      })
      const inPlace = inPlaceOf(kernel.value)
      return { ...plain(kernel), frees: frees.get(i) ?? [], addsTo, ...(inPlace && { inPlace }) }
    }),
    outputs: given.map(([name, value]) => ({ name, slot: slotOf(value) })),
  }
}

/** Slots for what kernels keep beside their values, where a gradient reads it. */
const extraSlots = (order: readonly Value[]) => {
  const read = new Set(order.flatMap((value) => (kernelOf(value).reads === 'inputs' ? [] : [at(value.inputs, -1)])))
  let slots = order.length
  const found = new Map<Value, readonly number[]>()
  for (const value of read)
    found.set(
      value,
      Array.from({ length: kernelOf(value).extras }, () => slots++),
    )
  return { slots, extrasOf: (value: Value): readonly number[] => found.get(value) ?? [] }
}

/** What a value depends on. Sizes that are only known in a run make it part of one. */
const classesOf = (order: readonly Value[], fixed: ReadonlySet<string>): ReadonlyMap<Value, Class> => {
  const found = new Map<Value, Class>()
  for (const value of order) {
    if (value.op === 'input') {
      found.set(value, 'input')
      continue
    }
    const all = value.inputs.map((x): Class => {
      if (x.op === 'input') return fixed.has(x.attributes.name) ? 'prepared' : 'run'
      return found.get(x) ?? 'run'
    })
    const known = value.shape.every((dim) => typeof dim === 'number') && value.op !== 'iota'
    if (!known || all.includes('run')) found.set(value, 'run')
    else found.set(value, all.includes('prepared') ? 'prepared' : 'constant')
  }
  return found
}

const usersOf = (order: readonly Value[]): ReadonlyMap<Value, number> => {
  const found = new Map<Value, number>(order.map((value) => [value, 0]))
  for (const value of order) for (const x of value.inputs) found.set(x, (found.get(x) ?? 0) + 1)
  return found
}

/** A gradient of a weight or of a table, which one kernel can add to the sum of gradients. */
const fusable = (value: Value): Step['inPlace'] => {
  if (value.op === 'scatterAdd') return 'rows'
  if (value.dtype !== 'f32') return undefined
  if (value.op === 'gradient')
    return value.attributes.of === 'linear' && value.attributes.input === 1 ? 'product' : undefined
  return value.op === 'matmul' && value.inputs.every(({ shape }) => shape.length === 2) ? 'product' : undefined
}
