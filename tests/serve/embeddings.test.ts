// /v1/embeddings through OpenAI's own client, and the checks of what it is sent.
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenizerFromJson, wordPieceJson, whitespaceTokenizer } from '../../model/tokenize/tokenizer.ts'
import { mistakeIn } from '../../serve/embedder.ts'
import { shortened } from '../../serve/embeddings.ts'
import { serveHttp, type RunningServer } from '../../serve/http.ts'
import { createService, limits } from '../../serve/service.ts'
import { fakeEmbedder } from './fake-embedder.ts'

const parts = {
  searcher: { name: 'fake', search: async () => [], close: async () => undefined },
  documents: { size: 0, get: async () => new Map(), close: async () => undefined },
  tokenizer: whitespaceTokenizer(),
  snippetTokens: 3,
  documentTokens: 4,
}

const servers: RunningServer[] = []
let client: OpenAI
let bare: OpenAI
beforeAll(async () => {
  const start = async (service: Parameters<typeof createService>[0]) => {
    const server = await serveHttp(createService(service), { host: '127.0.0.1', port: 0 })
    servers.push(server)
    return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
  }
  client = await start({ ...parts, embedder: fakeEmbedder })
  bare = await start(parts)
})
afterAll(() => Promise.all(servers.map((server) => server.close())))

const model = 'lrat-1'
const vectorsOf = async (input: OpenAI.EmbeddingCreateParams['input'], more: object = {}) => {
  const { data } = await client.embeddings.create({ model, input, ...more })
  return data.map(({ embedding }) => embedding)
}

describe('embeddings for the openai client', () => {
  it('are the same as floats and in base64, its default', async () => {
    const expected = [
      [3, 0],
      [1, 0],
    ]
    expect(await vectorsOf(['a b', 'c'])).toEqual(expected)
    const answer = await client.embeddings.create({ model, input: ['a b', 'c'], encoding_format: 'float' })
    expect(answer).toMatchObject({
      object: 'list',
      model,
      data: expected.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      usage: { prompt_tokens: 3, total_tokens: 3 },
    })
  })

  it('know queries from passages', async () => {
    expect(await vectorsOf('abc', { input_type: 'query' })).toEqual([[3, 1]])
  })

  it('take 2,048 inputs, and no more', async () => {
    const many = Array.from({ length: limits.texts }, (_, i) => 'x'.repeat(1 + (i % 7)))
    expect(await vectorsOf(many)).toEqual(many.map(({ length }) => [length, 0]))
    await expect(vectorsOf([...many, 'x'])).rejects.toMatchObject({ status: 400, param: 'input' })
  })

  it('take token ids, one list or many, and refuse those of another vocabulary', async () => {
    expect(await vectorsOf([101, 5])).toEqual([[2, -1]])
    expect(await vectorsOf([[101, 5], [101]])).toEqual([
      [2, -1],
      [1, -1],
    ])
    await expect(vectorsOf([[101], [9906, 1917]])).rejects.toMatchObject({
      ...{ status: 400, param: 'input' },
      message: expect.stringContaining('input 1: the first is not 101') as string,
    })
    await expect(vectorsOf([])).rejects.toMatchObject({ status: 400 })
  })

  it('are cut to fewer dimensions as unit vectors', async () => {
    expect(await vectorsOf(['abc', 'd'], { dimensions: 1 })).toEqual([[1], [1]])
    await expect(vectorsOf('a', { dimensions: 3 })).rejects.toMatchObject({ status: 400, param: 'dimensions' })
    const short = shortened(Float32Array.of(0.6, 0, 0.8), 2)
    expect([...short]).toEqual([1, 0])
    expect([...shortened(Float32Array.of(0, 0, 1), 2)]).toEqual([0, 0])
  })

  it('name a model that is not there as OpenAI does', async () => {
    const error = { status: 404, code: 'model_not_found', type: 'invalid_request_error' }
    await expect(vectorsOf('a', { model: 'gpt-x' })).rejects.toMatchObject({ ...error, param: 'model' })
    await expect(client.models.retrieve('gpt-x')).rejects.toMatchObject(error)
    await expect(bare.embeddings.create({ model, input: 'a' })).rejects.toMatchObject(error)
  })

  it('come with their model', async () => {
    const described = { id: model, object: 'model', created: 1_700_000_000, owned_by: 'lrat', dimensions: 2 }
    expect(await client.models.retrieve(model)).toMatchObject({ ...described, matryoshka: false })
    expect((await client.models.list()).data).toMatchObject([described])
    expect((await bare.models.list()).data).toEqual([])
  })
})

describe('mistakeIn', () => {
  const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'otter']
  const bert = tokenizerFromJson(wordPieceJson(vocabulary.join('\n'), 'test'), 'test')
  const mistake = mistakeIn(bert, 4)

  it('takes what the tokenizer itself makes', () => {
    for (const text of ['', 'a', 'otter otter', 'what is this'])
      expect(mistake(bert.encode(text, 4)), text).toBe(undefined)
  })

  it('refuses ids without its special tokens, outside its vocabulary, and too many', () => {
    expect(mistake([4, 5])).toContain('lack the special tokens')
    expect(mistake([2])).toContain('lack the special tokens')
    expect(mistake([2, 6, 3])).toContain('token 6 is none')
    expect(mistake([2, 4, 4, 4, 3])).toContain('5 tokens are more than the 4')
  })

  it('cannot tell where a tokenizer has no special tokens', () => {
    const json = JSON.parse(bert.json ?? '') as object
    const plain = tokenizerFromJson(JSON.stringify({ ...json, post_processor: null }), 'test')
    expect(mistakeIn(plain, 4)([4, 5])).toBe(undefined)
  })
})
