// Stage generate's sections of the configuration.
import { z } from 'zod'
import { policySchema } from '../../agents/policy-settings.ts'
import { trajectories } from '../logs.ts'
import { questions } from '../questions.ts'
import type { ConfigOf } from '../settings.ts'

const int = (low: number): z.ZodNumber => z.number().int().min(low)

const generate = z.strictObject({
  agent: z
    .string()
    .default('offline')
    .describe(
      'The agent: a preset, or the path of a YAML file that describes one (.yaml). `offline` is the built-in rule-based searcher; the others let the model under `llm.agent` search: `tools` by native function calls, `react` by tags in its text, `responses` over the Responses API.',
    ),
  policy: policySchema.prefault({}).describe('Single values of an LLM agent, over those of its preset or file.'),
  k: int(1).optional().describe('Hits a search returns. Default: 10, or what the agent says.'),
  snippet_tokens: int(1)
    .optional()
    .describe('Tokens of a hit that the agent sees. Default: 64, or what the agent says.'),
  document_tokens: int(1)
    .optional()
    .describe('Tokens of an opened document that the agent sees. Default: 512, or what the agent says.'),
  max_steps: int(1)
    .optional()
    .describe(
      'Tool calls before a trajectory ends with status step-limit. Default: 16 for `offline`, else 100, or what the agent says.',
    ),
  concurrency: int(1)
    .optional()
    .describe(
      'Questions worked on at once. Changes no result. Default: 16 for `offline`, else as many as the endpoints take.',
    ),
})

export const sections = {
  trajectories,
  generate: generate.prefault({}).describe('Stage generate: the agent and its tools.'),
  queries: questions,
}
export type Config = ConfigOf<typeof sections>
