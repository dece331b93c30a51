// What a configuration says about the models that are called over the OpenAI protocol.
import { z } from 'zod'

const price = z.number().min(0).default(0)

export const endpointSchema = z.strictObject({
  base_url: z
    .url()
    .refine(
      (url) => !URL.canParse(url) || (new URL(url).username === '' && new URL(url).password === ''),
      'an address without user and password: put the key into an environment variable and name it in api_key_env',
    )
    .describe('Address up to and with the version: `http://localhost:8000/v1`.'),
  model: z.string().optional().describe('Name of the model at this endpoint, where it differs from `model`.'),
  api_key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable (never the key itself)')
    .optional()
    .describe('Name of the environment variable that holds the key. Leave it away for servers without keys.'),
  concurrency: z.number().int().min(1).default(64).describe('Most requests in flight at this endpoint.'),
  requests_per_minute: z.number().min(1).optional().describe('Most requests in any 60 seconds.'),
  tokens_per_minute: z.number().min(1).optional().describe('Most tokens (prompt and completion) in 60 seconds.'),
})
export type EndpointSettings = z.output<typeof endpointSchema>

export const llmSchema = z.strictObject({
  model: z.string().min(1).describe('Name of the model, as the endpoints know it.'),
  endpoints: z.array(endpointSchema).min(1).describe('Servers of that model; each request goes to the least busy one.'),
  request_timeout: z.number().positive().default(600).describe('Seconds until a request is given up and repeated.'),
  retries: z
    .number()
    .int()
    .min(0)
    .default(8)
    .describe('Repetitions of a failed request; refusals for load (429) apart.'),
  backoff: z
    .strictObject({
      first: z.number().min(0).default(0.5).describe('Seconds before the first repetition (halved to one and a half).'),
      max: z.number().min(0).default(30).describe('Longest pause between repetitions, in seconds.'),
    })
    .prefault({})
    .describe('Pauses before repetitions double each time, with jitter.'),
  breaker: z
    .strictObject({
      window: z.number().int().min(1).default(20).describe('Latest requests that are looked at.'),
      share: z.number().min(0).max(1).default(0.5).describe('Share of failures among them that rests the endpoint.'),
      rest: z
        .number()
        .positive()
        .default(5)
        .describe('Seconds of the first rest; then one request probes, and rests double.'),
      max_rest: z.number().positive().default(60).describe('Longest rest, in seconds.'),
    })
    .prefault({})
    .describe('An endpoint that keeps failing is left alone for a while.'),
  outage: z
    .number()
    .positive()
    .default(600)
    .describe('Seconds without any working endpoint until the run stops; a restart goes on.'),
  max_wait: z
    .number()
    .positive()
    .default(600)
    .describe('Longest wait that a server may ask for (Retry-After), in seconds; beyond it the run stops.'),
  price: z
    .strictObject({
      prompt: price.describe('Price of a million prompt tokens.'),
      completion: price.describe('Price of a million completion tokens.'),
    })
    .prefault({})
    .describe('Prices, in any one currency.'),
  budget: z
    .strictObject({
      tokens: z.number().positive().optional().describe('Most tokens to spend.'),
      money: z.number().positive().optional().describe('Most money to spend, at `price`.'),
    })
    .prefault({})
    .describe('Where the run stops, keeping what is finished.'),
})
export type LlmSettings = z.output<typeof llmSchema>

/** What of the settings changes a model's answers, and so belongs to a stage's fingerprint. */
export const answerRelevant = ({ model, endpoints }: LlmSettings): unknown => ({
  model,
  models: [...new Set(endpoints.map((endpoint) => endpoint.model ?? model))].sort(),
})
