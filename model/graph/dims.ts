// Sizes: numbers, and names of sizes that are known when a graph runs.

/** A size, or the name of one known when the graph runs ("batch"), or a product of such names ("batch*length"). */
export type Dim = number | string
export type Shape = readonly Dim[]

export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i])

/** The product of dimensions, as a dimension: its numbers multiplied, after its names. */
export const product = (dims: readonly Dim[]): Dim => {
  const parts = dims.flatMap((dim) => (typeof dim === 'number' ? [String(dim)] : factors(dim)))
  const names = parts.filter((part) => !/^\d+$/.test(part))
  const size = parts.reduce((n, part) => (names.includes(part) ? n : n * Number(part)), 1)
  if (names.length === 0) return size
  return (size === 1 ? names : [...names, String(size)]).join('*')
}

/** The factors of a named dimension: names, and numbers as text. */
export const factors = (dim: string): readonly string[] => dim.split('*')

/** The i-th of some items, from the end where negative. Throws where there is none. */
export const at = <T>(items: readonly T[], index: number): T => {
  const item = items.at(index)
  if (item === undefined) throw new RangeError(`no item ${index} of ${items.length}`)
  return item
}
