// The static dual encoder: a table of token embeddings, averaged over a text's tokens, normalised.
import { div, maximum } from '../graph/elementwise.ts'
import { gather, matmul } from '../graph/linear.ts'
import { l2Normalise, sum } from '../graph/reduce.ts'
import { reshape } from '../graph/shape.ts'
import { scalar } from '../graph/sources.ts'
import { at } from '../graph/dims.ts'
import type { Network } from './network.ts'

/** The name that sentence-transformers' StaticEmbedding gives its table. */
export const TABLE = 'embedding.weight'

export interface StaticConfig {
  readonly vocabularySize: number
  readonly dimensions: number
  readonly maxTokens: number
}

export const staticNetwork = ({ vocabularySize, dimensions, maxTokens }: StaticConfig): Network => ({
  dimensions,
  maxTokens,
  parameters: [{ name: TABLE, dims: [vocabularySize, dimensions], start: { deviation: 1 }, decay: true }],
  embed: (parameters, ids, mask) => {
    const table = parameters.get(TABLE)
    if (table === undefined) throw new TypeError(`no parameter ${TABLE}`)
    const [batch, length] = [at(mask.shape, 0), at(mask.shape, 1)]
    const sums = reshape(matmul(reshape(mask, [batch, 1, length]), gather(table, ids)), [batch, dimensions])
    return l2Normalise(div(sums, maximum(sum(mask, -1), scalar(1))))
  },
})
