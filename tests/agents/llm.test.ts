import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLlmAgent, llmLimits } from '../../agents/llm/agent.ts'
import { readText } from '../../agents/llm/text.ts'
import { policySchema, withOverrides } from '../../agents/policy-settings.ts'
import { react } from '../../agents/presets/own.ts'
import { PRESETS } from '../../stages/generate/agents.ts'
import { parseState } from '../../agents/llm/state.ts'
import { attempts } from '../../stages/generate/trajectories.ts'
import { CUT_REPLY, REACT_CALL, REACT_FORM, STATE_INTRODUCTION } from '../../agents/prompts.ts'
import { strict } from '../helpers/strict-history.ts'
import { testLlm } from '../helpers/fake-client.ts'
import type { FakeReply, FakeRequest } from '../../scripts/fake-openai/protocol.ts'
import { answerTo, endless, fakeTools, searcher } from '../../scripts/fake-openai/scripts.ts'
import { startFake, type FakeServer } from '../../scripts/fake-openai/server.ts'

let server: FakeServer
beforeAll(async () => {
  server = await startFake({ script: searcher() })
})
afterAll(() => server.close())

const QUESTION = 'Which city has the oldest lighthouse?'

const ask = async (
  { protocol = 'tools', ...settings }: { protocol?: keyof typeof PRESETS } & Record<string, unknown>,
  script: (request: FakeRequest) => FakeReply,
  question = QUESTION,
) => {
  server.set({ script: strict(script) })
  const spec = withOverrides(PRESETS[protocol], { policy: policySchema.parse(settings), max_steps: 12 })
  const llm = testLlm([server.url])
  const options = {
    agent: createLlmAgent(llm, protocol, spec),
    tools: fakeTools,
    retriever: 'fake',
    limits: llmLimits(spec),
    seed: 1,
  }
  try {
    return await attempts({ query_id: 'q1', question }, options, new AbortController().signal)
  } finally {
    llm.close()
  }
}

describe.each(['tools', 'react', 'responses'] as const)('%s', (protocol) => {
  it('searches, reads, answers; reasoning and usage are recorded', async () => {
    const bodies: FakeRequest[] = []
    const [row] = await ask({ protocol }, (request) => {
      bodies.push(request)
      return searcher()(request)
    })
    expect(row.status).toBe('completed')
    expect(row.answer).toBe(`It follows.\nExact answer: ${answerTo(QUESTION)}`)
    expect(row.agent).toBe(protocol === 'tools' ? 'fake' : `fake (${protocol})`)
    expect(row.prompt_tokens).toBeGreaterThan(100)
    const types = row.steps.map((step) => step.type)
    expect(types.slice(0, 4)).toEqual(['reasoning', 'tool_call', 'reasoning', 'tool_call'])
    expect(types.slice(-2)).toEqual(['reasoning', 'answer'])
    expect(row.steps.every((step) => step.output !== '')).toBe(true)
    expect(bodies[0].protocol).toBe(protocol)
    expect(bodies.every((request) => request.body['temperature'] === 0.85)).toBe(true)
    if (protocol !== 'responses') {
      const seeds = bodies.map((request) => request.body['seed'])
      expect(new Set(seeds).size).toBe(seeds.length)
    }
  })

  it('is the same trajectory again with the same seed', async () => {
    expect(await ask({ protocol }, searcher())).toEqual(await ask({ protocol }, searcher()))
  })

  it('ends an endless search at the step limit', async () => {
    const [row] = await ask({ protocol }, endless)
    expect(row.status).toBe('step-limit')
    expect(row.steps.filter((step) => step.type === 'tool_call')).toHaveLength(12)
  })

  it('reacts to wrong tool names and broken arguments', async () => {
    const [row] = await ask({ protocol }, (request) =>
      request.turns === 0
        ? { reasoning: 'hm', calls: [{ name: 'google', arguments: { q: 'x' } }] }
        : request.turns === 1
          ? { reasoning: 'hm', calls: [{ name: 'search', arguments: '{"query": ["amber' }] }
          : searcher()(request),
    )
    expect(row.status).toBe('completed')
    expect(row.steps[1].output).toMatch(/no tool named google/)
    expect(row.steps[3].docids).toHaveLength(10)
  })

  it('ends with format-error when replies stay empty or cut', async () => {
    const [row] = await ask({ protocol }, () => ({ content: '', finish: 'length' }))
    expect(row.status).toBe('format-error')
  })

  it('survives a huge output', async () => {
    const huge = 'all work and no play '.repeat(200_000)
    const [row] = await ask({ protocol, context_tokens: 20_000 }, (request) =>
      request.turns === 0 ? { reasoning: huge, calls: [{ name: huge, arguments: {} }] } : searcher()(request),
    )
    expect(row.status).toBe('context-limit')
  })
})

