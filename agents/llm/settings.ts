// What a configuration says about an LLM agent, beyond where its model is served.
import { z } from 'zod'

export const samplingSchema = z.strictObject({
  temperature: z.number().min(0).max(2).default(0.85).describe('Sampling temperature.'),
  top_p: z.number().gt(0).max(1).default(0.95).describe('Nucleus sampling.'),
  presence_penalty: z
    .number()
    .min(-2)
    .max(2)
    .optional()
    .describe('Penalty on tokens that occurred already (not in the Responses API).'),
  send_seed: z
    .boolean()
    .default(true)
    .describe('Send a seed made of run seed, question and turn; off for servers that refuse it.'),
  max_tokens: z.number().int().min(1).default(8192).describe('Most tokens a turn, reasoning included.'),
  extra: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'Further fields of every request, as they are: `top_k`, `chat_template_kwargs`, `reasoning_effort` …; null leaves a field of ours out.',
    ),
})
export type Sampling = z.output<typeof samplingSchema>

export const llmAgentSchema = z.strictObject({
  sampling: samplingSchema.prefault({}).describe('How replies are sampled.'),
  echo_reasoning: z
    .boolean()
    .default(true)
    .describe('Give the model its earlier reasoning back, in the field it came in (protocols tools and responses).'),
  max_cycles: z
    .number()
    .int()
    .min(1)
    .default(1)
    .describe(
      'More than 1 makes the agent recursive: so many attempts a question, each starting from notes on the last.',
    ),
  stop_when_settled: z
    .boolean()
    .default(true)
    .describe(
      'Recursive: stop when two attempts in a row agree on the answer and the notes have no uncertainties left.',
    ),
  context_tokens: z.number().int().min(1024).default(131_072).describe("Length of the model's context, in its tokens."),
  max_problems: z.number().int().min(1).default(3).describe('Malformed turns in a row that end a trajectory.'),
  trajectory_timeout: z.number().positive().default(7200).describe('Seconds a trajectory may take.'),
})
export type LlmAgentSettings = z.output<typeof llmAgentSchema>

/** `tools`: chat completions with native function calls. `react`: tags in text, any model. `responses`: the Responses API. */
export type Protocol = 'tools' | 'react' | 'responses'
