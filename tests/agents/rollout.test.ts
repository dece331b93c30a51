import { describe, expect, it } from 'vitest'
import { PolicyStop, type Action, type Agent, type Message, type Turn } from '../../agents/agent.ts'
import { rollout, type ForcedAnswer, type RolloutLimits } from '../../agents/rollout.ts'
import { fakeTools } from '../../scripts/fake-openai/scripts.ts'

const forced: ForcedAnswer = { text: 'Answer now.', place: 'append', again: 'No more calls.' }

const call = (name: string, args: string): Action => ({
  reasoning: '',
  content: '',
  calls: [{ id: 'c', name, arguments: args }],
  usage: { promptTokens: 100, completionTokens: 10 },
})
const answer = (content: string): Action => ({ reasoning: 'so', content, calls: [] })

const play = async (
  next: (turn: Turn, messages: readonly Message[]) => Action | Promise<Action>,
  limits: Partial<RolloutLimits> = {},
) => {
  const agent: Agent = { name: 'test', start: () => ({ next: async (messages, _, turn) => next(turn, messages) }) }
  const task = { query_id: 'q', question: 'Where?', seed: 1 }
  return rollout(agent, task, fakeTools, { maxSteps: 5, ...limits }, new AbortController().signal)
}

describe('rollout', () => {
  it('repairs arguments and answers calls that cannot be executed', async () => {
    const turns = [
      call('search', "{'query': ['amber fjord',]}"),
      call('search', 'amber fjord'),
      call('browse', '{}'),
      call('get_document', '{"docid": 17}'),
      call('get_document', '{"docid": "nowhere"}'),
      answer('there'),
    ]
    const { status, steps, promptTokens } = await play(({ index }) => turns[index])
    expect(status).toBe('completed')
    expect(promptTokens).toBe(500)
    expect(steps.map((step) => step.arguments)).toEqual([
      '{"query":["amber fjord"]}',
      'amber fjord',
      '{}',
      '{"docid":17}',
      '{"docid":"nowhere"}',
      '',
      '',
    ])
    expect(steps[0].docids).toHaveLength(10)
    expect(steps[3].docids).toEqual(['17'])
    expect(steps[1].output).toMatch(/not a JSON object/)
    expect(steps[2].output).toMatch(/no tool named browse/)
    expect(steps[4].output).toMatch(/no document nowhere/)
  })

  it('stops at the step limit, with or without a forced answer', async () => {
    const search = call('search', '{"query": ["x"]}')
    const silent = await play(() => search)
    expect([silent.status, silent.answer, silent.steps.length]).toEqual(['step-limit', '', 5])
    const asked = await play(
      ({ final }, messages) => {
        expect(final).toBe(messages.at(-1)?.role === 'user' && messages.length > 1)
        return final ? answer('guess') : search
      },
      { forced },
    )
    expect([asked.status, asked.answer]).toEqual(['step-limit', 'guess'])
    const stubborn = await play(() => search, { forced })
    expect([stubborn.status, stubborn.answer]).toEqual(['step-limit', ''])
    expect(stubborn.reason).toBe('5 tool calls without an answer; no answer when asked for one: a tool call')
    const late = await play(({ index }) => (index === 8 ? answer('at last') : search), { forced })
    expect([late.status, late.answer]).toEqual(['step-limit', 'at last'])
  })

  it('asks for the answer before the context is full', async () => {
    const { status, answer: given } = await play(
      ({ index, final }, messages) => {
        if (!final)
          return { ...call('search', '{"query": ["x"]}'), usage: { promptTokens: 500 * index, completionTokens: 1 } }
        expect(messages.at(-1)).toEqual({ role: 'user', kind: 'forced', content: forced.text })
        expect(messages.at(-2)?.content).toMatch(/left out/)
        return answer('in time')
      },
      { forced, contextTokens: 2000, reserveTokens: 400 },
    )
    expect([status, given]).toEqual(['context-limit', 'in time'])
  })

  it('forces an answer when the server says that the context is full', async () => {
    const { status, answer: given } = await play(
      ({ index, final }) => {
        if (index === 2) throw new PolicyStop('context-limit', 'too long')
        return final ? answer('after all') : call('search', '{"query": ["x"]}')
      },
      { forced },
    )
    expect([status, given]).toEqual(['context-limit', 'after all'])
  })

  it('tells the agent about malformed turns, and ends after three in a row', async () => {
    const bad: Action = { reasoning: '', content: '', calls: [], problem: 'write it properly' }
    const turns = [bad, bad, call('search', '{"query": ["x"]}'), bad, bad, answer('done')]
    const good = await play(({ index }, messages) => {
      if (index > 0 && turns[index - 1] === bad) expect(messages.at(-1)?.content).toBe('write it properly')
      return turns[index]
    })
    expect(good.status).toBe('completed')
    expect(await play(() => bad)).toMatchObject({
      status: 'format-error',
      reason: 'write it properly, 3 turns in a row',
      malformedTurns: 3,
    })
  })

  it('ends with api-error when time is up, keeping its steps', async () => {
    const { status, steps, reason } = await play(
      ({ index }) => {
        if (index === 0) return call('search', '{"query": ["x"]}')
        return new Promise((_, reject) => setTimeout(() => reject(new PolicyStop('api-error', 'late')), 60))
      },
      { timeoutMs: 30 },
    )
    expect([status, steps.length]).toEqual(['api-error', 1])
    expect(reason).toBe('late')
  })
})
