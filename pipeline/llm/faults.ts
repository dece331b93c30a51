// What a failed request means: try again, wait, give this call up, or stop the run.
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import { codeOf, messageOf } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import type { ErrorBody } from './error-body.ts'
import { MalformedReply } from './errors.ts'
import { isOverflow } from './overflow.ts'

export interface Fault {
  /**
   * `retry`: the endpoint failed; `throttled`: it is too busy; `malformed`: its reply was unusable; `rejected`, `overflow`: it
   * refuses this request; `denied`: it refuses us; `missing`: it knows no such model or address.
   */
  readonly kind: 'retry' | 'throttled' | 'malformed' | 'rejected' | 'overflow' | 'denied' | 'missing'
  /** Not yet redacted. */
  readonly message: string
  /** HTTP status, where a reply came. */
  readonly status?: number
  /** Milliseconds that the server asked us to wait. */
  readonly waitMs?: number
}

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

type Refusal = APIError<number | undefined, Headers | undefined, object | undefined>

const isRefusal = (error: unknown): error is Refusal => error instanceof APIError

// The transport hands error bodies on as `{error: {message, code}}`, whatever the server sent.
const bodyOf = (error: Refusal): ErrorBody => {
  const body: unknown = error.error
  if (!isObject(body)) return { message: error.message, code: '' }
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
  return { message: textOf(body['message']), code: textOf(body['code']) }
}

/** A 404 about the model or the address, not about something that one request names. */
const isUnknownPlace = (message: string, code: string): boolean =>
  message === '' ||
  /model_not_found/i.test(code) ||
  /\bmodels?\b/i.test(message) ||
  /^(?:\(?404\)?[\s:-]*)?(?:page |route |path |url |endpoint )?not found\b/i.test(message)

/** Why no connection came about, as a person says it. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no server of that name',
  EAI_AGAIN: 'the name of the server cannot be looked up',
  EHOSTUNREACH: 'no way to that server',
  ENETUNREACH: 'no network',
  ETIMEDOUT: 'the server does not take the connection',
}

/** Why one ended. */
const ENDED: Readonly<Record<string, string>> = {
  ECONNRESET: 'the server closed the connection',
  EPIPE: 'the server closed the connection',
  UND_ERR_SOCKET: 'the server closed the connection',
}

const firstCause = ({ cause }: Error): unknown => (cause instanceof AggregateError ? cause.errors[0] : cause)

/** Whether no connection to the server came about. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof APIConnectionError && UNREACHABLE[codeOf(firstCause(error)) ?? ''] !== undefined

const causeOf = (error: Error): string => {
  const { cause } = error
  const code = codeOf(firstCause(error)) ?? ''
  const words = UNREACHABLE[code] ?? ENDED[code]
  if (words !== undefined) return words
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
    return { kind: 'retry', message: causeOf(error) }
  }
  if (!isRefusal(error)) return { kind: 'retry', message: messageOf(error) }
  const { status } = error
  if (status === undefined) return { kind: 'retry', message: error.message }

  const { message, code } = bodyOf(error)
  const wait = retryAfter(error.headers, now)
  const fault = { message: message === '' ? `status ${status} without a message` : message, status }
  const waitMs = wait === undefined ? {} : { waitMs: wait }
  if (status === 401 || status === 402 || status === 403) return { ...fault, kind: 'denied' }
  if (status === 429 && QUOTA.test(`${code} ${message}`)) return { ...fault, kind: 'denied' }
  if (status === 429) return { ...fault, kind: 'throttled', ...waitMs }
  if (isOverflow(status, code, message)) return { ...fault, kind: 'overflow' }
  if (status === 404) return { ...fault, kind: isUnknownPlace(message, code) ? 'missing' : 'rejected' }
  if (status === 408 || status === 409 || status === 425 || (status >= 500 && status !== 501))
    return { ...fault, kind: 'retry', ...waitMs }
  return { ...fault, kind: 'rejected' }
}
