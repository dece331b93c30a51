// YAML from a file or a command line: bounded in size, in depth and in what its aliases stand for; faults have a line.
import { closeSync, openSync, readSync } from 'node:fs'
import { isNode, Lexer, LineCounter, parseDocument, Parser, visit, type Document, type Node } from 'yaml'
import { at } from './at.ts'
import { UserError } from './errors.ts'

/** Bytes of a file. Configurations have a few thousand. */
const MAX_BYTES = 2 ** 20
/** Collections within each other. */
export const MAX_DEPTH = 100
/** Values that all aliases of a document together stand for. */
const MAX_ALIASED = 10_000

/** The text of a file of at most a mebibyte, or undefined where it has more. Errors: the system's. */
export const readSmallFile = (path: string): string | undefined => {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(MAX_BYTES + 1)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, null)
    return length > MAX_BYTES ? undefined : bytes.toString('utf8', 0, length)
  } finally {
    closeSync(file)
  }
}

/** The error for a file that is longer. */
export const tooLarge = (where: string): UserError =>
  new UserError({
    where,
    expected: 'YAML of at most 1 MiB',
    found: 'more',
    fix: 'Check that this is the file you meant.',
  })

interface Place {
  /** A file, or an assignment. */
  readonly where: string
  /** Whether lines are worth naming. */
  readonly lines: boolean
}

export interface ReadYaml {
  /** Without aliases: what each stood for is in its place. */
  readonly document: Document
  readonly counter: LineCounter
}

const sizeOf = (node: Node): number => {
  let size = 0
  visit(node, { Node: () => (++size > MAX_ALIASED ? visit.BREAK : undefined) })
  return size
}

/** Where collections lie deeper in each other than is allowed. Found without recursion, before anything recurses. */
const tooDeep = (text: string): number | undefined => {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    // The documents that it yields are not wanted.
    for (const token of parser.next(lexeme)) if (token.type === 'error') break
    if (parser.stack.length > 2 * MAX_DEPTH) return parser.offset
  }
  return undefined
}

/** Puts what an alias stands for in its place. */
const expand = (document: Document, fault: (offset: number, expected: string, found: string) => UserError): void => {
  const anchors = new Map<string, Node>()
  let aliased = 0
  visit(document, {
    Node: (_, node) => {
      if ('anchor' in node && typeof node.anchor === 'string') anchors.set(node.anchor, node)
    },
    Alias: (_, alias, path) => {
      const target = anchors.get(alias.source)
      const offset = alias.range?.[0] ?? 0
      if (target === undefined)
        throw fault(offset, `an anchor &${alias.source} before this alias`, `*${alias.source} alone`)
      if (path.includes(target))
        throw fault(offset, 'an alias of something else', `*${alias.source} within what it stands for`)
      aliased += sizeOf(target)
      if (aliased > MAX_ALIASED)
        throw fault(offset, `aliases that stand for at most ${MAX_ALIASED} values together`, 'more')
      const copy: unknown = target.clone()
      if (!isNode(copy)) throw new TypeError('the copy of a node is a node')
      if ('anchor' in copy) delete copy.anchor
      return copy
    },
  })
}

/** The YAML in `text`. Errors: UserError with the line, where there are lines to speak of. */
export const readYaml = (text: string, { where, lines }: Place): ReadYaml => {
  const fault = (offset: number, expected: string, found: string): UserError => {
    return new UserError({
      where: lines ? `${where}, line ${text.slice(0, offset).split('\n').length}` : where,
      expected,
      found,
      fix: lines ? 'Correct the file.' : 'Quote it for the shell and for YAML, as in --set \'key="a: b"\'.',
    })
  }
  const deep = tooDeep(text)
  if (deep !== undefined) throw fault(deep, `maps and lists at most ${MAX_DEPTH} deep`, 'deeper ones')
  const counter = new LineCounter()
  const document: Document = parseDocument(text, { lineCounter: counter })
  const broken = [...document.errors, ...document.warnings][0]
  if (broken)
    throw fault(broken.pos[0], lines ? 'YAML' : 'a value in YAML', at(broken.message.split('\n'), 0).slice(0, 300))
  expand(document, fault)
  return { document, counter }
}
