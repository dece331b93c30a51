import { setMaxListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../../core/errors.ts'
import { BudgetSpent, LlmError } from '../../../pipeline/llm/errors.ts'
import type { Llm } from '../../../pipeline/llm/client.ts'
import { testLlm } from '../../helpers/fake-client.ts'
import { faultKinds, startFake, type FaultKind, type FakeServer } from '../../../scripts/fake-openai/server.ts'

const never = new AbortController().signal
setMaxListeners(0, never)
const script = () => ({ content: 'yes' })
const ask = (llm: Llm, signal = never) => llm.chat({ messages: [{ role: 'user', content: 'hello' }] }, signal)
const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make))

let servers: FakeServer[]
let server: FakeServer
beforeEach(async () => {
  server = await startFake({ script })
  servers = [server]
})
afterEach(() => Promise.all(servers.map((each) => each.close())))

const failure = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}

describe('faults', () => {
  it.each(faultKinds)('%s is sat out', async (kind) => {
    server.set({ fault: (arrival) => (arrival < 3 ? kind : undefined) })
    // Only a stall ends by the timeout, so that a slow machine sits out no more than three faults.
    const llm = testLlm([server.url], { request_timeout: kind === 'stall' ? 0.5 : 30 })
    const reply = await ask(llm)
    expect(reply.choices[0].message.content).toBe('yes')
    const { requests, calls, failures, throttled } = llm.spending.totals()
    expect([requests, calls, failures, throttled]).toEqual([4, 1, 3, kind.startsWith('429') ? 3 : 0])
    llm.close()
  })

  it.each<[FaultKind, LlmError['kind']]>([
    ['500', 'unavailable'],
    ['empty-choices', 'malformed'],
  ])('%s without end gives up with a reason', async (kind, expected) => {
    server.set({ fault: () => kind })
    const llm = testLlm([server.url], { retries: 3, breaker: { window: 50 } })
    const error = await failure(ask(llm))
    expect(error).toBeInstanceOf(LlmError)
    expect([(error as LlmError).kind, server.stats.requests]).toEqual([expected, 4])
  })

  it('takes a new connection when the server closed an idle one', async () => {
    const llm = testLlm([server.url], { retries: 0 }, { concurrency: 1 })
    await ask(llm)
    let first = true
    server.set({ fault: () => (first ? ((first = false), 'reset') : undefined) })
    await ask(llm)
    expect(llm.spending.totals()).toMatchObject({ requests: 2, failures: 0 })
    expect(server.stats.requests).toBe(3)
  })

  it('does not read a reply without end', async () => {
    server.set({ script: () => ({ content: 'x'.repeat(17 << 20) }) })
    const error = await failure(ask(testLlm([server.url], { retries: 0 })))
    expect(error.message).toMatch(/the reply is longer than 16777216 bytes/)
  })

  it('honours Retry-After for the endpoint, and lets another one take over', async () => {
    server.set({ fault: (arrival) => (arrival === 0 ? '429-after' : undefined), retryAfterMs: 300 })
    const alone = testLlm([server.url])
    const began = Date.now()
    await ask(alone)
    expect(Date.now() - began).toBeGreaterThanOrEqual(290)
    const other = await startFake({ script })
    servers.push(other)
    let first = true
    server.set({ fault: () => (first ? ((first = false), '429-after') : undefined), retryAfterMs: 60_000 })
    const both = testLlm([server.url, other.url])
    await times(10, () => ask(both))
    expect(other.stats.requests).toBeGreaterThan(5)
  })

  it('rests an endpoint that only fails', async () => {
    const other = await startFake({ script, fault: () => '500' })
    servers.push(other)
    const llm = testLlm([server.url, other.url], { breaker: { window: 10, rest: 60 } }, { concurrency: 4 })
    await times(200, () => ask(llm))
    expect(other.stats.requests).toBeLessThan(20)
  })

  it('stops at once when the key is refused, and shows it nowhere', async () => {
    const key = 'very-secret-key-12345'
    server.set({ key: 'another' })
    const llm = testLlm([server.url], {}, { api_key_env: 'TEST_KEY' }, { TEST_KEY: key })
    const error = await failure(ask(llm))
    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toMatch(/Incorrect API key/)
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(key)
    server.set({ key })
    expect((await ask(llm)).choices).toHaveLength(1)
  })

  it('says which variable lacks the key', () => {
    expect(() => testLlm([server.url], {}, { api_key_env: 'TEST_KEY' })).toThrow(/environment variable TEST_KEY/)
  })

  it('tells a context that is too long, and a configuration that never works, from other refusals', async () => {
    const refused = (message: string) => () => {
      throw new Error(message)
    }
    server.set({ script: refused("This model's maximum context length is 4096 tokens.") })
    const llm = testLlm([server.url])
    expect(((await failure(ask(llm))) as LlmError).kind).toBe('overflow')
    server.set({ script: refused('unsupported parameter') })
    for (let at = 0; at < 9; at += 1) expect(((await failure(ask(llm))) as LlmError).kind).toBe('rejected')
    const last = await failure(ask(llm))
    expect(last).toBeInstanceOf(UserError)
    expect(last.message).toMatch(/unsupported parameter/)
  })

  it('says what is wrong when nothing ever answers', async () => {
    await server.close()
    const llm = testLlm([server.url], { outage: 0.1, breaker: { rest: 0.02, max_rest: 0.02 } })
    const error = await failure(times(3, () => ask(llm)))
    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toMatch(/failures only, .*connection refused.*Start the server, or correct base_url/)
    servers = []
  })

  it('ends at once when it is aborted', async () => {
    const controller = new AbortController()
    server.set({
      fault: () => {
        controller.abort(new Error('enough'))
        return 'stall'
      },
    })
    const llm = testLlm([server.url])
    await expect(ask(llm, controller.signal)).rejects.toThrow('enough')
    await expect(ask(llm, controller.signal)).rejects.toThrow('enough')
  })
})

