// Replies as models and servers really send them: nothing is lost to a format, no history that a server may refuse.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLlmAgent, llmLimits } from '../../agents/llm/agent.ts'
import { readText } from '../../agents/llm/text.ts'
import { policySchema, withOverrides } from '../../agents/policy-settings.ts'
import { react } from '../../agents/presets/own.ts'
import type { AgentSpec } from '../../agents/spec.ts'
import { PRESETS } from '../../stages/generate/agents.ts'
import { attempts } from '../../stages/generate/trajectories.ts'
import { startFake, type FakeServer } from '../../scripts/fake-openai/server.ts'
import type { FakeReply, FakeRequest } from '../../scripts/fake-openai/protocol.ts'
import { fakeTools } from '../../scripts/fake-openai/scripts.ts'
import { testLlm } from '../helpers/fake-client.ts'
import { strict } from '../helpers/strict-history.ts'

let server: FakeServer
beforeAll(async () => {
  server = await startFake({ script: () => ({}) })
})
afterAll(() => server.close())

const play = async (
  preset: keyof typeof PRESETS,
  script: (request: FakeRequest) => FakeReply,
  change: (spec: AgentSpec) => AgentSpec = (spec) => spec,
) => {
  const asked: FakeRequest[] = []
  server.set({
    script: strict((request) => {
      asked.push(request)
      return script(request)
    }),
  })
  const spec = change(withOverrides(PRESETS[preset], { policy: policySchema.parse({}), max_steps: 3 }))
  const llm = testLlm([server.url], { retries: 0 })
  try {
    const [row] = await attempts(
      { query_id: 'q1', question: 'Where?' },
      {
        agent: createLlmAgent(llm, preset, spec),
        tools: fakeTools,
        retriever: 'fake',
        limits: llmLimits(spec),
        seed: 1,
      },
      new AbortController().signal,
    )
    if (!row) throw new Error('no attempt')
    return { row, asked }
  } finally {
    llm.close()
  }
}

const CALL = '<tool_call>\n{"name": "search", "arguments": {"query": ["amber"]}}\n</tool_call>'
const BROKEN = '<tool_call>\nsearch for amber\n</tool_call>'
const answer: FakeReply = { reasoning: 'so', content: 'Exact answer: here' }
const search: FakeReply = { reasoning: 'hm', calls: [{ name: 'search', arguments: { query: ['amber'] } }] }

describe.each(['tools', 'responses'] as const)('%s', (preset) => {
  test('a call that the server left in the text is a call, and counted', async () => {
    const { row } = await play(preset, ({ turns }) => (turns === 0 ? { content: `Let me look.\n${CALL}` } : answer))
    expect(row).toMatchObject({ status: 'completed', answer: 'Exact answer: here', text_calls: 1, malformed_turns: 0 })
    expect(row.steps.map(({ type, tool, output }) => tool ?? [type, output])).toEqual([
      ['reasoning', 'Let me look.'],
      'search',
      ['reasoning', 'so'],
      ['answer', 'Exact answer: here'],
    ])
  })

  test('what looks like a call is asked for again, never taken as an answer', async () => {
    let said = 0
    const { row, asked } = await play(preset, () => (said++ < 2 ? { content: BROKEN } : answer))
    expect(row).toMatchObject({ status: 'completed', answer: 'Exact answer: here', malformed_turns: 2 })
    expect(asked[1]?.last).toBe(PRESETS[preset].nudges.call)
    const stubborn = await play(preset, () => ({ content: BROKEN }))
    expect(stubborn.row).toMatchObject({
      status: 'format-error',
      answer: '',
      reason: 'a tool call that cannot be read, 3 turns in a row',
    })
  })

  test('nor under a forced answer', async () => {
    let forced = 0
    const { row } = await play(preset, ({ last }) => {
      if (last === PRESETS[preset].forced?.text || last === PRESETS[preset].nudges.final)
        return [{ content: BROKEN }, { content: CALL }, answer][forced++] ?? answer
      return search
    })
    expect(row).toMatchObject({ status: 'step-limit', answer: 'Exact answer: here', malformed_turns: 2 })
    const never = await play(preset, ({ last }) => (last === PRESETS[preset].forced?.text ? { content: CALL } : search))
    expect([never.row.status, never.row.answer]).toEqual(['step-limit', ''])
  })

  test('a server that refuses to forbid tools is asked without that, from then on', async () => {
    const { row, asked } = await play(preset, ({ body, last }) => {
      if (body['tool_choice'] === 'none') throw new Error('tool_choice none is not supported')
      return last === PRESETS[preset].forced?.text ? answer : search
    })
    expect(row).toMatchObject({ status: 'step-limit', answer: 'Exact answer: here' })
    expect(asked.filter(({ body }) => body['tool_choice'] === 'none')).toHaveLength(1)
  })

  test('empty replies, ids that repeat and lone surrogates make no history that a server refuses', async () => {
    const replies: FakeReply[] = [
      { content: '' },
      { reasoning: 'only a thought \ud83d', content: '' },
      { ...search, calls: [...(search.calls ?? []), ...(search.calls ?? [])] },
      { content: 'Exact answer: \udc00here' },
    ]
    let at = 0
    const { row } = await play(preset, () => replies[at++] ?? answer)
    expect(row).toMatchObject({ status: 'completed', answer: 'Exact answer: \ufffdhere', replaced_characters: 2 })
  })
})

