// What an architecture is to the rest of the program: one row. A new one is a file with its row and a line in
// architectures.ts.
import type { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import type { Network } from './network.ts'
import type { Pooling } from './pooling.ts'

export interface ArchitectureRow<C> {
  /** What config.json calls it: its "model_type". */
  readonly name: string
  /**
   * The keys of config.json that change what the network computes; others are passed over. What the network does not
   * compute is refused: a model that opens but gives other numbers is worse than one that does not open. An error's
   * text says what is expected.
   */
  readonly config: z.ZodType<C>
  readonly network: (config: C, pooling: Pooling) => Network
  /** What weights' files put before the network's names, if anything. */
  readonly tensorPrefixes: readonly string[]
  /** How its released embedders pool, for a folder that does not say. */
  readonly pooling: Pooling
  /** What its released embedders put before texts, for a folder that does not say. */
  readonly prefixes: { readonly query: string; readonly passage: string }
  /** A small config.json, of which a device's training is compared with the processor's. */
  readonly sample: Readonly<Record<string, unknown>> & { readonly vocab_size: number }
}

export interface Architecture extends Omit<ArchitectureRow<unknown>, 'config' | 'network'> {
  /** The network of a config.json. Throws UserError naming the key that is missing or asks for what is not here. */
  readonly open: (config: unknown, where: string, pooling?: Pooling) => Network
}

export const architecture = <C>({ config: schema, network, ...row }: ArchitectureRow<C>): Architecture => ({
  ...row,
  open: (config, where, pooling = row.pooling) => {
    const parsed = schema.safeParse(config, { reportInput: true })
    if (parsed.success) return network(parsed.data, pooling)
    const [issue] = parsed.error.issues
    throw new UserError({
      where,
      expected: `"${issue?.path.join('.') ?? ''}" ${issue?.message ?? ''}`,
      found: issue?.input === undefined ? 'nothing' : JSON.stringify(issue.input),
      fix: `Use a ${row.name} model that has this.`,
    })
  },
})
