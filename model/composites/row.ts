// What is known of a composite beside its shape rule.
import type { CompositeName, Composites } from '../graph/operations.ts'
import type { Value } from '../graph/value.ts'
import type { Traits } from '../primitives/row.ts'

export interface CompositeRow<C extends CompositeName> extends Traits {
  /** The same in primitives. */
  readonly expand: (inputs: readonly Value[], attributes: Composites[C], shared: Shared) => Value
  /** Places of the inputs to which no gradient flows. The cotangents of the others follow from `expand`. */
  readonly constants: readonly number[]
  /** Whether kernels of the gradient read the value again, or what its kernel kept beside it. */
  readonly gradientReads: 'inputs' | 'inputs and value'
}

/** What several composites of a graph have in common: made once for each key and the values that it is made of. */
export type Shared = (key: string, of: readonly Value[], make: () => Value) => Value
