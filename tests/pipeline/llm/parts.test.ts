import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../../pipeline/llm/breaker.ts'
import { createBucket } from '../../../pipeline/llm/bucket.ts'
import { withExtra } from '../../../pipeline/llm/extra.ts'
import { retryAfter } from '../../../pipeline/llm/faults.ts'
import { llmSchema } from '../../../pipeline/llm/settings.ts'
import { createSpending } from '../../../pipeline/llm/spending.ts'

describe('bucket', () => {
  it.each([6, 60, 1000, 30_000])('never lets more than %i through in any minute', (perMinute) => {
    const bucket = createBucket(perMinute)
    const times: number[] = []
    for (let now = 0; now < 200_000;) {
      const at = bucket.readyAt(1, now)
      if (at > now) now = at
      else {
        bucket.take(1, now)
        times.push(now)
      }
    }
    let from = 0
    let most = 0
    times.forEach((time, index) => {
      while (times[from] <= time - 60_000) from += 1
      most = Math.max(most, index - from + 1)
    })
    expect(most).toBeLessThanOrEqual(perMinute)
    expect(times.length).toBeGreaterThan(perMinute * 2.5)
  })

  it('makes later takers wait for what one took beyond the level', () => {
    const bucket = createBucket(6000)
    bucket.take(3000, 0)
    expect(bucket.readyAt(1, 0)).toBeGreaterThan(28_000)
    bucket.take(-2900, 0)
    expect(bucket.readyAt(1, 0)).toBeLessThan(1000)
  })
})

describe('breaker', () => {
  it('opens on a share of failures, probes with one request, and rests longer each time', () => {
    const breaker = createBreaker({ window: 4, share: 0.5, rest: 100, maxRest: 150 })
    breaker.succeeded()
    breaker.succeeded()
    breaker.failed(0)
    expect(breaker.readyAt()).toBe(0)
    breaker.failed(1000)
    expect([breaker.isOpen(), breaker.readyAt()]).toEqual([true, 1100])
    breaker.failed(1050)
    expect(breaker.readyAt()).toBe(1100)
    breaker.sent()
    expect(breaker.readyAt()).toBe(Infinity)
    breaker.failed(1200)
    expect(breaker.readyAt()).toBe(1350)
    breaker.sent()
    breaker.succeeded()
    expect([breaker.isOpen(), breaker.readyAt()]).toEqual([false, 0])
  })
})

describe('retryAfter', () => {
  it.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 00:00:10 GMT' }, 10_000],
    [{ 'retry-after': '9', 'retry-after-ms': '150' }, 150],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('%j', (headers, expected) =>
    expect(retryAfter(new Headers(headers as Record<string, string>), Date.UTC(2026, 10, 21))).toBe(expected),
  )
})

describe('spending', () => {
  it('counts money and says what is left', () => {
    const spending = createSpending({ prompt: 2, completion: 8 }, { money: 10 })
    spending.charge(1_000_000, 500_000)
    expect(spending.totals().money).toBe(6)
    expect(spending.left()).toBeCloseTo(0.4)
    expect(spending.left(1_500_000)).toBe(0)
    spending.charge(2_000_000, 0)
    expect(() => spending.check()).toThrow('the budget of 10 (money) is spent')
  })
})

describe('withExtra', () => {
  it('adds, replaces and leaves out fields', () => {
    const fields = { temperature: 0, max_tokens: 5 }
    expect(withExtra(fields, { max_tokens: null, max_completion_tokens: 5, temperature: 1 })).toEqual({
      temperature: 1,
      max_completion_tokens: 5,
    })
  })
})

describe('settings', () => {
  it('refuse a key in the place of a variable name', () => {
    const settings = { model: 'm', endpoints: [{ base_url: 'http://localhost/v1', api_key_env: 'sk-live-1234' }] }
    expect(llmSchema.safeParse(settings).success).toBe(false)
  })
})
