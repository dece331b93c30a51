// The order in which a graph is computed op by op, chosen so that little is held at a time.
import { topological } from '../../graph/order.ts'
import type { Value } from '../../graph/value.ts'

/**
 * All values that the outputs need, each after its inputs. Along the longest chain first; what hangs off it (the gradient
 * of a weight) as soon as its inputs are there; what is computed again for the backward pass only when it is read. What
 * stands in `first` is computed before the rest.
 */
export const scheduled = (outputs: readonly Value[], first: readonly Value[] = []): Value[] => {
  const all = topological(outputs)
  const depth = depths(all)
  const deep = (a: Value, b: Value): number => (depth.get(b) ?? 0) - (depth.get(a) ?? 0)
  const order: Value[] = []
  const done = new Set<Value>()
  const waiting = waitingFor(all)
  const emit = (value: Value): void => {
    done.add(value)
    order.push(value)
    for (const user of waiting.get(value) ?? []) if (isReady(user)) visit(user)
  }
  const isReady = (value: Value): boolean =>
    !done.has(value) && isSink(value) && value.inputs.every((x) => done.has(x) || isLazy(x))
  const isSink = (value: Value): boolean => !chain.has(value) && value.phase !== 'repeat'
  /** Made again from what the forward pass has left: it can be had at any time. */
  const isLazy = (value: Value): boolean =>
    value.phase === 'repeat' && value.inputs.every((x) => done.has(x) || isLazy(x))
  // A stack of its own: a deep network would overflow the call stack.
  const visit = (root: Value): void => {
    const stack = [{ value: root, inputs: [...root.inputs].sort(deep), next: 0 }]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.inputs[top.next++]
      if (input !== undefined) {
        if (!done.has(input)) stack.push({ value: input, inputs: [...input.inputs].sort(deep), next: 0 })
        continue
      }
      stack.pop()
      if (!done.has(top.value)) emit(top.value)
    }
  }
  const [deepest] = [...outputs].sort(deep)
  const chain = new Set(deepest === undefined ? [] : topological([deepest]))
  for (const output of [...first, ...[...outputs].sort(deep)]) if (!done.has(output)) visit(output)
  return order
}

/** The longest way from what a value is made of. */
const depths = (order: readonly Value[]): ReadonlyMap<Value, number> => {
  const found = new Map<Value, number>()
  for (const value of order) found.set(value, 1 + Math.max(-1, ...value.inputs.map((x) => found.get(x) ?? 0)))
  return found
}

const waitingFor = (order: readonly Value[]): ReadonlyMap<Value, readonly Value[]> => {
  const users = new Map<Value, Value[]>(order.map((value) => [value, []]))
  for (const value of order) for (const x of new Set(value.inputs)) users.get(x)?.push(value)
  return users
}
