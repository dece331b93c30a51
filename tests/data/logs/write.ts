// Writes a run in each format of logs, as that format's recorders would: what the importers must read back the same.
import type { Step, Trajectory } from '../../../data/schemas.ts'
import type { FormatName } from '../../../data/readers/logs/formats.ts'

interface Turn {
  readonly thoughts: readonly string[]
  readonly calls: readonly { readonly id: string; readonly step: Step }[]
  readonly answer: string | undefined
}

/** A run's steps as an assistant's turns: thoughts up to a call, the calls that follow without a thought between them. */
export const turnsOf = (row: Trajectory): Turn[] => {
  const turns: Turn[] = []
  let thoughts: string[] = []
  let calls: { id: string; step: Step }[] = []
  const flush = (answer?: string): void => {
    if (thoughts.length > 0 || calls.length > 0 || answer !== undefined) turns.push({ thoughts, calls, answer })
    thoughts = []
    calls = []
  }
  for (const [at, step] of row.steps.entries()) {
    if (step.type === 'reasoning') {
      if (calls.length > 0 || thoughts.length > 0) flush()
      thoughts.push(step.output)
    } else if (step.type === 'tool_call') calls.push({ id: `call_${row.query_id}_${at}`, step })
    else flush(step.output)
  }
  flush()
  return turns
}

const name = (step: Step): string => step.tool ?? ''
const parsed = (step: Step): unknown => JSON.parse(step.arguments || '{}')

const openaiMessages = (row: Trajectory): unknown[] => [
  { role: 'system', content: 'You are a research agent.' },
  { role: 'user', content: row.question },
  ...turnsOf(row).flatMap(({ thoughts, calls, answer }) => [
    {
      role: 'assistant',
      content: answer ?? null,
      ...(thoughts.length > 0 && { reasoning_content: thoughts.join('\n\n') }),
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, step }) => ({
          id,
          type: 'function',
          function: { name: name(step), arguments: step.arguments },
        })),
      }),
    },
    ...calls.map(({ id, step }) => ({ role: 'tool', tool_call_id: id, content: step.output })),
  ]),
]

const responsesItems = (row: Trajectory): unknown[] =>
  turnsOf(row).flatMap(({ thoughts, calls, answer }, at) => [
    ...thoughts.map((text) => ({
      type: 'reasoning',
      id: `rs_${at}`,
      summary: [],
      content: [{ type: 'reasoning_text', text }],
    })),
    ...calls.map(({ id, step }) => ({
      type: 'function_call',
      call_id: id,
      name: name(step),
      arguments: step.arguments,
    })),
    ...calls.map(({ id, step }) => ({ type: 'function_call_output', call_id: id, output: step.output })),
    ...(answer === undefined
      ? []
      : [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: answer }] }]),
  ])

const anthropicMessages = (row: Trajectory): { role: string; content: unknown }[] => [
  { role: 'user', content: row.question },
  ...turnsOf(row).flatMap(({ thoughts, calls, answer }) => [
    {
      role: 'assistant',
      content: [
        ...thoughts.map((thinking) => ({ type: 'thinking', thinking, signature: 'c2ln' })),
        ...(answer === undefined ? [] : [{ type: 'text', text: answer }]),
        ...calls.map(({ id, step }) => ({ type: 'tool_use', id, name: name(step), input: parsed(step) })),
      ],
    },
    ...(calls.length === 0
      ? []
      : [
          {
            role: 'user',
            content: calls.map(({ id, step }) => ({
              type: 'tool_result',
              tool_use_id: id,
              content: [{ type: 'text', text: step.output }],
            })),
          },
        ]),
  ]),
]

const attribute = (key: string, value: string): unknown => ({ key, value: { stringValue: value } })
const nano = (at: number): string => String(1_700_000_000_000_000_000n + BigInt(at) * 1_000_000n)

interface WrittenSpan {
  readonly name: string
  readonly attributes: readonly unknown[]
}

const otlpTrace = (row: Trajectory, spans: readonly WrittenSpan[]): unknown[] =>
  spans.map(({ name: called, attributes }, at) => ({
    traceId: row.query_id.padStart(32, '0'),
    spanId: `${row.query_id}-${at}`.padStart(16, '0'),
    parentSpanId: at === 0 ? '' : `${row.query_id}-0`.padStart(16, '0'),
    name: called,
    startTimeUnixNano: nano(at),
    attributes,
  }))

