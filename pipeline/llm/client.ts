// Calls models over the OpenAI protocol: balanced over endpoints, limited, repeated after faults, counted.
import OpenAI from 'openai'
import type { ChatCompletion, ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions'
import type { Response as ModelResponse, ResponseCreateParamsNonStreaming } from 'openai/resources/responses/responses'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../core/errors.ts'
import { keepSecret, redactor, urlSecrets, withoutKeys } from '../../core/secrets.ts'
import { createBalancer } from './balancer.ts'
import { isObject } from '../../core/json.ts'
import { LlmError, MalformedReply } from './errors.ts'
import { faultOf, isUnreachable, type Fault } from './faults.ts'
import { createFetch } from './fetch.ts'
import type { EndpointSettings, LlmSettings } from './settings.ts'
import { createReachable, onStderr } from './reachable.ts'
import { createSpending, type Spending } from './spending.ts'

export type ChatBody = Omit<ChatCompletionCreateParamsNonStreaming, 'model' | 'stream'>
export type ResponsesBody = Omit<ResponseCreateParamsNonStreaming, 'model' | 'stream'>

export interface Llm {
  readonly model: string
  /** Places for requests, over all endpoints. */
  readonly concurrency: number
  readonly spending: Spending
  /** Errors: LlmError, BudgetSpent, UserError (nothing will work), or the signal's reason. */
  chat(body: ChatBody, signal: AbortSignal): Promise<ChatCompletion>
  /** The same for the Responses API. */
  responses(body: ResponsesBody, signal: AbortSignal): Promise<ModelResponse>
  close(): void
}

export interface LlmSurroundings {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** In [0, 1); for the jitter. */
  readonly random?: () => number
  /** Counts the tokens of a text where a server reports no usage; default: a quarter of the characters. */
  readonly countTokens?: (text: string) => number
  /** Told in a line when a server cannot be reached, and when it answers again; default: standard error. */
  readonly say?: (line: string) => void
}

/** A reply longer than this is a fault: no model is asked for so much. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024
/** Refusals for load are not the request's fault, so many more of them are sat out. */
const MAX_THROTTLED = 50
/** So many refused requests before any success: it is the configuration, not the questions. */
const MAX_REJECTED_AT_START = 10

const keyOf = (endpoint: EndpointSettings, env: Readonly<Record<string, string | undefined>>): string | undefined => {
  const { api_key_env: name, base_url } = endpoint
  if (name === undefined) return undefined
  const key = env[name]?.trim()
  if (key !== undefined && key !== '') return key
  throw new UserError({
    where: `api_key_env of ${redactor([])(base_url)}`,
    expected: `the API key in the environment variable ${name}`,
    found: 'nothing',
    fix: `export ${name}=… before running, or leave api_key_env away for a server without keys.`,
  })
}

/** The package appends paths to its address as text, so parameters are given apart. */
const addressOf = (base_url: string): { baseURL: string; defaultQuery: Record<string, string> } => {
  const url = new URL(base_url)
  const defaultQuery = Object.fromEntries(url.searchParams)
  url.search = ''
  return { baseURL: url.href, defaultQuery }
}

const checkChat = (reply: unknown): ChatCompletion => {
  const choice: unknown = isObject(reply) && Array.isArray(reply['choices']) ? reply['choices'][0] : undefined
  if (!isObject(choice) || !isObject(choice['message'])) throw new MalformedReply('no choice with a message')
  return reply as ChatCompletion
}

const checkResponse = (reply: unknown): ModelResponse => {
  if (!isObject(reply) || !Array.isArray(reply['output'])) throw new MalformedReply('no output')
  if (reply['status'] === 'failed') throw new MalformedReply('the response failed')
  return reply as unknown as ModelResponse
}

/** All texts of a JSON value. */
const textsOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Array.isArray(value)
      ? value.map(textsOf).join('\n')
      : isObject(value)
        ? Object.values(value).map(textsOf).join('\n')
        : ''

interface Metered {
  readonly usage?: unknown
}

/** What of a request and its reply is counted, and under which names a server reports it. */
interface Meter<T> {
  readonly prompt: unknown
  readonly completion: (reply: T) => unknown
  readonly names: readonly [prompt: string, completion: string]
}

/** Tokens of the prompt and of the completion, as the server counts them, or else as `count` does. */
const tokensIn = <T extends Metered>(
  reply: T,
  { prompt, completion, names }: Meter<T>,
  count: (text: string) => number,
): readonly [number, number] => {
  const { usage } = reply
  const of = (name: string, counted: () => unknown): number => {
    const value = isObject(usage) ? usage[name] : undefined
    return typeof value === 'number' && value >= 0 ? value : count(textsOf(counted()))
  }
  return [of(names[0], () => prompt), of(names[1], () => completion(reply))]
}

/** Characters a token, where no tokenizer counts. */
const CHARACTERS = 4
const guess = (text: string): number => Math.ceil(text.length / CHARACTERS)

/** A server's words, after its status where they do not begin with it. */
const said = ({ message, status }: Fault): string =>
  status === undefined || message.startsWith(String(status)) ? message : `${status} ${message}`

/** A client of one model at one or more endpoints. Errors: UserError when a key's environment variable is not set. */
export const createLlm = (settings: LlmSettings, surroundings: LlmSurroundings = {}): Llm => {
  const { env = process.env, random = Math.random, countTokens = guess, say = onStderr } = surroundings
  const { endpoints, retries, backoff, breaker, outage } = settings
  const keys = endpoints.map((endpoint) => keyOf(endpoint, env))
  const secrets = [...keys.filter((key) => key !== undefined), ...endpoints.flatMap((one) => urlSecrets(one.base_url))]
  keepSecret(secrets)
  const redactAll = redactor(secrets)
  const redact = (text: string): string => redactAll(text).slice(0, 500)
  // A server may say the key back, in an answer too: it ends here, before anything is made of the reply.
  const clean = withoutKeys(secrets)
  const transports = endpoints.map(({ concurrency }) =>
    createFetch({ maxBytes: MAX_REPLY_BYTES, connections: concurrency, clean }),
  )
  const clients = endpoints.map(
    ({ base_url }, index) =>
      new OpenAI({
        apiKey: keys[index] ?? 'none',
        ...addressOf(base_url),
        organization: null,
        project: null,
        maxRetries: 0,
        timeout: settings.request_timeout * 1000,
        logLevel: 'off',
        fetch: transports[index]?.fetch,
      }),
  )
  let lastFault = ''
  const balancer = createBalancer({
    endpoints: endpoints.map((endpoint) => ({
      name: redact(endpoint.base_url),
      concurrency: endpoint.concurrency,
      ...(endpoint.requests_per_minute === undefined ? {} : { requestsPerMinute: endpoint.requests_per_minute }),
      ...(endpoint.tokens_per_minute === undefined ? {} : { tokensPerMinute: endpoint.tokens_per_minute }),
    })),
    breaker: {
      window: breaker.window,
      share: breaker.share,
      rest: breaker.rest * 1000,
      maxRest: breaker.max_rest * 1000,
    },
    outageMs: outage * 1000,
    maxPauseMs: settings.max_wait * 1000,
    lastFault: () => lastFault,
  })
  const spending = createSpending(settings.price, settings.budget)
  const limitsTokens = endpoints.some((endpoint) => endpoint.tokens_per_minute !== undefined)
  const worked = endpoints.map(() => false)
  const reachable = createReachable({ name: (at) => redact(endpoints[at]?.base_url ?? ''), outage, say })
  let meanCompletion = 500
  let rejectedAtStart = 0

  const pause = (attempt: number): number =>
    Math.min(backoff.max, backoff.first * 2 ** attempt) * 1000 * (0.5 + random())

  /** Ends the call where another attempt makes no sense. */
  const giveUp = (fault: Fault, endpoint: number): void => {
    const { base_url, model = settings.model } = endpoints[endpoint]
    const stop = (expected: string, fix: string): UserError =>
      new UserError({ where: redact(base_url), expected, found: redact(said(fault)), fix })
    if (fault.kind === 'denied')
      throw stop('a request that is let in', 'Check the key in api_key_env and the account; a restart goes on.')
    if (fault.kind === 'missing' && !worked[endpoint])
      throw stop(`the model ${model}`, 'Check base_url (with its /v1) and model; the server lists models at /models.')
    if (fault.kind === 'overflow') throw new LlmError('overflow', redact(fault.message), fault.status)
    if (fault.kind !== 'rejected') return
    if (!worked.includes(true)) rejectedAtStart += 1
    if (rejectedAtStart >= MAX_REJECTED_AT_START)
      throw stop('that some request is accepted', 'Check the settings of the agent against what the server supports.')
    throw new LlmError('rejected', redact(fault.message), fault.status)
  }

  const call = async <T extends { usage?: unknown }>(
    meter: Meter<T>,
    send: (client: OpenAI, model: string, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    let throttled = 0
    for (let attempt = 0; ;) {
      const expected = limitsTokens ? textsOf(meter.prompt).length / CHARACTERS + meanCompletion : 0
      const lease = await balancer.acquire(expected, signal)
      const { endpoint } = lease
      try {
        // Others may have spent the rest while this one stood in line.
        spending.check()
      } catch (error) {
        lease.release('unknown', 0)
        throw error
      }
      // A fresh signal a request: the package never takes its listener off the one it is given.
      const controller = new AbortController()
      const abort = (): void => controller.abort()
      signal.addEventListener('abort', abort, { once: true })
      spending.count('requests')
      let fault: Fault
      try {
        const reply = await send(clients[endpoint], endpoints[endpoint].model ?? settings.model, controller.signal)
        const [prompt, completion] = tokensIn(reply, meter, countTokens)
        spending.count('calls')
        spending.charge(prompt, completion)
        meanCompletion += (completion - meanCompletion) / 20
        worked[endpoint] = true
        reachable.answered(endpoint)
        lease.release('good', prompt + completion)
        // Whoever reads the reply finds its usage, whether the server sent it or not.
        const [promptName, completionName] = meter.names
        return {
          ...reply,
          usage: { ...(isObject(reply.usage) ? reply.usage : {}), [promptName]: prompt, [completionName]: completion },
        }
      } catch (error) {
        if (signal.aborted) {
          lease.release('unknown', 0)
          throw signal.reason
        }
        fault = faultOf(error, Date.now())
        lastFault = redact(fault.message)
        if (isUnreachable(error)) reachable.failed(endpoint, lastFault)
        spending.count('failures')
        if (fault.kind === 'throttled') spending.count('throttled')
        const isBad = fault.kind === 'retry' || fault.kind === 'malformed' || fault.kind === 'missing'
        lease.release(isBad ? 'bad' : 'good', 0, fault.waitMs)
      } finally {
        signal.removeEventListener('abort', abort)
      }
      giveUp(fault, endpoint)
      if (fault.kind === 'throttled') throttled += 1
      else attempt += 1
      if (attempt > retries || throttled > MAX_THROTTLED)
        throw new LlmError(
          fault.kind === 'malformed' ? 'malformed' : 'unavailable',
          `${redact(endpoints[endpoint].base_url)} failed ${attempt + throttled} times, last: ${redact(fault.message)}`,
          fault.status,
        )
      // Where the server said how long to wait, the endpoint rests so long and another may take the call at once.
      if (fault.waitMs === undefined)
        await sleep(pause(attempt + throttled - 1), undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }

  return {
    model: settings.model,
    concurrency: endpoints.reduce((sum, endpoint) => sum + endpoint.concurrency, 0),
    spending,
    chat: (body, signal) =>
      call(
        { prompt: body.messages, completion: (reply) => reply.choices, names: ['prompt_tokens', 'completion_tokens'] },
        async (client, model, inner) =>
          checkChat(await client.chat.completions.create({ ...body, model }, { signal: inner })),
        signal,
      ),
    responses: (body, signal) =>
      call(
        { prompt: body.input ?? '', completion: (reply) => reply.output, names: ['input_tokens', 'output_tokens'] },
        async (client, model, inner) =>
          checkResponse(await client.responses.create({ ...body, model }, { signal: inner })),
        signal,
      ),
    close: () => transports.forEach((transport) => transport.close()),
  }
}
