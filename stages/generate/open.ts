// Opens what generation works with: the agent that the configuration names, and its tools over the run's index.
import { loadTokenizer } from '../../model/tokenize/tokenizer.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import type { Config } from './config.ts'
import { openBm25 } from '../../search/bm25.ts'
import { openDocuments } from '../../search/documents.ts'
import { openLlm } from '../../pipeline/llm/open.ts'
import type { Agent } from '../../agents/agent.ts'
import { createCorpusTools } from '../../agents/corpus-tools.ts'
import { createLlmAgent, llmLimits } from '../../agents/llm/agent.ts'
import { createOfflineAgent } from '../../demo/agent/agent.ts'
import { agentName, agentSpec } from './agents.ts'
import type { RolloutLimits } from '../../agents/rollout.ts'
import type { Tools } from '../../agents/tools.ts'

export interface OpenTools {
  readonly tools: Tools
  /** Name of the search engine. */
  readonly retriever: string
  close(): Promise<void>
}

/** What the built-in agent sees of hits and documents; an LLM agent's description says it itself. */
const OFFLINE_RESULTS = { k: 10, snippet_tokens: 64, document_tokens: 512 }

/** Hits a search, and the tokens that the agent sees of hits and documents. */
export const resultsOf = ({ generate }: Config): typeof OFFLINE_RESULTS => {
  const { k, snippet_tokens, document_tokens } = generate
  const of = agentSpec(generate)?.results ?? OFFLINE_RESULTS
  return {
    k: k ?? of.k,
    snippet_tokens: snippet_tokens ?? of.snippet_tokens,
    document_tokens: document_tokens ?? of.document_tokens,
  }
}

/** Tools over the index in `folder` (of stage index). */
export const openTools = async (config: Config, folder: string): Promise<OpenTools> => {
  const { k, snippet_tokens, document_tokens } = resultsOf(config)
  const tokenizer = await loadTokenizer(config.tokenizer)
  const [searcher, documents] = [await openBm25(folder), await openDocuments(folder)]
  const limits = { k, snippetTokens: snippet_tokens, documentTokens: document_tokens }
  return {
    tools: createCorpusTools({ searcher, documents, tokenizer, ...limits }),
    retriever: searcher.name,
    close: async () => {
      await documents.close()
      await searcher.close()
    },
  }
}

export interface OpenAgent {
  readonly agent: Agent
  readonly limits: RolloutLimits
  /** Questions worked on at once. */
  readonly concurrency: number
  /** The agent's model, to be closed, if it has one. */
  readonly llm?: Llm
}

/** The agent that the configuration names. Errors: UserError when its model or key is not configured. */
export const openAgent = async (config: Config): Promise<OpenAgent> => {
  const { agent: name, max_steps, concurrency } = config.generate
  const spec = agentSpec(config.generate)
  if (!spec)
    return { agent: createOfflineAgent(), limits: { maxSteps: max_steps ?? 16 }, concurrency: concurrency ?? 16 }
  const llm = await openLlm(config, 'agent')
  return {
    agent: createLlmAgent(llm, agentName(name), spec),
    limits: llmLimits(spec),
    concurrency: concurrency ?? llm.concurrency,
    llm,
  }
}
