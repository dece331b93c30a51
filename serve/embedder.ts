// The model behind /v1/embeddings.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { encoderOf } from '../model/encoder.ts'
import { openModel } from '../model/folder.ts'
import type { Tokenizer } from '../model/tokenize/tokenizer.ts'

export interface Embedder {
  readonly name: string
  /** Width of an embedding. */
  readonly dimensions: number
  /** When the model was made, in seconds since 1970. */
  readonly created: number
  /** Unit vectors of texts, row-major, and the tokens read. `kind` chooses the prefix that the model puts before a text. */
  embedTexts(texts: readonly string[], kind: 'query' | 'passage', signal?: AbortSignal): Promise<Embedded>
  /** The same of token ids as they are. Check them first. */
  embedIds(ids: readonly (readonly number[])[], signal?: AbortSignal): Promise<Embedded>
  /** In words, why these cannot be a text's ids by the model's own tokenizer; undefined where they can. */
  mistake(ids: readonly number[]): string | undefined
  close(): Promise<void>
}

export interface Embedded {
  readonly vectors: Float32Array
  readonly tokens: number
}

/** The special tokens that a tokenizer puts before and after every text. */
const specials = (tokenizer: Tokenizer): { readonly before: readonly number[]; readonly after: readonly number[] } => {
  const none = tokenizer.encode('')
  const some = tokenizer.encode('a')
  const differs = none.findIndex((id, at) => some.length > none.length && some[at] !== id)
  const length = differs < 0 ? none.length : differs
  return { before: none.slice(0, length), after: none.slice(length) }
}

/**
 * Says of token ids why they are not of this tokenizer. Clients of OpenAI's models send ids of another vocabulary, whose
 * embeddings would be of other texts: the special tokens at both ends tell them apart, where the tokenizer has some.
 */
export const mistakeIn = (tokenizer: Tokenizer, maxTokens: number) => {
  const { before, after } = specials(tokenizer)
  return (ids: readonly number[]): string | undefined => {
    const strange = ids.find((id) => id >= tokenizer.vocabularySize)
    if (strange !== undefined) return `token ${strange} is none of the model's ${tokenizer.vocabularySize}`
    if (ids.length > maxTokens) return `${ids.length} tokens are more than the ${maxTokens} that the model reads`
    const framed =
      ids.length >= before.length + after.length &&
      before.every((id, at) => ids[at] === id) &&
      after.every((id, at) => ids[ids.length - after.length + at] === id)
    if (framed) return undefined
    const frame = [...before, '…', ...after].join(', ')
    return `the ids lack the special tokens of the model's tokenizer: ${frame}`
  }
}

/** Opens a model's folder for serving. Throws UserError when it is not one. */
export const openEmbedder = async (folder: string, name: string): Promise<Embedder> => {
  const model = await openModel(folder)
  const { tokenizer, prefixes, maxTokens } = model
  const encoder = await encoderOf(model)
  const { mtimeMs } = await stat(join(folder, 'modules.json'))
  return {
    name,
    dimensions: encoder.dimensions,
    created: Math.floor(mtimeMs / 1000),
    embedTexts: async (texts, kind, signal) => ({
      vectors: await encoder.encode(texts, kind, signal),
      tokens: texts.reduce((sum, text) => sum + tokenizer.encode(prefixes[kind] + text, maxTokens).length, 0),
    }),
    embedIds: async (ids, signal) => ({
      vectors: await encoder.encodeIds(ids, signal),
      tokens: ids.reduce((sum, { length }) => sum + length, 0),
    }),
    mistake: mistakeIn(tokenizer, maxTokens),
    close: () => encoder.close(),
  }
}
