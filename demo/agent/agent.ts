// The offline agent: searches, reads and answers by rules, from the text of search results and pages alone.
import { randomOf } from '../../core/random.ts'
import type { Action, Agent, Message, Policy, Task } from '../../agents/agent.ts'
import { readDocument, readHits, type Seen } from './observation.ts'
import type { Dice } from './queries.ts'
import { createMind, type Decision } from './mind.ts'

export interface OfflineAgentOptions {
  /** Told apart from the task's seed, so that several agents can differ on one run. */
  readonly seed?: number
}

const diceOf = (...key: number[]): Dice => {
  const source = randomOf(...key)
  const unit = (): number => source.bits() / 2 ** 32
  return {
    unit,
    chance: (probability) => unit() < probability,
    pick: (items) => items[Math.floor(unit() * items.length)],
  }
}

const actionOf = (decision: Decision, turn: number): Action => {
  const { reasoning } = decision
  if (decision.kind === 'answer') return { reasoning, content: decision.answer, calls: [] }
  const calls =
    decision.kind === 'search'
      ? [{ name: 'search', arguments: JSON.stringify({ query: decision.queries }) }]
      : decision.docids.map((docid) => ({ name: 'get_document', arguments: JSON.stringify({ docid }) }))
  return { reasoning, content: '', calls: calls.map((call, i) => ({ id: `call-${turn}-${i}`, ...call })) }
}

/** The tool outputs that came after the agent's latest turn, in the order of its calls. */
const outputsSince = (messages: readonly Message[]): string[] => {
  const outputs: string[] = []
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at]
    if (message.role === 'assistant') break
    if (message.role === 'tool') outputs.unshift(message.content)
  }
  return outputs
}

const start = (seed: number, task: Task): Policy => {
  const mind = createMind(task.question, diceOf(seed, task.seed))
  let last: Decision | undefined
  return {
    next: async (messages, _signal, turn) => {
      const outputs = outputsSince(messages)
      if (last?.kind === 'search') mind.sawHits(outputs.flatMap((output): Seen[] => readHits(output)))
      if (last?.kind === 'open')
        for (const [i, docid] of last.docids.entries()) mind.sawPage(docid, readDocument(outputs[i] ?? ''))
      last = turn.final ? mind.concede() : mind.decide()
      return actionOf(last, messages.length)
    },
  }
}

/**
 * A seeded rule-based searcher that needs no model. It sees what a language model would see: the question, hits with
 * snippets, and pages. It is sometimes fooled by shared words, opens useless pages, and gives up at the step limit.
 */
export const createOfflineAgent = ({ seed = 0 }: OfflineAgentOptions = {}): Agent => ({
  name: 'offline',
  start: (task) => start(seed, task),
})
