// The LLM agents by their description.
import type { Llm } from '../../pipeline/llm/client.ts'
import type { Agent } from '../agent.ts'
import type { RolloutLimits } from '../rollout.ts'
import type { AgentSpec } from '../spec.ts'
import { chatPolicy } from './chat.ts'
import type { Quirks, StartPolicy } from './common.ts'
import { recursiveAgent } from './recursive.ts'
import { responsesPolicy } from './responses.ts'
import { textPolicy } from './text.ts'

const policies: Readonly<Record<AgentSpec['protocol'], StartPolicy>> = {
  chat: chatPolicy,
  text: textPolicy,
  responses: responsesPolicy,
}

/** The agent that the description makes of a model. `name` is the description's, left out of the agent's name for `tools`. */
export const createLlmAgent = (llm: Llm, name: string, spec: AgentSpec): Agent => {
  const quirks: Quirks = { refusesNone: false }
  const agent: Agent = {
    name: name === 'tools' ? llm.model : `${llm.model} (${name})`,
    toolset: spec.toolset,
    start: (task) => policies[spec.protocol]({ llm, spec, task, quirks }),
  }
  return spec.cycles.max_cycles > 1 ? recursiveAgent(agent, llm, spec) : agent
}

/** Limits of an LLM agent's rollouts. */
export const llmLimits = ({ limits, sampling, forced, nudges }: AgentSpec): RolloutLimits => {
  const { max_tokens } = sampling
  const longest = typeof max_tokens === 'number' ? max_tokens : Math.max(...max_tokens)
  return {
    maxSteps: limits.max_steps,
    ...(limits.max_turns === null ? {} : { maxTurns: limits.max_turns }),
    ...(limits.conversation_tokens === null ? {} : { conversationTokens: limits.conversation_tokens }),
    contextTokens: limits.context_tokens,
    // Room for a whole turn more and then for the forced answer: servers refuse a prompt that leaves no room for max_tokens.
    reserveTokens: Math.min(2 * longest, Math.floor(limits.context_tokens / 2)),
    ...(forced ? { forced: { ...forced, again: nudges.final } } : {}),
    maxProblems: limits.max_problems,
    timeoutMs: limits.trajectory_timeout * 1000,
  }
}
