// What a configuration says about an LLM agent beyond its name: single values over those of its description.
import { z } from 'zod'
import { agentSpecSchema, type AgentSpec } from './spec.ts'

const count = z.number().int().min(1)
const fields = z.record(z.string(), z.unknown())

const sampling = z.strictObject({
  temperature: z
    .number()
    .min(0)
    .max(2)
    .nullable()
    .optional()
    .describe('Sampling temperature; null leaves it to the server.'),
  top_p: z.number().gt(0).max(1).nullable().optional().describe('Nucleus sampling; null leaves it to the server.'),
  presence_penalty: z
    .number()
    .min(-2)
    .max(2)
    .nullable()
    .optional()
    .describe('Penalty on tokens that occurred already (not in the Responses API).'),
  send_seed: z
    .boolean()
    .optional()
    .describe('Send a seed made of run seed, question and turn; off for servers that refuse it.'),
  max_tokens: z
    .union([count, z.array(count).min(1)])
    .optional()
    .describe('Most tokens a turn, reasoning included; a list goes by turn, its last number for all later ones.'),
  extra: fields
    .optional()
    .describe(
      'Further fields of every request, as they are: `top_k`, `chat_template_kwargs`, `reasoning_effort` …; null leaves a field of ours out.',
    ),
  after_cut: fields.optional().describe('Laid over `extra` in the turn after a reply that was cut.'),
})

export const policySchema = z.strictObject({
  sampling: sampling.prefault({}).describe('How replies are sampled.'),
  echo_reasoning: z
    .boolean()
    .optional()
    .describe('Give the model its earlier reasoning back, in the field it came in.'),
  queries_per_call: z
    .enum(['first', 'all'])
    .optional()
    .describe('Of a search with several queries: run the first, or each of them as a search of its own.'),
  max_cycles: count
    .optional()
    .describe(
      'More than 1 makes the agent recursive: so many attempts a question, each starting from notes on the last.',
    ),
  stop_when_settled: z
    .boolean()
    .optional()
    .describe(
      'Recursive: stop when two attempts in a row agree on the answer and the notes have no uncertainties left.',
    ),
  context_tokens: z.number().int().min(1024).optional().describe("Length of the model's context, in its tokens."),
  conversation_tokens: count
    .nullable()
    .optional()
    .describe('Tokens of a conversation from which on the answer is asked for.'),
  max_turns: count.nullable().optional().describe('Model calls before a trajectory ends with status step-limit.'),
  max_problems: count.optional().describe('Malformed turns in a row that end a trajectory.'),
  trajectory_timeout: z.number().positive().optional().describe('Seconds a trajectory may take.'),
})
export type PolicySettings = z.output<typeof policySchema>

export interface Overrides {
  readonly policy: PolicySettings
  readonly k?: number | undefined
  readonly snippet_tokens?: number | undefined
  readonly document_tokens?: number | undefined
  readonly max_steps?: number | undefined
}

const given = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

/** The description with the configuration's values over it. */
export const withOverrides = (
  spec: AgentSpec,
  { policy, k, snippet_tokens, document_tokens, max_steps }: Overrides,
): AgentSpec => {
  const { sampling: sampled, echo_reasoning, queries_per_call, max_cycles, stop_when_settled, ...limits } = policy
  return agentSpecSchema.parse({
    ...spec,
    ...given({ echo_reasoning }),
    toolset: { ...spec.toolset, ...given({ queries_per_call }) },
    sampling: { ...spec.sampling, ...given(sampled) },
    results: { ...spec.results, ...given({ k, snippet_tokens, document_tokens }) },
    limits: { ...spec.limits, ...given({ max_steps, ...limits }) },
    cycles: { ...spec.cycles, ...given({ max_cycles, stop_when_settled }) },
  })
}
