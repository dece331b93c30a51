// Who may ask, and how much at once.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Refusal of a request, with its HTTP status. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
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
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
    if (!sameText(given, token)) throw new Refused(401, 'a valid token is needed: Authorization: Bearer TOKEN')
    return
  }
  if (!isLoopback(hostOf(headers.host ?? ''))) throw new Refused(403, 'this server answers on loopback names only')
  const { origin } = headers
  if (origin === undefined) return
  const host = URL.canParse(origin) ? new URL(origin).hostname : ''
  if (!isLoopback(host)) throw new Refused(403, 'requests from other origins need a token')
}

/** Runs at most `running` jobs at once and lets `waiting` more wait; refuses the rest with 503. */
export const createTurnstile = (running: number, waiting: number) => {
  let busy = 0
  const queue: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy >= running) {
      if (queue.length >= waiting) throw new Refused(503, 'too many requests at once; try again soon')
      await new Promise<void>((resolve) => queue.push(resolve))
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
