// An element that must be there.

/** `list[index]`. Throws RangeError where there is none: for places that are right by construction. */
export const at = <T>(list: ArrayLike<T>, index: number): T => {
  const found = list[index]
  if (found === undefined) throw new RangeError(`no element ${index} among ${list.length}`)
  return found
}
