// Executes one tool call. A call that cannot be executed is answered with what was wrong, for the agent to react to.
import type { Step } from '../data/schemas.ts'
import { CALL_ERROR } from '../data/steps.ts'
import type { ToolCall } from './agent.ts'
import { parseObject } from './arguments.ts'
import type { ToolSpec, Toolset } from './spec.ts'
import { formatDocument, formatHits, type Tools } from './tools.ts'

export interface CallContext {
  readonly toolset: Toolset
  readonly tools: Tools
  readonly question: string
  /** Searches so far, oldest first; each search adds itself. */
  readonly history: string[]
}

export interface Executed {
  /** One step, or one a query where a call runs several. */
  readonly steps: readonly Step[]
  /** What the agent reads. */
  readonly output: string
}

/** A model that runs away may name a tool by a page of text. */
const shortName = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name)

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** Arguments as they are recorded: the query or docid under the name that readers of trajectories know. */
const recorded = (args: Readonly<Record<string, unknown>>, argument: string, name: string, value: unknown): string => {
  const others = Object.entries(args).filter(([key]) => key !== argument)
  return JSON.stringify(argument === name ? args : { [name]: value, ...Object.fromEntries(others) })
}

const searchAll = async (
  { argument }: ToolSpec,
  args: Readonly<Record<string, unknown>>,
  { toolset, tools, question, history }: CallContext,
  reasoning: string,
): Promise<Executed | undefined> => {
  const given = asList(args[argument] ?? args['query'])
  const [first] = given
  if (typeof first !== 'string' || first.trim() === '') return undefined
  const queries =
    toolset.queries_per_call === 'first'
      ? [first]
      : given.filter((query): query is string => typeof query === 'string' && query.trim() !== '')
  const steps: Step[] = []
  for (const query of queries) {
    const hits = await tools.search({ text: query, question, reasoning, history: [...history] })
    history.push(query)
    steps.push({
      type: 'tool_call',
      tool: 'search',
      arguments:
        toolset.queries_per_call === 'all'
          ? JSON.stringify({ query: [query] })
          : recorded(args, argument, 'query', args[argument]),
      output: formatHits(query, hits, toolset.hits),
      docids: hits.map((hit) => hit.docid),
    })
  }
  return { steps, output: steps.map((step) => step.output).join(toolset.between_queries) }
}

const openOne = async (
  { name, argument }: ToolSpec,
  args: Readonly<Record<string, unknown>>,
  { toolset, tools }: CallContext,
): Promise<Executed | string> => {
  const [docid] = asList(args[argument] ?? args['docid'])
  if (typeof docid !== 'string' && typeof docid !== 'number') return `${name} needs {"${argument}": "…"}.`
  const document = await tools.getDocument(String(docid).trim())
  if (!document) return `there is no document ${shortName(String(docid))}.`
  const output = formatDocument(document, toolset.document)
  const tool = name === 'visit' ? name : 'get_document'
  return {
    steps: [
      {
        type: 'tool_call',
        tool,
        arguments: recorded(args, argument, 'docid', document.docid),
        output,
        docids: [document.docid],
      },
    ],
    output,
  }
}

/** What the call does and says. The recorded arguments are valid JSON wherever the call could be read at all. */
export const execute = async (call: ToolCall, context: CallContext, reasoning: string): Promise<Executed> => {
  const { tools } = context.toolset
  const tool = tools.find(({ name, also }) => name === call.name || also.includes(call.name))
  const args = parseObject(call.arguments)
  const failed = (what: string): Executed => {
    const output = `${CALL_ERROR}${what}`
    const text = args ? JSON.stringify(args) : call.arguments
    return { steps: [{ type: 'tool_call', tool: call.name, arguments: text, output, docids: [] }], output }
  }
  if (!args) return failed(`the arguments of ${shortName(call.name)} are not a JSON object.`)
  if (!tool) {
    const names = tools.map(({ name }) => name)
    const verb = names.length > 1 ? 'there are' : 'there is only'
    return failed(`there is no tool named ${shortName(call.name)}; ${verb} ${names.join(' and ')}.`)
  }
  if (tool.does === 'search')
    return (
      (await searchAll(tool, args, context, reasoning)) ??
      failed(`${tool.name} needs {"${tool.argument}": ${tool.argument === 'query' ? '["…"]' : '"…"'}}.`)
    )
  const opened = await openOne({ ...tool, name: call.name }, args, context)
  return typeof opened === 'string' ? failed(opened) : opened
}
