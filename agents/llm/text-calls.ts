// Tool calls that stand in a reply's text: what servers leave there when they have no parser for a model, or when it failed.
import { isObject, type Json } from '../../core/json.ts'
import { parseLoosely } from '../arguments.ts'

export interface TextCall {
  readonly name: string
  /** JSON text. */
  readonly arguments: string
}

export interface TextCalls {
  /** What stands before the first call. */
  readonly before: string
  readonly calls: readonly TextCall[]
  /** Something there looks like a call and cannot be read. */
  readonly broken: boolean
}

/** One way to write calls: where a block begins, where it ends (else at the next block or the text's end), how it reads. */
interface Notation {
  readonly open: RegExp
  readonly close: RegExp
  readonly read: (inner: string, opening: RegExpExecArray) => readonly TextCall[]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const argumentsText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value === undefined || value === null ? {} : value)

/** A call as an object, in the names that models use; undefined if it is none. */
const callFrom = (value: unknown): TextCall | undefined => {
  if (!isObject(value)) return undefined
  const inner = isObject(value['function']) ? value['function'] : value
  const name = textOf(inner['name'] ?? inner['tool_name'] ?? inner['tool'] ?? value['function'] ?? value['action'])
  if (name === '') return undefined
  const args = inner['arguments'] ?? inner['parameters'] ?? inner['args'] ?? inner['input'] ?? inner['action_input']
  return { name, arguments: argumentsText(args) }
}

const callsFrom = (text: string): TextCall[] => {
  const value = parseLoosely(text)
  return (Array.isArray(value) ? value : [value]).flatMap((item: unknown) => callFrom(item) ?? [])
}

const valueOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text.trim()
  }
}

