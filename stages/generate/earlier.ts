// How version 0.1 told what changes the trajectories, so that those that it made still count.
import { answerRelevant } from '../../pipeline/llm/settings.ts'
import { OFFLINE } from './agents.ts'
import type { Config } from './config.ts'

/** SHA-256 of its prompts and tool declarations. */
const PROMPTS = 'b93865ad747f2c86ad29b7dcc7c5cf4451f928e99de1576f2d852e5a3afd67f1'

/** Its agents, whose prompts and tools are the same now. */
const AGENTS: readonly string[] = [OFFLINE, 'tools', 'react', 'responses']

/** The parameters as it had them, with its defaults; undefined for an agent that it did not have. */
export const firstParameters = ({ generate, trajectories, seed, tokenizer, llm }: Config): unknown => {
  const { agent, k = 10, snippet_tokens = 64, document_tokens = 512, max_steps, policy } = generate
  if (trajectories.import !== undefined || !AGENTS.includes(agent)) return undefined
  const common = { agent, k, snippet_tokens, document_tokens, max_steps, seed, tokenizer }
  if (agent === OFFLINE) return common
  const { sampling, echo_reasoning = true, max_cycles = 1, stop_when_settled = true } = policy
  const { context_tokens = 131_072, max_problems = 3 } = policy
  const {
    temperature = 0.85,
    top_p = 0.95,
    presence_penalty,
    send_seed = true,
    max_tokens = 8192,
    extra = {},
  } = sampling
  return {
    ...common,
    policy: {
      sampling: { temperature, top_p, presence_penalty, send_seed, max_tokens, extra },
      echo_reasoning,
      max_cycles,
      stop_when_settled,
      context_tokens,
      max_problems,
    },
    model: llm.agent && answerRelevant(llm.agent),
    prompts: PROMPTS,
  }
}
