// The LLM agents by their settings.
import type { Llm } from '../../pipeline/llm/client.ts'
import type { Agent, Policy, Task } from '../agent.ts'
import type { RolloutLimits } from '../rollout.ts'
import { reactPolicy } from './react-policy.ts'
import { recursiveAgent } from './recursive.ts'
import { responsesPolicy } from './responses-policy.ts'
import type { LlmAgentSettings, Protocol } from './settings.ts'
import { toolsPolicy } from './tools-policy.ts'

const policies: Readonly<Record<Protocol, (llm: Llm, settings: LlmAgentSettings, task: Task) => Policy>> = {
  tools: toolsPolicy,
  react: reactPolicy,
  responses: responsesPolicy,
}

/** The agent that the settings describe, named after its model (and what is special about it). */
export const createLlmAgent = (llm: Llm, protocol: Protocol, settings: LlmAgentSettings): Agent => {
  const agent: Agent = {
    name: protocol === 'tools' ? llm.model : `${llm.model} (${protocol})`,
    start: (task) => policies[protocol](llm, settings, task),
  }
  return settings.max_cycles > 1 ? recursiveAgent(agent, llm, settings) : agent
}

/** Limits of an LLM agent's rollouts; `maxSteps` counts tool calls. */
export const llmLimits = (settings: LlmAgentSettings, maxSteps: number): RolloutLimits => ({
  maxSteps,
  contextTokens: settings.context_tokens,
  // Room for a whole turn more and then for the forced answer: servers refuse a prompt that leaves no room for max_tokens.
  reserveTokens: Math.min(2 * settings.sampling.max_tokens, Math.floor(settings.context_tokens / 2)),
  forceAnswer: true,
  maxProblems: settings.max_problems,
  timeoutMs: settings.trajectory_timeout * 1000,
})