const PARAMETER =
  /<parameter(?:=|\s+name=["']?)([\w.-]+)["']?\s*>([\s\S]*?)(?:<\/parameter>|(?=<parameter[= ])|(?=<\/(?:function|invoke)>)|$)/g
const ARGUMENT = /<arg_key>([\s\S]*?)<\/arg_key>\s*<arg_value>([\s\S]*?)(?:<\/arg_value>|$)/g

/** Parameters as elements, or undefined where there are none. */
const elements = (text: string): Json | undefined => {
  const found = [...text.matchAll(PARAMETER), ...text.matchAll(ARGUMENT)]
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map(([, name = '', value = '']) => [name.trim(), valueOf(value)]))
}

const named = (name: string, inner: string): TextCall[] => {
  const args = elements(inner) ?? (inner.trim() === '' ? {} : parseLoosely(inner))
  return isObject(args) ? [{ name: name.replace(/^functions?\./, ''), arguments: JSON.stringify(args) }] : []
}

const NAMED_INSIDE = /<function=([\w.-]+)>|<invoke\s+name=["']([\w.-]+)["']\s*>/

// Inside <tool_call> stand JSON, an element per parameter, or a name followed by arguments.
const readTagged = (inner: string): readonly TextCall[] => {
  const element = NAMED_INSIDE.exec(inner)
  if (element) return named(element[1] ?? element[2] ?? '', inner)
  const json = callsFrom(inner)
  if (json.length > 0) return json
  const [, name, rest] = /^\s*([A-Za-z_][\w.-]*)\s*([\s\S]*)$/.exec(inner) ?? []
  return name !== undefined && rest !== undefined && /^(?:[{(]|<arg_key>|$)/.test(rest)
    ? named(name, rest.replace(/^\(([\s\S]*)\)\s*$/, '$1'))
    : []
}

const NOTATIONS: readonly Notation[] = [
  {
    open: /<(tool_calls?|function_calls?|tool_use|\w+:tool_call)>/g,
    close: /<\/(?:tool_calls?|function_calls?|tool_use|\w+:tool_call)>/g,
    read: readTagged,
  },
  {
    open: /<\|tool_call\|>|<\|tool_call>/g,
    close: /<\|\/tool_call\|>|<\|tool_call_end\|>|<tool_call\|>/g,
    read: readTagged,
  },
  { open: /<function=([\w.-]+)>/g, close: /<\/function>/g, read: (inner, [, name = '']) => named(name, inner) },
  {
    open: /<invoke\s+name=["']([\w.-]+)["']\s*>/g,
    close: /<\/invoke>/g,
    read: (inner, [, name = '']) => named(name, inner),
  },
  // A name, a separator, then arguments: DeepSeek and Kimi.
  {
    open: /<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?\s*([\w.-]+)/g,
    close: /<｜tool▁call▁end｜>/g,
    read: (inner, [, name = '']) => named(name, inner.replace(/^[\s\S]*?(?=\{)/, '').replace(/```\s*$/, '')),
  },
  {
    open: /<\|tool_call_begin\|>\s*([\w.-]+?)(?::\d+)?\s*<\|tool_call_argument_begin\|>/g,
    close: /<\|tool_call_end\|>/g,
    read: (inner, [, name = '']) => named(name, inner),
  },
  // Harmony, as it looks when nobody parsed it.
  {
    open: /to=(?:functions\.)([\w.-]+)[^{]*?<\|message\|>/g,
    close: /<\|(?:call|end|return)\|>/g,
    read: (inner, [, name = '']) => named(name, inner),
  },
  {
    open: /\[TOOL_CALLS\]\s*([A-Za-z_][\w.-]*)\s*(?:\[ARGS\])?(?=\{)/g,
    close: /\[TOOL_CALLS\]/g,
    read: (inner, [, name = '']) => named(name, inner),
  },
  { open: /\[TOOL_CALLS\]|<\|python_tag\|>/g, close: /<\|e(?:om|ot)_id\|>/g, read: callsFrom },
]

interface Block {
  readonly at: number
  readonly end: number
  readonly calls: readonly TextCall[]
}

/** Blocks of one notation, in order. */
const blocksOf = (text: string, { open, close, read }: Notation): Block[] => {
  const openings = [...text.matchAll(open)]
  return openings.map((opening, index) => {
    const from = opening.index + opening[0].length
    const next = openings[index + 1]?.index ?? text.length
    close.lastIndex = from
    const closing = close.exec(text)
    close.lastIndex = 0
    const isClosed = closing !== null && closing.index <= next
    const until = isClosed ? closing.index : next
    return {
      at: opening.index,
      end: isClosed ? closing.index + closing[0].length : next,
      calls: read(text.slice(from, until), opening),
    }
  })
}

const withoutFence = (text: string): string => /^```\w*\s*\n([\s\S]*?)\n?```\s*$/.exec(text.trim())?.[1] ?? text.trim()

/** A reply that is nothing but an object naming one of the tools. */
const bareCalls = (text: string, tools: readonly string[]): readonly TextCall[] => {
  const inner = withoutFence(text)
  if (!/^[[{]/.test(inner)) return []
  const calls = callsFrom(inner)
  return calls.length > 0 && calls.every((call) => tools.includes(call.name)) ? calls : []
}

/**
 * Reads the calls in a reply's text, after its thoughts. `tools` are the names that there are: an object without any tag
 * around it is a call only if it names one of them.
 */
export const callsInText = (text: string, tools: readonly string[]): TextCalls => {
  const blocks: Block[] = []
  // Notations nest (<tool_call><function=…>): what lies in a block that was read, or within a wider one, is read once.
  for (const notation of NOTATIONS)
    for (const block of blocksOf(text, notation))
      if (!blocks.some(({ at, end }) => block.at >= at && block.at < end)) blocks.push(block)
  if (blocks.length === 0) return { before: '', calls: bareCalls(text, tools), broken: false }
  blocks.sort((a, b) => a.at - b.at)
  return {
    before: text.slice(0, blocks[0]?.at ?? 0).trim(),
    calls: blocks.flatMap(({ calls }) => calls),
    broken: blocks.some(({ calls }) => calls.length === 0),
  }
}
