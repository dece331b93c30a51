// Which tool calls search and which open a document, and where in them query, docid, title, text and rank lie.
import { query as jsonPath, type JSONValue } from 'json-p3'
import { UserError } from '../../../core/errors.ts'
import { isObject } from '../../../core/json.ts'
import { decoded, idOf } from './values.ts'

/** Places are JSON paths (`$.results[*]`), or the name of a field for short. */
export interface SearchRule {
  readonly names?: readonly string[] | undefined
  /** The query in the arguments. */
  readonly query?: string | undefined
  /** The list of hits in a result that is JSON, best first. */
  readonly hits?: string | undefined
  /** In a hit. */
  readonly docid?: string | undefined
  readonly title?: string | undefined
  readonly text?: string | undefined
  readonly rank?: string | undefined
  /** For results that are text: a regular expression with the groups `docid`, and `title` and `text` if there are any. */
  readonly pattern?: string | undefined
}

export interface OpenRule {
  readonly names?: readonly string[] | undefined
  /** The document's id in the arguments. */
  readonly docid?: string | undefined
  /** In a result that is JSON. */
  readonly title?: string | undefined
  readonly text?: string | undefined
}

export interface ToolRules {
  readonly search?: SearchRule | undefined
  readonly open?: OpenRule | undefined
  /** Tools that neither search nor open. */
  readonly other?: readonly string[] | undefined
}

export type Role = 'search' | 'open' | 'other'

const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)

const SEARCHES = new Set(['search', 'retrieve', 'retriever', 'retrieval', 'websearch', 'rag', 'lookup', 'bm25'])
const OPENS = new Set([
  'open',
  'visit',
  'fetch',
  'webfetch',
  'browse',
  'read',
  'view',
  'get',
  'load',
  'scrape',
  'crawl',
  'extract',
])
const DOCUMENTS = new Set([
  'document',
  'documents',
  'doc',
  'docs',
  'page',
  'pages',
  'url',
  'urls',
  'web',
  'webpage',
  'website',
  'article',
  'content',
  'contents',
  'passage',
  'chunk',
  'wiki',
  'wikipedia',
  'link',
  'result',
])
/** What looks like a search or a document but works on the agent's own files or page. */
const NEITHER = new Set([
  'find',
  'replace',
  'write',
  'edit',
  'create',
  'delete',
  'update',
  'click',
  'type',
  'scroll',
  'memory',
  'tool',
  'tools',
  'image',
  'images',
])

/** What a tool's name says that it does. */
export const guessRole = (name: string): Role => {
  const words = wordsOf(name)
  if (words.some((word) => NEITHER.has(word))) return 'other'
  if (words.some((word) => SEARCHES.has(word)) || words.join(' ') === 'query') return 'search'
  const opens = words.some((word) => OPENS.has(word))
  const alone = words.length === 1 && !['get', 'load', 'extract', 'read', 'view'].includes(words[0] ?? '')
  // `browser.open`: the first word is a namespace.
  const method = words.length > 1 && ['open', 'visit', 'fetch', 'browse'].includes(words.at(-1) ?? '')
  return opens && (alone || method || words.some((word) => DOCUMENTS.has(word))) ? 'open' : 'other'
}

/** What a tool does: as the rules say, else by its name. */
export const roleOf = (name: string, rules: ToolRules): Role => {
  if (rules.search?.names?.includes(name)) return 'search'
  if (rules.open?.names?.includes(name)) return 'open'
  if (rules.other?.includes(name)) return 'other'
  const guess = guessRole(name)
  // Names that were given leave nothing to guess for that role.
  return (guess === 'search' && rules.search?.names) || (guess === 'open' && rules.open?.names) ? 'other' : guess
}

/** What logs hold has come out of JSON, so nothing but `undefined` fails. */
const isJson = (value: unknown): value is JSONValue => value !== undefined

/** The values at a place: a JSON path, or the name of a field (dots lead deeper). */
export const valuesAt = (value: unknown, place: string): unknown[] => {
  if (!place.startsWith('$')) {
    const found = place
      .split('.')
      .reduce<unknown>(
        (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? decoded(inner[key]) : undefined),
        value,
      )
    return found === undefined ? [] : [found]
  }
  return isJson(value) ? jsonPath(place, value).values() : []
}

/** Errors: UserError when a place is no JSON path or a pattern no regular expression. */
export const checkRules = ({ search, open }: ToolRules): void => {
  const places: readonly (readonly [string, string | undefined])[] = [
    ...(['query', 'hits', 'docid', 'title', 'text', 'rank'] as const).map(
      (key) => [`search.${key}`, search?.[key]] as const,
    ),
    ...(['docid', 'title', 'text'] as const).map((key) => [`open.${key}`, open?.[key]] as const),
  ]
  const bad = (key: string, expected: string, found: string): UserError =>
    new UserError({
      where: `trajectories.tools.${key}`,
      expected,
      found: JSON.stringify(found),
      fix: 'Write a field as docid, a path as $.results[*], a pattern as DocID: (?<docid>\\S+).',
    })
  for (const [key, place] of places)
    if (place?.startsWith('$'))
      try {
        jsonPath(place, {})
      } catch {
        throw bad(key, 'a JSON path (RFC 9535) or the name of a field', place)
      }
  if (search?.pattern === undefined) return
  try {
    new RegExp(search.pattern, 'gm')
  } catch {
    throw bad('search.pattern', 'a regular expression', search.pattern)
  }
  if (!search.pattern.includes('(?<docid>')) throw bad('search.pattern', 'a group (?<docid>…)', search.pattern)
}

const QUERY_KEYS = [
  'query',
  'queries',
  'q',
  'search_query',
  'search_queries',
  'user_query',
  'question',
  'keywords',
  'keyword',
  'search_term',
  'text',
  'input',
  'prompt',
]

const isTextOrTexts = (value: unknown): value is string | readonly string[] =>
  typeof value === 'string' ||
  (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'))

/** The query of a search's arguments, as a text or a list of them; undefined where none is found. */
export const queryIn = (args: unknown, rule: SearchRule = {}): string | readonly string[] | undefined => {
  const value = decoded(args)
  if (rule.query !== undefined) {
    const found = valuesAt(value, rule.query)
    const [first] = found
    return isTextOrTexts(first) ? first : isTextOrTexts(found) ? found : undefined
  }
  if (typeof value === 'string') return value === '' ? undefined : value
  if (isTextOrTexts(value)) return value
  if (!isObject(value)) return undefined
  for (const key of QUERY_KEYS) if (Object.hasOwn(value, key) && isTextOrTexts(value[key])) return value[key]
  const texts = Object.values(value).filter((item) => typeof item === 'string')
  return texts.length === 1 ? texts[0] : undefined
}

const DOCID_KEYS = [
  'docid',
  'doc_id',
  'document_id',
  'docids',
  'doc_ids',
  'id',
  'url',
  'urls',
  'link',
  'uri',
  'href',
  'page_id',
  'page',
  'path',
  'file',
  'title',
  'source',
  'name',
]

const firstId = (value: unknown): string | undefined => idOf(Array.isArray(value) ? value[0] : value)

/** The docid that an open's arguments name, of a list the first; undefined where none is found. */
export const docidIn = (args: unknown, rule: OpenRule = {}): string | undefined => {
  const value = decoded(args)
  if (rule.docid !== undefined) return firstId(valuesAt(value, rule.docid)[0])
  if (!isObject(value)) return firstId(value)
  for (const key of DOCID_KEYS) {
    const id = Object.hasOwn(value, key) ? firstId(value[key]) : undefined
    if (id !== undefined) return id
  }
  return undefined
}