describe('react protocol', () => {
  const call = (text: string) => readText(text, { spec: react })
  it('takes the first call only, and nothing that the model makes up after it', () => {
    const parsed = call(
      '<think>a</think><tool_call>{"name":"search","arguments":{"query":["b"]}}</tool_call><tool_response>made up</tool_response><answer>c</answer>',
    )
    expect([parsed.reasoning, parsed.calls[0]?.arguments]).toEqual(['a', '{"query":["b"]}'])
  })
  it('reads calls with small mistakes, and arguments in a string', () => {
    expect(call("<tool_call>{'name': 'search', 'arguments': {'query': ['b',]}}").calls[0]?.name).toBe('search')
    expect(
      call('<tool_call>\n```json\n{"name":"search","arguments":"{\\"query\\":[\\"b\\"]}"}\n```</tool_call>').calls[0]
        ?.arguments,
    ).toBe('{"query":["b"]}')
  })
  it('says what is wrong', () => {
    expect(call('<tool_call>search b</tool_call>').problem).toBe(REACT_CALL)
    expect(call('Just thinking.').problem).toBe(REACT_FORM)
    expect(call('Just thinking.').reasoning).toBe('Just thinking.')
    expect(readText('<think>on and on', { spec: react, cut: true }).problem).toBe(CUT_REPLY)
  })
  it('finds thoughts without an opening tag, and text before the tag', () => {
    const parsed = call('first</think> then <answer>here</answer>')
    expect([parsed.reasoning, parsed.content]).toEqual(['first\n\nthen', 'here'])
  })
})

describe('recursive', () => {
  const state = (uncertainties: string[]) => ({
    answer: 'City 7',
    evidence: [{ claim: 'old', source: 12, verified: true }, 'no object'],
    conclusions: [],
    uncertainties,
    failures: ['harbor'],
    plans: ['lagoon'],
  })
  const script =
    (uncertain: number) =>
    (request: FakeRequest): FakeReply => {
      if (request.protocol !== 'plain') return searcher()(request)
      return { content: `<think>hm</think>${JSON.stringify(state(uncertain-- > 0 ? ['age'] : []))}` }
    }

  it('conditions each attempt on the notes of the last, and keeps every attempt', async () => {
    const questions: string[] = []
    const rows = await ask({ max_cycles: 4 }, (request) => {
      if (request.turns === 0 && request.protocol === 'tools') questions.push(request.question)
      return script(9)(request)
    })
    expect(rows.map((row) => row.trajectory_id)).toEqual(['q1', 'q1#2', 'q1#3', 'q1#4'])
    expect(new Set(rows.map((row) => row.status))).toEqual(new Set(['completed']))
    expect(questions[0]).not.toContain(STATE_INTRODUCTION)
    expect(questions[1]).toContain(STATE_INTRODUCTION)
    expect(questions[1]).toContain('old (DocID 12, read there)')
  })
  it('stops when two attempts agree and nothing is uncertain', async () => {
    const settled = script(0)
    expect(await ask({ max_cycles: 8 }, settled)).toHaveLength(2)
    expect(await ask({ max_cycles: 3, stop_when_settled: false }, settled)).toHaveLength(3)
  })
  it('goes on without notes when they cannot be read', async () => {
    const rows = await ask({ max_cycles: 2 }, (request) =>
      request.protocol === 'plain' ? { content: 'No.' } : searcher()(request),
    )
    expect(rows).toHaveLength(2)
    expect(parseState('{"answer": 3}')).toBeUndefined()
  })
})
