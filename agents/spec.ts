// Everything that makes an LLM agent, as data: what it is told, which tools it sees and how, when it ends, how it is sampled.
import { z } from 'zod'

const count = z.number().int().min(1)
const text = z.string()
/** Fields of a request, as they are. */
const fields = z.record(z.string(), z.unknown())
const tags = z.strictObject({ open: text, close: text })

const tool = z.strictObject({
  /** What it is for us, whatever the model calls it. */
  does: z.enum(['search', 'open']),
  name: z.string().regex(/^[\w-]{1,64}$/, 'letters, digits, _ and - (at most 64)'),
  /** Other names that a model may call it by. */
  also: z.array(text).default([]),
  description: text,
  /** Its arguments in JSON Schema. */
  parameters: fields,
  /** The argument that holds the query or docid. */
  argument: text,
  strict: z.boolean().default(false),
})
export type ToolSpec = z.output<typeof tool>

const hits = z.discriminatedUnion('as', [
  /** Templates over {query} {count} and, in `each`, {rank} {docid} {title} {text} {score}. */
  z.strictObject({ as: z.literal('text'), before: text, each: text, between: text, none: text }),
  /** A list of objects; `fields` gives their keys, in order, and what stands there. */
  z.strictObject({
    as: z.literal('json'),
    fields: z.record(text, z.enum(['rank', 'docid', 'title', 'text', 'score'])),
    /** The list is the value of this key of an object; without it the list is all. */
    under: text.optional(),
  }),
])
export type HitsLayout = z.output<typeof hits>

/** The tools as the model sees them, and how their results read. */
export const toolsetSchema = z.strictObject({
  tools: z.array(tool).min(1),
  /** Of a call with several queries: only the first is run, or each, as a search of its own. */
  queries_per_call: z.enum(['first', 'all']).default('first'),
  /** Between the results of the queries of one call. */
  between_queries: text.default('\n\n'),
  hits,
  /** Template over {docid} {title} {text}. */
  document: text,
})
export type Toolset = z.output<typeof toolsetSchema>

const sampling = z.strictObject({
  /** Null leaves a field out of the request. */
  temperature: z.number().min(0).max(2).nullable(),
  top_p: z.number().gt(0).max(1).nullable(),
  presence_penalty: z.number().min(-2).max(2).nullable().default(null),
  send_seed: z.boolean().default(true),
  /** A list goes by turn; its last number is for all later ones. */
  max_tokens: z.union([count, z.array(count).min(1)]),
  extra: fields.default({}),
  /** Laid over `extra` in the turn after a reply that was cut. */
  after_cut: fields.default({}),
})
export type SamplingSpec = z.output<typeof sampling>

export const agentSpecSchema = z.strictObject({
  /** `chat`: chat completions with function calls. `text`: tags in the text of chat completions. `responses`: the Responses API. */
  protocol: z.enum(['chat', 'text', 'responses']),
  /** "" sends none; {tools} is replaced by the declarations, one in JSON a line. */
  system: text,
  /** The first user message; over {question}. */
  user: text,
  /** Follows it where there are notes of earlier attempts; over {notes}. */
  notes: text,
  toolset: toolsetSchema,
  /** Tags of the text protocol. */
  call: tags.default({ open: '<tool_call>', close: '</tool_call>' }),
  response: tags.default({ open: '<tool_response>', close: '</tool_response>' }),
  answer: tags.default({ open: '<answer>', close: '</answer>' }),
  /** Whether a reply without a call and without the answer's tags is the answer (text protocol). */
  plain_answers: z.enum(['accept', 'ask again']).default('accept'),
  /** Calls of one turn that are run (text protocol); what a model writes after the first it wrote without its result. */
  calls_per_turn: z.enum(['first', 'all']).default('all'),
  stop: z.array(text).default([]),
  sampling,
  echo_reasoning: z.boolean().default(true),
  /** Said after a turn that is empty, was cut, has another form, or holds a call that cannot be read or made any more. */
  nudges: z.strictObject({ empty: text, cut: text, form: text, call: text, final: text }),
  /** What asks for an answer at a limit: as a further message, or in the place of the last one. Null: nobody asks. */
  forced: z.strictObject({ text, place: z.enum(['append', 'replace']) }).nullable(),
  results: z.strictObject({
    k: count,
    snippet_tokens: count,
    document_tokens: count,
  }),
  limits: z.strictObject({
    max_steps: count,
    /** Model calls. */
    max_turns: count.nullable().default(null),
    /** Tokens of a conversation from which on the answer is asked for. */
    conversation_tokens: count.nullable().default(null),
    context_tokens: z.number().int().min(1024),
    max_problems: count,
    trajectory_timeout: z.number().positive(),
  }),
  cycles: z.strictObject({
    max_cycles: count,
    stop_when_settled: z.boolean(),
    compress: text,
    compress_again: text,
  }),
})
export type AgentSpec = z.output<typeof agentSpecSchema>

/** `{name}` by the value of that name; braces around anything else stay. */
export const fill = (template: string, values: Readonly<Record<string, string | number>>): string =>
  template.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  )

/** Tool declarations, one JSON object a line. */
export const declarationsOf = ({ tools }: Toolset): string =>
  tools.map(({ name, description, parameters }) => JSON.stringify({ name, description, parameters })).join('\n')

export const systemOf = ({ system, toolset }: AgentSpec): string => fill(system, { tools: declarationsOf(toolset) })
