// What follows from parameters alone, computed once an update and shared by the programs of an engine: weights in a
// reduced precision, weights with what is learned on top of them.
import type { Value } from '../../graph/value.ts'
import type { Handle, Tensors } from './tensors.ts'

export interface Prepared {
  /** A value's tensor, made unless it is known. It stays the store's. */
  readonly get: (value: Value, make: () => Handle) => Handle
  /** Forgets all of them: the parameters have changed. */
  readonly clear: () => void
}

export const preparedOn = (tensors: Tensors): Prepared => {
  const made = new Map<string, Handle>()
  const names = new WeakMap<Value, string>()
  /** The same for equal values of different graphs. */
  const nameOf = (value: Value): string => {
    const known = names.get(value)
    if (known !== undefined) return known
    const name = `${value.op} ${JSON.stringify(value.attributes)} (${value.inputs.map(nameOf).join(', ')})`
    names.set(value, name)
    return name
  }
  return {
    get: (value, make) => {
      const name = nameOf(value)
      const found = made.get(name) ?? make()
      made.set(name, found)
      return found
    },
    clear: () => {
      for (const handle of made.values()) tensors.delete(handle)
      made.clear()
    },
  }
}
