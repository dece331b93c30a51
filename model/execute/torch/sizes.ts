// Named dimensions of a graph, by the shapes of what it is fed.
import { factors, type Dim, type Shape } from '../../graph/dims.ts'

/** Where a named dimension can be read: an axis of an input. */
export interface Source {
  readonly input: string
  readonly axis: number
}

/** Reads shapes fast: a run asks for thousands. */
export const shapeReader = (known: ReadonlyMap<string, number>): ((shape: Shape) => readonly number[]) => {
  const products = new Map<string, number>()
  const sizeOf = (dim: Dim): number => {
    if (typeof dim === 'number') return dim
    const found = known.get(dim) ?? products.get(dim)
    if (found !== undefined) return found
    const parts = factors(dim)
    if (parts.length === 1 && !/^\d+$/.test(dim))
      throw new TypeError(`no input of the graph has the dimension "${dim}"`)
    const size = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : sizeOf(part))).reduce((a, b) => a * b, 1)
    products.set(dim, size)
    return size
  }
  const shapes = new Map<Shape, readonly number[]>()
  return (shape) => {
    const found = shapes.get(shape) ?? shape.map(sizeOf)
    shapes.set(shape, found)
    return found
  }
}
