// Executes one tool call. A call that cannot be executed is answered with what was wrong, for the agent to react to.
import type { Step } from '../data/schemas.ts'
import type { ToolCall } from './agent.ts'
import { parseObject } from './arguments.ts'
import { formatDocument, formatHits, type Tools } from './tools.ts'

export interface CallContext {
  readonly question: string
  /** Searches so far, oldest first; each search adds itself. */
  readonly history: string[]
}

type Result = Pick<Step, 'arguments' | 'output' | 'docids'>

const first = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : value)

/** A model that runs away may name a tool by a page of text. */
const shortName = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name)

/** The step that the call makes. Its `arguments` are valid JSON wherever the call could be read at all. */
export const execute = async (
  { name, arguments: text }: ToolCall,
  tools: Tools,
  { question, history }: CallContext,
  reasoning: string,
): Promise<Result> => {
  const args = parseObject(text)
  const failed = (output: string): Result => ({ arguments: args ? JSON.stringify(args) : text, output, docids: [] })
  if (!args) return failed(`Error: the arguments of ${shortName(name)} are not a JSON object.`)
  if (name === 'search') {
    const query = first(args['query'])
    if (typeof query !== 'string' || query.trim() === '') return failed('Error: search needs {"query": ["…"]}.')
    const hits = await tools.search({ text: query, question, reasoning, history: [...history] })
    history.push(query)
    return {
      arguments: JSON.stringify(args),
      output: formatHits(query, hits),
      docids: hits.map((hit) => hit.docid),
    }
  }
  if (name === 'get_document' || name === 'visit') {
    const docid = first(args['docid'])
    if (typeof docid !== 'string' && typeof docid !== 'number') return failed(`Error: ${name} needs {"docid": "…"}.`)
    const document = await tools.getDocument(String(docid).trim())
    return document
      ? { arguments: JSON.stringify(args), output: formatDocument(document), docids: [document.docid] }
      : failed(`Error: there is no document ${shortName(String(docid))}.`)
  }
  return failed(`Error: there is no tool named ${shortName(name)}; there are search and get_document.`)
}
