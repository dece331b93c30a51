import { describe, expect, test } from 'vitest'
import { callsInText } from '../../agents/llm/text-calls.ts'

const tools = ['search', 'get_document']
const read = (text: string) => {
  const { calls, broken, before } = callsInText(text, tools)
  return { calls: calls.map((call) => [call.name, JSON.parse(call.arguments) as unknown]), broken, before }
}
const SEARCH = ['search', { query: ['a "b"'] }]

describe('a call in a reply’s text', () => {
  test.each([
    ['<tool_call>\n{"name": "search", "arguments": {"query": ["a \\"b\\""]}}\n</tool_call>'],
    ['<tool_call>{"name": "search", "arguments": {"query": ["a \\"b\\""]}}'],
    [`<tool_call>{name: 'search', arguments: {query: ['a "b"',]},}</tool_call>`],
    ['<tool_call>{"name": "search", "arguments": {"query": ["a \\"b\\""]}</tool_call>'],
    ['<tool_call>{"name": "search", "arguments": "{\\"query\\": [\\"a \\\\\\"b\\\\\\"\\"]}"}</tool_call>'],
    ['<tool_call>\n```json\n{"name": "search", "parameters": {"query": ["a \\"b\\""]}}\n```\n</tool_call>'],
    ['<tool_call>[{"name": "search", "arguments": {"query": ["a \\"b\\""]}}]</tool_call>'],
    ['<tool_call>{"function": {"name": "search", "arguments": {"query": ["a \\"b\\""]}}}</tool_call>'],
    [
      '<tool_calls>[{"type": "function", "function": {"name": "search", "arguments": {"query": ["a \\"b\\""]}}}]</tool_calls>',
    ],
    ['<function_call>{"name": "search", "arguments": {"query": ["a \\"b\\""]}}</function_call>'],
    ['<tool_call>\n<function=search>\n<parameter=query>\n["a \\"b\\""]\n</parameter>\n</function>\n</tool_call>'],
    ['<function=search>{"query": ["a \\"b\\""]}</function>'],
    ['<tool_call>search\n<arg_key>query</arg_key>\n<arg_value>["a \\"b\\""]</arg_value>\n</tool_call>'],
    ['<tool_call>search\n{"query": ["a \\"b\\""]}\n</tool_call>'],
    [
      '<function_calls><invoke name="search"><parameter name="query">["a \\"b\\""]</parameter></invoke></function_calls>',
    ],
    [
      '<minimax:tool_call>\n<invoke name="search">\n<parameter name="query">["a \\"b\\""]</parameter>\n</invoke>\n</minimax:tool_call>',
    ],
    ['<|tool_call|>[{"name": "search", "arguments": {"query": ["a \\"b\\""]}}]<|/tool_call|>'],
    [
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n{"query": ["a \\"b\\""]}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    ],
    [
      '<|tool_calls_section_begin|><|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>{"query": ["a \\"b\\""]}<|tool_call_end|><|tool_calls_section_end|>',
    ],
    ['<|channel|>commentary to=functions.search <|constrain|>json<|message|>{"query": ["a \\"b\\""]}<|call|>'],
    ['[TOOL_CALLS][{"name": "search", "arguments": {"query": ["a \\"b\\""]}}]'],
    ['[TOOL_CALLS]search[ARGS]{"query": ["a \\"b\\""]}'],
    ['<|python_tag|>{"name": "search", "parameters": {"query": ["a \\"b\\""]}}<|eom_id|>'],
    ['{"name": "search", "arguments": {"query": ["a \\"b\\""]}}'],
    ['```json\n{"name": "search", "arguments": {"query": ["a \\"b\\""]}}\n```'],
  ])('%s', (text) => {
    expect(read(text)).toMatchObject({ calls: [SEARCH], broken: false })
  })

  test('several in a row, with text before the first', () => {
    const one = (docid: string): string =>
      `<tool_call>{"name":"get_document","arguments":{"docid":"${docid}"}}</tool_call>`
    expect(read(`Both look right.\n${one('1')}\n${one('2')}`)).toEqual({
      calls: [
        ['get_document', { docid: '1' }],
        ['get_document', { docid: '2' }],
      ],
      broken: false,
      before: 'Both look right.',
    })
  })

  test.each([
    '<tool_call>search for a b</tool_call>',
    '<tool_call>',
    '<tool_call>{"query": ["a"]}</tool_call>',
    '[TOOL_CALLS] nothing',
    '<function=search>no object',
  ])('%s is broken', (text) => {
    expect(read(text)).toMatchObject({ calls: [], broken: true })
  })

  test.each(['Exact answer: {Lyon}', '{"name": "Lyon", "population": 5}', 'I call search a lost art.', '', '[1] Lyon'])(
    '%s is none',
    (text) => {
      expect(read(text)).toEqual({ calls: [], broken: false, before: '' })
    },
  )
})