const parts = (turn: Turn): unknown[] => [
  ...turn.thoughts.map((content) => ({ type: 'reasoning', content })),
  ...(turn.answer === undefined ? [] : [{ type: 'text', content: turn.answer }]),
  ...turn.calls.map(({ id, step }) => ({ type: 'tool_call', id, name: name(step), arguments: parsed(step) })),
]

const genAiSpans = (row: Trajectory): WrittenSpan[] => [
  {
    name: 'invoke_agent researcher',
    attributes: [
      attribute('gen_ai.operation.name', 'invoke_agent'),
      attribute('query_id', row.query_id),
      attribute(
        'gen_ai.input.messages',
        JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: row.question }] }]),
      ),
    ],
  },
  ...turnsOf(row).flatMap((turn) => [
    {
      name: 'chat model',
      attributes: [
        attribute('gen_ai.operation.name', 'chat'),
        attribute('gen_ai.output.messages', JSON.stringify([{ role: 'assistant', parts: parts(turn) }])),
      ],
    },
    ...turn.calls.map(({ id, step }) => ({
      name: `execute_tool ${name(step)}`,
      attributes: [
        attribute('gen_ai.operation.name', 'execute_tool'),
        attribute('gen_ai.tool.name', name(step)),
        attribute('gen_ai.tool.call.id', id),
        attribute('gen_ai.tool.call.arguments', step.arguments),
        attribute('gen_ai.tool.call.result', step.output),
      ],
    })),
  ]),
]

const openInferenceSpans = (row: Trajectory): WrittenSpan[] => [
  {
    name: 'agent',
    attributes: [
      attribute('openinference.span.kind', 'AGENT'),
      attribute('input.value', row.question),
      attribute('query_id', row.query_id),
    ],
  },
  ...turnsOf(row).flatMap(({ thoughts, calls, answer }) => [
    {
      name: 'llm',
      attributes: [
        attribute('openinference.span.kind', 'LLM'),
        attribute('llm.output_messages.0.message.role', 'assistant'),
        attribute('llm.output_messages.0.message.content', answer ?? ''),
        attribute('llm.output_messages.0.message.reasoning_content', thoughts.join('\n\n')),
        ...calls.flatMap(({ id, step }, i) => [
          attribute(`llm.output_messages.0.message.tool_calls.${i}.tool_call.id`, id),
          attribute(`llm.output_messages.0.message.tool_calls.${i}.tool_call.function.name`, name(step)),
          attribute(`llm.output_messages.0.message.tool_calls.${i}.tool_call.function.arguments`, step.arguments),
        ]),
      ],
    },
    ...calls.map(({ step }) => ({
      name: name(step),
      attributes: [
        attribute('openinference.span.kind', 'TOOL'),
        attribute('tool.name', name(step)),
        attribute('input.value', step.arguments),
        attribute('output.value', step.output),
      ],
    })),
  ]),
]

const aiSdkSpans = (row: Trajectory): WrittenSpan[] => [
  {
    name: 'ai.generateText',
    attributes: [
      attribute('ai.operationId', 'ai.generateText'),
      attribute('ai.prompt', JSON.stringify({ prompt: row.question })),
      attribute('query_id', row.query_id),
    ],
  },
  ...turnsOf(row).flatMap(({ thoughts, calls, answer }) => [
    {
      name: 'ai.generateText.doGenerate',
      attributes: [
        attribute('ai.operationId', 'ai.generateText.doGenerate'),
        attribute('ai.response.text', answer ?? ''),
        attribute('ai.response.reasoning', thoughts.join('\n\n')),
        attribute(
          'ai.response.toolCalls',
          JSON.stringify(calls.map(({ id, step }) => ({ toolCallId: id, toolName: name(step), args: step.arguments }))),
        ),
      ],
    },
    ...calls.map(({ id, step }) => ({
      name: 'ai.toolCall',
      attributes: [
        attribute('ai.operationId', 'ai.toolCall'),
        attribute('ai.toolCall.name', name(step)),
        attribute('ai.toolCall.id', id),
        attribute('ai.toolCall.args', step.arguments),
        attribute('ai.toolCall.result', JSON.stringify(step.output)),
      ],
    })),
  ]),
]

