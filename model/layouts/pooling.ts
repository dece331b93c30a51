// The pooling's config.json, as sentence-transformers writes it.
import { UserError } from '../../core/errors.ts'
import type { Pooling } from '../nets/pooling.ts'
import { readJsonObject } from './json.ts'

const MODES: Readonly<Record<string, Pooling>> = { cls: 'cls', mean: 'mean', lasttoken: 'last_token' }

/** Before version 6 each way had a flag of its own. */
const FLAGS: Readonly<Record<string, string>> = {
  pooling_mode_cls_token: 'cls',
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_lasttoken: 'lasttoken',
}

/** Which pooling a file asks for. Throws UserError for one that is not here, and for several at once. */
export const readPooling = async (path: string): Promise<Pooling> => {
  const config = await readJsonObject(path)
  const { pooling_mode: named, include_prompt: prompted } = config
  const flagged = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true)
  const asked = named === undefined ? flagged.map((key) => FLAGS[key] ?? key) : [named].flat()
  const fail = (expected: string, found: unknown): UserError =>
    new UserError({
      where: path,
      expected,
      found: JSON.stringify(found),
      fix: 'Use a model that pools so, or name `train.pooling` to train it with another.',
    })
  if (prompted === false) throw fail('prompts that take part in the pooling', { include_prompt: prompted })
  if (asked.length > 1) throw fail('one way of pooling', asked)
  // None at all means the mean, there too.
  const mode: unknown = asked[0] ?? 'mean'
  const known = typeof mode === 'string' && mode in MODES ? MODES[mode] : undefined
  if (known === undefined) throw fail('pooling of cls, mean or lasttoken', mode)
  return known
}

/** The file's content for a pooling, as every version reads it. */
export const poolingJson = (pooling: Pooling, dimensions: number): object => ({
  word_embedding_dimension: dimensions,
  ...Object.fromEntries(Object.entries(FLAGS).map(([flag, mode]) => [flag, MODES[mode] === pooling])),
})