describe('limits', () => {
  it('keeps to the concurrency of each endpoint and balances by load', async () => {
    // This one answers when five are with it, the other one when this one has been asked 80 times.
    const gate = (): { open: () => void; opened: Promise<void> } => {
      let open = (): void => undefined
      const opened = new Promise<void>((resolve) => (open = resolve))
      return { open: () => open(), opened }
    }
    const [five, eighty] = [gate(), gate()]
    const other = await startFake({ script: () => eighty.opened.then(script) })
    servers.push(other)
    server.set({
      script: () => {
        if (server.stats.inFlight >= 5) five.open()
        if (server.stats.requests >= 80) eighty.open()
        return five.opened.then(script)
      },
    })
    const llm = testLlm([server.url, other.url], { request_timeout: 60 }, { concurrency: 5 })
    await times(120, () => ask(llm))
    expect([server.stats.mostInFlight, other.stats.mostInFlight]).toEqual([5, 5])
    expect(other.stats.requests).toBe(120 - server.stats.requests)
    expect(server.stats.requests).toBeGreaterThanOrEqual(80)
  })

  it('keeps to the requests and tokens a minute', async () => {
    const slow = testLlm([server.url], {}, { requests_per_minute: 600 })
    let began = Date.now()
    await times(16, () => ask(slow))
    expect(Date.now() - began).toBeGreaterThanOrEqual(500)
    const thrifty = testLlm([server.url], {}, { tokens_per_minute: 12_000 })
    began = Date.now()
    await times(6, () => ask(thrifty))
    expect(Date.now() - began).toBeGreaterThanOrEqual(300)
  })

  it('stops at the budget', async () => {
    const llm = testLlm([server.url], { budget: { tokens: 100 } }, { concurrency: 1 })
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => ask(llm)))
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every((result) => result.reason instanceof BudgetSpent)).toBe(true)
    const { promptTokens, completionTokens } = llm.spending.totals()
    expect(promptTokens + completionTokens).toBeLessThan(150)
  })
})
