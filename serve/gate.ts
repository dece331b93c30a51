// Who may ask, and how much at once.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

export interface RefusalDetails {
  /** The field of the request that is at fault. */
  readonly param?: string
  /** A word that programs know, such as model_not_found. */
  readonly code?: string
}

/** Refusal of a request, with its HTTP status. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly param: string | null
  readonly code: string | null
  constructor(status: number, message: string, { param, code }: RefusalDetails = {}) {
    super(message)
    this.status = status
    this.param = param ?? null
    this.code = code ?? null
  }
}

/** Whether a host name or address (without port) can only be reached from this machine. */
export const isLoopback = (host: string): boolean => {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (bare === 'localhost') return true
  return isIP(bare) === 4 ? bare.startsWith('127.') : bare === '::1'
}

const sameText = (a: string, b: string): boolean => {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}

const hostOf = (authority: string): string => authority.replace(/:\d+$/, '')

/**
 * Throws Refused unless the request has one Host header and carries the token, where there is one. Without a token the server is on loopback:
 * then names of other hosts in Host or Origin are refused, so that no web page can reach it through a browser.
 */
export const authorise = ({ headers, rawHeaders }: IncomingMessage, token: string | undefined): void => {
  // Of several, a proxy may have looked at another one than we would.
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length !== 1) throw new Refused(400, 'a request has one Host header')
  if (token !== undefined) {
    const key = headers['x-api-key']
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? (typeof key === 'string' ? key : '')
    if (!sameText(given, token))
      throw new Refused(401, 'a valid token is needed: Authorization: Bearer TOKEN', { code: 'invalid_api_key' })
    return
  }
  if (!isLoopback(hostOf(headers.host ?? ''))) throw new Refused(403, 'this server answers on loopback names only')
  const { origin } = headers
  if (origin === undefined) return
  const host = URL.canParse(origin) ? new URL(origin).hostname : ''
  if (!isLoopback(host)) throw new Refused(403, 'requests from other origins need a token')
}

/**
 * Runs at most `running` jobs at once and lets `waiting` more wait; refuses the rest with 503. A job whose signal is
 * aborted while it waits is never begun: Refused, too.
 */
export const createTurnstile = (running: number, waiting: number) => {
  let busy = 0
  const queue: (() => void)[] = []
  const place = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        queue.splice(queue.indexOf(enter), 1)
        reject(new Refused(400, 'the client has gone'))
      }
      queue.push(enter)
      signal?.addEventListener('abort', leave, { once: true })
    })
  return async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    if (signal?.aborted === true) throw new Refused(400, 'the client has gone')
    if (busy >= running) {
      if (queue.length >= waiting) throw new Refused(503, 'too many requests at once; try again soon')
      await place(signal)
    } else busy++
    try {
      return await work()
    } finally {
      const next = queue.shift()
      if (next) next()
      else busy--
    }
  }
}
