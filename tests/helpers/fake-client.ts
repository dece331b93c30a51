// A client of the fake server with short pauses, for tests.
import { createLlm, type Llm } from '../../pipeline/llm/client.ts'
import { llmSchema } from '../../pipeline/llm/settings.ts'
import type { z } from 'zod'

type Settings = Partial<z.input<typeof llmSchema>>

export const testLlm = (
  urls: readonly string[],
  settings: Settings = {},
  endpoint: object = {},
  env: Record<string, string> = {},
): Llm =>
  createLlm(
    llmSchema.parse({
      model: 'fake',
      endpoints: urls.map((base_url) => ({ base_url, ...endpoint })),
      backoff: { first: 0.005, max: 0.05 },
      request_timeout: 5,
      ...settings,
    }),
    { env },
  )
