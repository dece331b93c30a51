// All transformer architectures, and a network from a Hugging Face config.json.
import type { Json } from '../../core/json.ts'
import { UserError } from '../../core/errors.ts'
import type { Architecture } from './architecture.ts'
import { BERT, XLM_ROBERTA } from './bert.ts'
import type { Network } from './network.ts'
import type { Pooling } from './pooling.ts'
import { QWEN3 } from './qwen3.ts'

export const ARCHITECTURES: readonly Architecture[] = [BERT, XLM_ROBERTA, QWEN3]

/** The architecture that a config.json names. Throws UserError when it is none of those. */
export const architectureOf = (config: Json, where: string, architectures = ARCHITECTURES): Architecture => {
  const found = architectures.find(({ name }) => name === config.model_type)
  if (found !== undefined) return found
  const names = architectures.map(({ name }) => name).join(', ')
  throw new UserError({
    where,
    expected: `"model_type" of ${names}`,
    found: config.model_type === undefined ? 'nothing' : JSON.stringify(config.model_type),
    fix: `Use a model of one of these architectures.`,
  })
}

/**
 * The network that a config.json describes. Throws UserError naming the key that is missing, or asks for what this
 * engine does not have.
 */
export const networkOf = (config: Json, where: string, pooling?: Pooling): Network =>
  architectureOf(config, where).open(config, where, pooling)
