// Before a graph is compiled: equal subexpressions become one value, and broadcasts that change nothing go.
import { sameShape } from '../graph/dims.ts'
import { again } from '../graph/make.ts'
import { topological } from '../graph/order.ts'
import type { Value } from '../graph/value.ts'
import { traitsOf } from '../composites/table.ts'

/** The same outputs with common subexpressions shared. What no output needs is gone by construction. */
export const simplify = (outputs: readonly Value[]): Value[] => {
  const known = new Map<string, Value>()
  const ids = new Map<Value, number>()
  const renewed = new Map<Value, Value>()
  const latest = (value: Value): Value => {
    const found = renewed.get(value)
    if (found === undefined) throw new TypeError(`${value.op} comes before its input`)
    return found
  }
  for (const value of topological(outputs)) {
    const inputs = value.inputs.map(latest)
    const changed = inputs.some((x, i) => x !== value.inputs[i])
    const fresh = withoutBroadcast(changed ? again(value, inputs) : value)
    const place = `${value.phase} ${fresh.inputs.map((x) => ids.get(x)).join(' ')}`
    const key = `${fresh.op} ${JSON.stringify(fresh.attributes)} ${place}`
    const same = known.get(key) ?? fresh
    if (same === fresh) {
      known.set(key, fresh)
      ids.set(fresh, ids.size)
    }
    renewed.set(value, same)
  }
  return outputs.map(latest)
}

/** An elementwise operation broadcasts by itself, so an operand need not be spread out before it. */
const withoutBroadcast = (value: Value): Value => {
  if (traitsOf(value).broadcasts === 'no') return value
  for (const [i, operand] of value.inputs.entries()) {
    const source = operand.op === 'broadcast' ? operand.inputs[0] : undefined
    if (source === undefined) continue
    const inputs = value.inputs.map((x, j) => (j === i ? source : x))
    const lighter = again(value, inputs)
    if (sameShape(lighter.shape, value.shape)) return withoutBroadcast(lighter)
  }
  return value
}