const langfuseRows = (row: Trajectory): object[] => {
  const base = (at: number) => ({
    id: `${row.query_id}-${at}`,
    trace_id: `trace-${row.query_id}`,
    parent_observation_id: at === 0 ? '' : `${row.query_id}-0`,
    start_time: `2026-01-01 00:00:00.${String(at).padStart(6, '0')}`,
  })
  let at = 0
  return [
    {
      ...base(at++),
      type: 'AGENT',
      name: 'agent',
      input: JSON.stringify({ question: row.question }),
      output: '',
      metadata: JSON.stringify({ query_id: row.query_id }),
    },
    ...turnsOf(row).flatMap(({ thoughts, calls, answer }) => [
      {
        ...base(at++),
        type: 'GENERATION',
        name: 'llm',
        input: '',
        output: JSON.stringify({
          role: 'assistant',
          content: answer ?? '',
          reasoning_content: thoughts.join('\n\n'),
          tool_calls: calls.map(({ id, step }) => ({
            id,
            type: 'function',
            function: { name: name(step), arguments: step.arguments },
          })),
        }),
        metadata: '{}',
      },
      ...calls.map(({ step }) => ({
        ...base(at++),
        type: 'TOOL',
        name: name(step),
        input: step.arguments,
        output: JSON.stringify(step.output),
        metadata: '{}',
      })),
    ]),
  ]
}

const langsmithRows = (row: Trajectory): object[] => {
  let at = 0
  const base = () => {
    const id = `${row.query_id}-${at}`
    const dotted = at === 0 ? '20260101T000000000000Z' : `20260101T000000000000Z.${String(at).padStart(6, '0')}Z${id}`
    const parents = at === 0 ? {} : { parent_run_ids: [`${row.query_id}-0`] }
    at += 1
    return { id, trace_id: `trace-${row.query_id}`, dotted_order: dotted, ...parents }
  }
  return [
    {
      ...base(),
      run_type: 'chain',
      name: 'agent',
      inputs: { question: row.question },
      outputs: {},
      extra: { metadata: { query_id: row.query_id } },
    },
    ...turnsOf(row).flatMap(({ thoughts, calls, answer }) => [
      {
        ...base(),
        run_type: 'llm',
        name: 'ChatOpenAI',
        inputs: {},
        outputs: {
          generations: [
            [
              {
                text: answer ?? '',
                message: {
                  lc: 1,
                  type: 'constructor',
                  id: ['langchain', 'schema', 'messages', 'AIMessage'],
                  kwargs: {
                    content: answer ?? '',
                    additional_kwargs: { reasoning_content: thoughts.join('\n\n') },
                    tool_calls: calls.map(({ id, step }) => ({
                      id,
                      name: name(step),
                      args: parsed(step),
                      type: 'tool_call',
                    })),
                  },
                },
              },
            ],
          ],
        },
      },
      ...calls.map(({ id, step }) => ({
        ...base(),
        run_type: 'tool',
        name: name(step),
        inputs: { input: step.arguments },
        outputs: { output: { type: 'tool', content: step.output, tool_call_id: id } },
      })),
    ]),
  ]
}

const taggedMessages = (row: Trajectory): unknown[] => [
  { role: 'system', content: 'You are a deep research assistant.' },
  { role: 'user', content: row.question },
  ...turnsOf(row).flatMap(({ thoughts, calls, answer }) => [
    {
      role: 'assistant',
      content: [
        ...thoughts.map((text) => `<think>\n${text}\n</think>`),
        ...calls.map(
          ({ step }) =>
            `<tool_call>\n{"name": ${JSON.stringify(name(step))}, "arguments": ${step.arguments}}\n</tool_call>`,
        ),
        ...(answer === undefined ? [] : [`<answer>${answer}</answer>`]),
      ].join('\n'),
    },
    ...(calls.length === 0
      ? []
      : [
          {
            role: 'user',
            content: calls.map(({ step }) => `<tool_response>\n${step.output}\n</tool_response>`).join('\n'),
          },
        ]),
  ]),
]

const atifSteps = (row: Trajectory): unknown[] => [
  { step_id: 1, source: 'user', message: row.question },
  ...turnsOf(row).map(({ thoughts, calls, answer }, at) => ({
    step_id: at + 2,
    source: 'agent',
    message: answer ?? '',
    reasoning_content: thoughts.join('\n\n'),
    tool_calls: calls.map(({ id, step }) => ({ tool_call_id: id, function_name: name(step), arguments: parsed(step) })),
    observation: { results: calls.map(({ id, step }) => ({ source_call_id: id, content: step.output })) },
  })),
]

