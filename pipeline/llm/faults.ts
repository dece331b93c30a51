// What a failed request means: try again, wait, give this call up, or stop the run.
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import { messageOf } from '../../core/errors.ts'
import { MalformedReply } from './errors.ts'

export interface Fault {
  /**
   * `retry`: the endpoint failed; `throttled`: it is too busy; `malformed`: its reply was unusable; `rejected`, `overflow`: it
   * refuses this request; `denied`: it refuses us; `missing`: it knows no such model or address.
   */
  readonly kind: 'retry' | 'throttled' | 'malformed' | 'rejected' | 'overflow' | 'denied' | 'missing'
  /** Not yet redacted. */
  readonly message: string
  /** Milliseconds that the server asked us to wait. */
  readonly waitMs?: number
}

const OVERFLOW =
  /context[ _-]?(length|window|size)|maximum context|max_model_len|prompt is too long|input is too long|too many (input )?tokens|longer than the maximum/i
const QUOTA = /insufficient_quota|billing|exceeded your current quota/i

/** Milliseconds from a Retry-After header (seconds or a date) or its retry-after-ms relative. */
export const retryAfter = (headers: Headers | undefined, now: number): number | undefined => {
  const exact = Number(headers?.get('retry-after-ms') ?? NaN)
  if (Number.isFinite(exact) && exact >= 0) return exact
  const text = headers?.get('retry-after')
  if (text === null || text === undefined || text.trim() === '') return undefined
  const seconds = Number(text)
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

const causeOf = (error: Error): string => {
  const { cause } = error
  if (cause instanceof AggregateError && cause.errors.length > 0) return messageOf(cause.errors[0])
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}

/** Reads a rejection of the `openai` package. */
export const faultOf = (error: unknown, now: number): Fault => {
  if (error instanceof MalformedReply || error instanceof SyntaxError)
    return { kind: 'malformed', message: `unusable reply: ${error.message}` }
  if (error instanceof APIConnectionTimeoutError) return { kind: 'retry', message: 'no reply in time' }
  if (error instanceof APIConnectionError) {
    if (error.cause instanceof MalformedReply)
      return { kind: 'malformed', message: `unusable reply: ${error.cause.message}` }
    return { kind: 'retry', message: `connection failed: ${causeOf(error)}` }
  }
  if (!(error instanceof APIError) || error.status === undefined) return { kind: 'retry', message: messageOf(error) }

  const status = error.status as number
  // Cut only as far as no key can be cut in two: whoever shows it redacts first.
  const message = error.message.slice(0, 100_000)
  const wait = retryAfter(error.headers as Headers | undefined, now)
  const waitMs = wait === undefined ? {} : { waitMs: wait }
  if (status === 401 || status === 402 || status === 403) return { kind: 'denied', message }
  if (status === 429 && QUOTA.test(`${String(error.code)} ${message}`)) return { kind: 'denied', message }
  if (status === 429) return { kind: 'throttled', message, ...waitMs }
  if (status === 404) return { kind: 'missing', message }
  if (status === 408 || status === 409 || status === 425 || status >= 500) return { kind: 'retry', message, ...waitMs }
  return { kind: OVERFLOW.test(message) || status === 413 ? 'overflow' : 'rejected', message }
}
