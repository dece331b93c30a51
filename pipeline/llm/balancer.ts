// Which endpoint takes the next request, and when: least busy first, within each one's limits.
import { UserError } from '../../core/errors.ts'
import { createBreaker, type Breaker, type BreakerSettings } from './breaker.ts'
import { createBucket, type Bucket } from './bucket.ts'

export interface EndpointLimits {
  readonly name: string
  readonly concurrency: number
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
}

/** How a request ended, as far as the endpoint's health goes. */
export type Health = 'good' | 'bad' | 'unknown'

export interface Lease {
  /** Index of the endpoint. */
  readonly endpoint: number
  /** Gives the place back. `tokens` is what the request cost in the end; `pauseMs` keeps requests off this endpoint. */
  release(health: Health, tokens: number, pauseMs?: number): void
}

export interface Balancer {
  /** Waits in line for a place. `tokens` is the expected cost. Rejects with the signal's reason, or in a lasting outage. */
  acquire(tokens: number, signal: AbortSignal): Promise<Lease>
  readonly outstanding: () => readonly number[]
}

interface State {
  readonly limits: EndpointLimits
  readonly requests: Bucket
  readonly tokens: Bucket
  readonly breaker: Breaker
  outstanding: number
  taken: number
  pausedUntil: number
}

interface Waiter {
  readonly tokens: number
  readonly grant: (lease: Lease) => void
  readonly refuse: (reason: Error) => void
}

export interface BalancerOptions {
  readonly endpoints: readonly EndpointLimits[]
  readonly breaker: BreakerSettings
  /** Milliseconds without a working endpoint after which everybody who waits is refused. */
  readonly outageMs: number
  readonly now?: () => number
  /** Longest pause of all endpoints that is sat out; beyond it everybody who waits is refused. */
  readonly maxPauseMs?: number
  /** What went wrong last, for the error of an outage. */
  readonly lastFault?: () => string
}

/** Patience with endpoints that never worked. */
export const FIRST_OUTAGE_MS = 60_000

export const createBalancer = ({
  endpoints,
  breaker,
  outageMs,
  maxPauseMs = Infinity,
  now = Date.now,
  lastFault,
}: BalancerOptions): Balancer => {
  const states: readonly State[] = endpoints.map((limits) => ({
    limits,
    requests: createBucket(limits.requestsPerMinute),
    tokens: createBucket(limits.tokensPerMinute),
    breaker: createBreaker(breaker),
    outstanding: 0,
    taken: 0,
    pausedUntil: 0,
  }))
  // A Set keeps the order of arrival and forgets an aborted waiter at once.
  const waiting = new Set<Waiter>()
  let timer: NodeJS.Timeout | undefined
  let downSince: number | undefined
  let hasWorked = false
  /** An endpoint that never worked is more likely misspelt than down. */
  const patience = (): number => (hasWorked ? outageMs : Math.min(outageMs, FIRST_OUTAGE_MS))

  const readyAt = (state: State, tokens: number, time: number): number =>
    state.outstanding >= state.limits.concurrency
      ? Infinity
      : Math.max(
          state.pausedUntil,
          state.breaker.readyAt(),
          state.requests.readyAt(1, time),
          state.tokens.readyAt(tokens, time),
        )

  const lease = (state: State, tokens: number, time: number): Lease => {
    state.outstanding += 1
    state.taken += 1
    state.requests.take(1, time)
    state.tokens.take(tokens, time)
    state.breaker.sent()
    let released = false
    return {
      endpoint: states.indexOf(state),
      release: (health, cost, pauseMs = 0) => {
        if (released) return
        released = true
        const at = now()
        state.outstanding -= 1
        state.tokens.take(cost - tokens, at)
        state.pausedUntil = Math.max(state.pausedUntil, at + pauseMs)
        if (health === 'good') {
          hasWorked = true
          state.breaker.succeeded()
        }
        if (health === 'bad') state.breaker.failed(at)
        if (health === 'unknown') state.breaker.undecided()
        downSince = states.every((other) => other.breaker.isOpen()) ? (downSince ?? at) : undefined
        pump()
      },
    }
  }

  const outage = (): UserError =>
    new UserError({
      where: states.map((state) => state.limits.name).join(', '),
      expected: 'an endpoint that answers',
      found: `failures only, for ${Math.round(patience() / 1000)} seconds${lastFault ? ` (${lastFault()})` : ''}`,
      fix: hasWorked
        ? 'What is finished is kept: bring the server back and run the same command again.'
        : 'Start the server, or correct base_url, and run the same command again.',
    })

  const refuseAll = (error: UserError): void => {
    for (const waiter of waiting) waiter.refuse(error)
    waiting.clear()
  }

  const asksTooMuch = (ms: number): UserError =>
    new UserError({
      where: states.map((state) => state.limits.name).join(', '),
      expected: `an endpoint that takes requests again within ${Math.round(maxPauseMs / 1000)} seconds`,
      found: `a server that asks to wait ${Math.round(ms / 1000)} seconds (Retry-After)${lastFault ? `: ${lastFault()}` : ''}`,
      fix: 'What is finished is kept: run the same command again then, or raise max_wait of the model.',
    })

  const pump = (): void => {
    clearTimeout(timer)
    timer = undefined
    const time = now()
    if (downSince !== undefined && time - downSince >= patience()) {
      refuseAll(outage())
      return
    }
    const pause = Math.min(...states.map((state) => state.pausedUntil)) - time
    if (pause > maxPauseMs) {
      refuseAll(asksTooMuch(pause))
      return
    }
    for (const waiter of waiting) {
      let best: State | undefined
      let soonest = Infinity
      for (const state of states) {
        const at = readyAt(state, waiter.tokens, time)
        if (at > time) soonest = Math.min(soonest, at)
        else if (
          !best ||
          state.outstanding < best.outstanding ||
          (state.outstanding === best.outstanding && state.taken < best.taken)
        )
          best = state
      }
      if (!best) {
        if (downSince !== undefined) soonest = Math.min(soonest, downSince + patience())
        if (soonest < Infinity) timer = setTimeout(pump, Math.max(1, soonest - time))
        return
      }
      waiting.delete(waiter)
      waiter.grant(lease(best, waiter.tokens, time))
    }
  }

  const acquire = (tokens: number, signal: AbortSignal): Promise<Lease> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      const abort = (): void => waiter.refuse(signal.reason as Error)
      const waiter: Waiter = {
        tokens,
        grant: (granted) => {
          signal.removeEventListener('abort', abort)
          resolve(granted)
        },
        refuse: (reason) => {
          signal.removeEventListener('abort', abort)
          waiting.delete(waiter)
          reject(reason)
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      waiting.add(waiter)
      pump()
    })

  return { acquire, outstanding: () => states.map((state) => state.outstanding) }
}
