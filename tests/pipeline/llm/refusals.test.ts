// What a refusal says, and what it means: bodies of every shape, contexts that are full in the words of many servers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readErrorBody } from '../../../pipeline/llm/error-body.ts'
import { LlmError } from '../../../pipeline/llm/errors.ts'
import { isOverflow } from '../../../pipeline/llm/overflow.ts'
import { testLlm } from '../../helpers/fake-client.ts'

describe('an error body keeps its message', () => {
  test.each([
    ['{"error": {"message": "no such model", "code": "model_not_found"}}', 'no such model', 'model_not_found'],
    ['{"error": "no such model"}', 'no such model', ''],
    ['{"object": "error", "message": "bad request", "type": "BadRequestError", "code": 400}', 'bad request', '400'],
    ['{"detail": "Not Found"}', 'Not Found', ''],
    [
      '{"detail": [{"loc": ["body", "tools", 0], "msg": "field required", "type": "missing"}]}',
      'body.tools.0: field required',
      '',
    ],
    ['{"detail": {"error": {"message": "nested"}}}', 'nested', ''],
    ['[{"error": {"code": 400, "message": "a list", "status": "INVALID_ARGUMENT"}}]', 'a list', '400'],
    ['"just text"', 'just text', ''],
    ['plain\n  text', 'plain text', ''],
    ['<html><head><title>502 Bad Gateway</title></head><body><h1>x</h1></body></html>', '502 Bad Gateway', ''],
    ['<!DOCTYPE html><html><body><h1>Too &amp; much</h1></body></html>', 'Too & much', ''],
    ['{"error": {"message": "cut', '{"error": {"message": "cut', ''],
    ['{"status": 400}', '{"status": 400}', '400'],
    ['', '', ''],
  ])('%s', (body, message, code) => {
    expect(readErrorBody(body)).toEqual({ message, code })
  })
})

describe('a context that is full', () => {
  test.each([
    "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (1000 in the messages, 8000 in the completion).",
    "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 16384 tokens and your request has 9000 input tokens (8192 > 16384 - 9000).",
    'The decoder prompt (length 40000) is longer than the maximum model length of 32768.',
    'The input (40000 tokens) is longer than the model’s context length (32768 tokens).',
    "Requested token count exceeds the model's maximum context length of 32768 tokens. You requested a total of 40000 tokens: 32000 tokens from the input messages and 8000 tokens for the completion.",
    'Prompt length (40000) exceeds maximum input length (32768). Set log level to info and check TRTGptModel logs for how maximum input length is set',
    'the request exceeds the available context size (8192 tokens), try increasing it',
    'request (12000 tokens) exceeds the available context size (8192 tokens)',
    'the input length exceeds the context length',
    'prompt is too long: 210000 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again',
    'The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).',
    'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.',
    'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    'too many tokens: total number of tokens in the prompt exceeds the limit of 4081',
  ])('%s', (message) => {
    expect(isOverflow(400, '', message)).toBe(true)
    expect(isOverflow(429, '', message)).toBe(false)
  })
  test('by its code or status alone', () => {
    expect(isOverflow(400, 'context_length_exceeded', '')).toBe(true)
    expect(isOverflow(413, '', 'Payload Too Large')).toBe(true)
  })
  test.each([
    'max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.',
    'Invalid tool_choice: none',
    '`tool_choice` "none" is not supported with 2 tools',
    'temperature must be at most 2',
    'body.messages.3: an assistant message must not be empty',
    'top_logprobs must be at most 20, got 100',
  ])('is not: %s', (message) => {
    expect(isOverflow(400, '', message)).toBe(false)
  })
})

describe('against a server', () => {
  let server: Server
  let url: string
  let answer: (count: number) => { status: number; body: string; headers?: Record<string, string> }
  let requests: number
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        const { status, body, headers = {} } = answer(requests++)
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  })
  afterAll(() => server.close())

  const good = { status: 200, body: '{"choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}}]}' }
  const signal = new AbortController().signal
  const ask = (llm: ReturnType<typeof testLlm>) =>
    llm.chat({ messages: [{ role: 'user', content: 'a question' }] }, signal)
  const failure = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => undefined,
      (error: unknown) => error,
    )

  test.each([
    [
      404,
      '{"error": {"message": "Item with id \'rs_1\' not found. Items are not persisted when `store` is set to false."}}',
    ],
    [400, '{"detail": "tool_choice none is not supported"}'],
    [501, '{"error": "reasoning items are not implemented"}'],
  ])('a %i that one request is to blame for fails that call alone', async (status, body) => {
    requests = 0
    answer = (count) => (count === 0 || count > 30 ? good : { status, body })
    const llm = testLlm([url], { breaker: { window: 4 } })
    await ask(llm)
    for (let n = 0; n < 30; n += 1) {
      const error = await failure(ask(llm))
      expect(error).toBeInstanceOf(LlmError)
      expect(error).toMatchObject({ kind: 'rejected', status })
    }
    // No breaker has opened: the next call goes through at once, and each was sent once.
    await ask(llm)
    expect(requests).toBe(32)
    llm.close()
  })

  test('a wait beyond the cap is an outage that says so, one below it is waited', async () => {
    requests = 0
    answer = () => ({ status: 429, body: '{"error": "busy until tomorrow"}', headers: { 'retry-after': '7200' } })
    const llm = testLlm([url], { max_wait: 60 })
    const error = await failure(ask(llm))
    expect(String(error)).toMatch(/asks to wait 7200 seconds \(Retry-After\): busy until tomorrow/)
    expect(requests).toBe(1)
    llm.close()
    requests = 0
    answer = (count) => (count === 0 ? { status: 429, body: '{}', headers: { 'retry-after-ms': '10' } } : good)
    const patient = testLlm([url], { max_wait: 60 })
    expect((await ask(patient)).choices[0].message.content).toBe('yes')
    patient.close()
  })

  test('usage that a server leaves out is counted', async () => {
    requests = 0
    answer = () => good
    const llm = testLlm([url])
    const reply = await ask(llm)
    expect(reply.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 4 })
    expect(llm.spending.totals()).toMatchObject({ promptTokens: 4, completionTokens: 4 })
    llm.close()
  })
})
