// OpenAI's embeddings and models over a model of ours.
import { z } from 'zod'
import type { Embedded, Embedder } from './embedder.ts'
import { Refused } from './gate.ts'
import { limits } from './service.ts'

const text = z.string().max(limits.characters)
const ids = z.array(z.number().int().min(0)).min(1).max(limits.characters)

export const embeddingsRequest = z.object({
  input: z.union([text, z.array(text).min(1).max(limits.texts), ids, z.array(ids).min(1).max(limits.texts)], {
    error: `a text, token ids, or a list of up to ${limits.texts} of one of them`,
  }),
  model: z.string().optional(),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  dimensions: z.number().int().min(1).optional(),
  input_type: z.enum(['query', 'passage']).default('passage'),
})
type Input = z.output<typeof embeddingsRequest>['input']

const isText = (one: string | number | readonly number[]): one is string => typeof one === 'string'
const isNumber = (one: string | number | readonly number[]): one is number => typeof one === 'number'

/** The input as texts, or as lists of ids. */
const listsOf = (input: Input): { readonly texts: readonly string[] } | { readonly ids: readonly number[][] } => {
  if (typeof input === 'string') return { texts: [input] }
  const texts: string[] = []
  const single: number[] = []
  const lists: number[][] = []
  for (const one of input)
    if (isText(one)) texts.push(one)
    else if (isNumber(one)) single.push(one)
    else lists.push(one)
  if (texts.length > 0) return { texts }
  return { ids: single.length > 0 ? [single] : lists }
}

const checkIds = (embedder: Embedder, lists: readonly (readonly number[])[]): void => {
  for (const [at, list] of lists.entries()) {
    const mistake = embedder.mistake(list)
    if (mistake === undefined) continue
    const hint =
      "Ids are read as of the model's own tokenizer; send texts instead (LangChain: check_embedding_ctx_length=False)."
    throw new Refused(400, `input ${at}: ${mistake}. ${hint}`, { param: 'input' })
  }
}

/** The first numbers of a unit vector, made a unit vector again; one of zeros stays. */
export const shortened = (vector: Float32Array, dimensions: number): Float32Array => {
  if (dimensions === vector.length) return vector
  const short = vector.slice(0, dimensions)
  const norm = Math.sqrt(short.reduce((sum, x) => sum + x * x, 0))
  return norm === 0 ? short : short.map((x) => x / norm)
}

const littleEndian = (vector: Float32Array): string => {
  const bytes = Buffer.alloc(vector.length * 4)
  vector.forEach((x, at) => bytes.writeFloatLE(x, at * 4))
  return bytes.toString('base64')
}

const noModel = (name: string, embedder: Embedder | undefined): Refused =>
  new Refused(404, `there is no model ${JSON.stringify(name)}${embedder ? `; this server has ${embedder.name}` : ''}`, {
    param: 'model',
    code: 'model_not_found',
  })

/** The answer of POST /v1/embeddings. Throws Refused. */
export const embeddings = async (
  embedder: Embedder | undefined,
  { input, model, encoding_format, dimensions: asked, input_type }: z.output<typeof embeddingsRequest>,
  signal: AbortSignal,
): Promise<object> => {
  if (embedder === undefined) throw new Refused(404, 'this server has no embedding model', { code: 'model_not_found' })
  if (model !== undefined && model !== embedder.name) throw noModel(model, embedder)
  const { dimensions } = embedder
  if (asked !== undefined && asked > dimensions)
    throw new Refused(400, `dimensions: this model has ${dimensions}`, { param: 'dimensions' })
  const lists = listsOf(input)
  if ('ids' in lists) checkIds(embedder, lists.ids)
  const { vectors, tokens }: Embedded =
    'ids' in lists
      ? await embedder.embedIds(lists.ids, signal)
      : await embedder.embedTexts(lists.texts, input_type, signal)
  const data = Array.from({ length: vectors.length / dimensions }, (_, index) => {
    const vector = shortened(vectors.subarray(index * dimensions, (index + 1) * dimensions), asked ?? dimensions)
    const embedding = encoding_format === 'float' ? [...vector] : littleEndian(vector)
    return { object: 'embedding', index, embedding }
  })
  return { object: 'list', model: embedder.name, data, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

// Training here does not order what a vector holds, so a shortened one is worse than one of a model of that width.
const modelObject = ({ name, created, dimensions }: Embedder): object => ({
  ...{ id: name, object: 'model', created, owned_by: 'lrat', dimensions, matryoshka: false },
})

/** The answer of GET /v1/models. */
export const listModels = (embedder: Embedder | undefined): object => ({
  object: 'list',
  data: embedder ? [modelObject(embedder)] : [],
})

/** The answer of GET /v1/models/NAME. Throws Refused. */
export const describeModel = (embedder: Embedder | undefined, name: string): object => {
  if (embedder?.name !== name) throw noModel(name, embedder)
  return modelObject(embedder)
}