describe('react', () => {
  test('nudges come as the response of a tool, so that templates keep the thoughts', async () => {
    let said = 0
    const { asked } = await play('react', () => (said++ === 0 ? { content: '' } : answer))
    expect(asked[1]?.last).toMatch(/<tool_response>\n.*\n<\/tool_response>$/s)
  })

  test('tags inside a thought are only mentioned there', () => {
    const read = readText(
      '<think>I may write <tool_call> or <tool_response> or </tool_call>.</think><answer>here</answer>',
      {
        spec: react,
      },
    )
    expect([read.content, read.calls, read.problem]).toEqual(['here', [], undefined])
    expect(read.reasoning).toBe('I may write <tool_call> or <tool_response> or </tool_call>.')
  })

  test('a thought that is never closed ends at a call or an answer', () => {
    expect(readText(`<think>I look. ${CALL}`, { spec: react })).toMatchObject({
      reasoning: 'I look.',
      calls: [{ name: 'search', arguments: '{"query":["amber"]}' }],
    })
    expect(readText('<think>I know. <answer>here</answer>', { spec: react }).content).toBe('here')
  })

  test('plain answers count where the description says so', () => {
    expect(readText('<think>a</think>It is here.', { spec: react }).problem).toBe(react.nudges.form)
    const plain = readText('<think>a</think>It is here.', { spec: { ...react, plain_answers: 'accept' } })
    expect([plain.content, plain.reasoning, plain.problem]).toEqual(['It is here.', 'a', undefined])
  })
})

test('each query of a call is a search of its own where the description says so', async () => {
  const script = ({ turns }: FakeRequest): FakeReply =>
    turns === 0 ? { calls: [{ name: 'search', arguments: { query: ['amber', 'copper'] } }] } : answer
  const queries = (steps: readonly { tool: string | null; arguments: string }[]) =>
    steps.filter(({ tool }) => tool === 'search').map((step) => JSON.parse(step.arguments) as unknown)
  const first = await play('tools', script)
  expect(queries(first.row.steps)).toEqual([{ query: ['amber', 'copper'] }])
  const all = await play('tools', script, (spec) => ({
    ...spec,
    toolset: { ...spec.toolset, queries_per_call: 'all' },
  }))
  expect(queries(all.row.steps)).toEqual([{ query: ['amber'] }, { query: ['copper'] }])
  expect(all.asked[1]?.last).toContain("A search for 'copper' found")
})
