// Our own agents, one a protocol: `tools`, `react` and `responses`.
import {
  CALL_FORM,
  COMPRESS,
  COMPRESS_AGAIN,
  CUT_REPLY,
  EMPTY_REPLY,
  FORCED_ANSWER,
  NO_MORE_CALLS,
  REACT_CALL,
  REACT_FORM,
  REACT_SYSTEM,
  STATE_INTRODUCTION,
  TOOLS_SYSTEM,
} from '../prompts.ts'
import { agentSpecSchema, type AgentSpec } from '../spec.ts'
import { STANDARD_TOOLS } from '../tools.ts'

export const tools: AgentSpec = agentSpecSchema.parse({
  protocol: 'chat',
  system: TOOLS_SYSTEM,
  user: 'Question: {question}',
  notes: `\n\n${STATE_INTRODUCTION}\n<notes>\n{notes}\n</notes>`,
  toolset: STANDARD_TOOLS,
  sampling: { temperature: 0.85, top_p: 0.95, max_tokens: 8192 },
  nudges: { empty: EMPTY_REPLY, cut: CUT_REPLY, form: EMPTY_REPLY, call: CALL_FORM, final: NO_MORE_CALLS },
  forced: { text: FORCED_ANSWER, place: 'append' },
  results: { k: 10, snippet_tokens: 64, document_tokens: 512 },
  limits: { max_steps: 100, context_tokens: 131_072, max_problems: 3, trajectory_timeout: 7200 },
  cycles: { max_cycles: 1, stop_when_settled: true, compress: COMPRESS, compress_again: COMPRESS_AGAIN },
})

export const react: AgentSpec = {
  ...tools,
  protocol: 'text',
  system: REACT_SYSTEM,
  plain_answers: 'ask again',
  calls_per_turn: 'first',
  // The model must not make up the tool's reply.
  stop: ['<tool_response>'],
  nudges: { empty: REACT_FORM, cut: CUT_REPLY, form: REACT_FORM, call: REACT_CALL, final: NO_MORE_CALLS },
}

export const responses: AgentSpec = { ...tools, protocol: 'responses' }