const lines = (records: readonly unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('')

/** What runs are written as, by format: file name and text; formats with more than one form have several. */
export const written: Readonly<
  Record<
    string,
    {
      readonly format: FormatName
      readonly file: string
      readonly text: (rows: readonly Trajectory[], golds: ReadonlyMap<string, string>) => string
    }
  >
> = {
  'chat messages': {
    format: 'openai',
    file: 'chat.jsonl',
    text: (rows, golds) =>
      lines(
        rows.map((row) => ({
          query_id: row.query_id,
          metadata: { gold_answer: golds.get(row.query_id) },
          model: row.agent,
          messages: openaiMessages(row),
        })),
      ),
  },
  'Responses items': {
    format: 'openai',
    file: 'responses.jsonl',
    text: (rows, golds) =>
      lines(
        rows.map((row) => ({
          query_id: row.query_id,
          gold_answer: golds.get(row.query_id),
          input: row.question,
          output: responsesItems(row),
        })),
      ),
  },
  'Anthropic messages': {
    format: 'anthropic',
    file: 'anthropic.jsonl',
    text: (rows, golds) =>
      lines(
        rows.map((row) => ({
          query_id: row.query_id,
          gold_answer: golds.get(row.query_id),
          messages: anthropicMessages(row),
        })),
      ),
  },
  'Agent SDK transcripts': {
    format: 'claude-transcript',
    file: 'transcript.jsonl',
    text: (rows) =>
      lines(
        rows.flatMap((row) => [
          { type: 'summary', summary: 'Research', sessionId: row.query_id, leafUuid: '0' },
          ...anthropicMessages(row).map((message, at) => ({
            type: message.role,
            sessionId: row.query_id,
            uuid: `${row.query_id}-${at}`,
            parentUuid: at === 0 ? null : `${row.query_id}-${at - 1}`,
            message,
          })),
        ]),
      ),
  },
  'OTLP, GenAI conventions': {
    format: 'otlp',
    file: 'genai.jsonl',
    text: (rows) =>
      lines(rows.map((row) => ({ resourceSpans: [{ scopeSpans: [{ spans: otlpTrace(row, genAiSpans(row)) }] }] }))),
  },
  'OTLP, OpenInference': {
    format: 'otlp',
    file: 'openinference.jsonl',
    text: (rows) => lines(rows.flatMap((row) => otlpTrace(row, openInferenceSpans(row)).reverse())),
  },
  'OTLP, AI SDK': {
    format: 'otlp',
    file: 'ai-sdk.json',
    text: (rows) =>
      JSON.stringify({
        resourceSpans: rows.map((row) => ({ scopeSpans: [{ spans: otlpTrace(row, aiSdkSpans(row)) }] })),
      }),
  },
  Langfuse: { format: 'langfuse', file: 'observations.jsonl', text: (rows) => lines(rows.flatMap(langfuseRows)) },
  'Langfuse CSV': {
    format: 'langfuse',
    file: 'observations.csv',
    text: (rows) => {
      const all = rows.flatMap(langfuseRows)
      const names = Object.keys(all[0] ?? {})
      const quoted = (value: unknown): string => `"${String(value).replaceAll('"', '""')}"`
      return [
        names.join(','),
        ...all.map((row) => names.map((column) => quoted((row as Record<string, unknown>)[column] ?? '')).join(',')),
      ].join('\r\n')
    },
  },
  LangSmith: { format: 'langsmith', file: 'runs.jsonl', text: (rows) => lines(rows.flatMap(langsmithRows)) },
  'Tongyi DeepResearch': {
    format: 'tongyi',
    file: 'tongyi.jsonl',
    text: (rows, golds) =>
      lines(
        rows.map((row) => ({
          qid: row.query_id,
          question: row.question,
          answer: golds.get(row.query_id),
          messages: taggedMessages(row),
          prediction: row.answer,
          termination: row.status === 'completed' ? 'answer' : row.status,
        })),
      ),
  },
  ATIF: {
    format: 'atif',
    file: 'atif.json',
    text: (rows, golds) =>
      JSON.stringify(
        rows.map((row) => ({
          schema_version: 'ATIF-v1.4',
          session_id: `s-${row.query_id}`,
          agent: { name: 'researcher', version: '1', model_name: row.agent },
          extra: { query_id: row.query_id, gold_answer: golds.get(row.query_id) },
          steps: atifSteps(row),
        })),
      ),
  },
}
