// The ranked hits in a search's result: JSON in the usual shapes, or text in the usual layouts.
import { isObject, type Json } from '../../../core/json.ts'
import type { SearchRule } from './tools.ts'
import { valuesAt } from './tools.ts'
import { contentText, decoded, idOf } from './values.ts'

export interface LoggedHit {
  readonly docid: string
  /** "" where the result has none. */
  readonly title: string
  /** What of the text the result shows; "" where it shows none. */
  readonly text: string
}

const LISTS = [
  'results',
  'hits',
  'documents',
  'docs',
  'passages',
  'chunks',
  'data',
  'items',
  'organic',
  'organic_results',
  'matches',
  'sources',
  'search_results',
  'value',
  'web',
  'content',
  'output',
  'result',
  'response',
  'nodes',
]
const IDS = [
  'docid',
  'doc_id',
  'document_id',
  'docId',
  'documentId',
  'chunk_id',
  'passage_id',
  'pid',
  'id',
  '_id',
  'url',
  'link',
  'uri',
  'href',
  'source',
  'path',
  'file',
  'filename',
  'title',
  'name',
]
const TITLES = ['title', 'name', 'heading', 'page_title']
const TEXTS = [
  'text',
  'content',
  'snippet',
  'page_content',
  'pageContent',
  'body',
  'contents',
  'passage',
  'chunk',
  'summary',
  'description',
  'excerpt',
  'raw_content',
]
const RANKS = ['rank', 'position']
const INNER = ['document', 'metadata', 'node', 'payload', '_source', 'fields', 'entity']

/** A hit and the objects inside of it that may hold its fields. */
const placesOf = (hit: Json): readonly Json[] => [hit, ...INNER.map((name) => hit[name]).filter(isObject)]

const idAmong = (hit: Json, names: readonly string[]): string | undefined => {
  for (const name of names)
    for (const place of placesOf(hit)) {
      const id = Object.hasOwn(place, name) ? idOf(place[name]) : undefined
      if (id !== undefined) return id
    }
  return undefined
}

const textAmong = (hit: Json, names: readonly string[]): string => {
  for (const name of names)
    for (const place of placesOf(hit)) {
      const text = Object.hasOwn(place, name) ? contentText(place[name]) : ''
      if (text !== '') return text
    }
  return ''
}

const isHit = (value: unknown): value is Json => isObject(value) && idAmong(value, IDS) !== undefined

/** The first list of hits in a JSON value, at one of the usual places, some levels deep; an empty list is one too. */
const listIn = (value: unknown, depth = 4): readonly unknown[] | undefined => {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    if (items.length === 0 || items.some(isHit)) return items
    // The parts of a message, of which one holds the result as text.
    const inner = items.map((item) => listIn(decoded(isObject(item) ? item['text'] : item), depth - 1))
    return depth > 0 ? inner.find((list) => list !== undefined) : undefined
  }
  if (!isObject(value) || depth === 0) return undefined
  for (const name of LISTS) {
    const found = Object.hasOwn(value, name) ? listIn(decoded(value[name]), depth - 1) : undefined
    if (found !== undefined) return found
  }
  return isHit(value) && textAmong(value, TEXTS) !== '' ? [value] : undefined
}

const hitOf = (item: unknown, rule: SearchRule): (LoggedHit & { readonly rank: number | undefined }) | undefined => {
  if (!isObject(item)) {
    const docid = idOf(item)
    return docid === undefined ? undefined : { docid, title: '', text: '', rank: undefined }
  }
  const at = (place: string | undefined): unknown => (place === undefined ? undefined : valuesAt(item, place)[0])
  const docid = rule.docid === undefined ? idAmong(item, IDS) : idOf(at(rule.docid))
  if (docid === undefined) return undefined
  const title = rule.title === undefined ? textAmong(item, TITLES) : contentText(at(rule.title))
  const rank = Number((rule.rank === undefined ? idAmong(item, RANKS) : at(rule.rank)) ?? Number.NaN)
  return {
    docid,
    title: title === docid && rule.title === undefined && docid.startsWith('http') ? '' : title,
    text: rule.text === undefined ? textAmong(item, TEXTS) : contentText(at(rule.text)),
    rank: Number.isFinite(rank) ? rank : undefined,
  }
}

/** By rank where every hit has one, else as they come. */
const ranked = (hits: readonly (LoggedHit & { readonly rank: number | undefined })[]): LoggedHit[] =>
  (hits.every((hit) => hit.rank !== undefined) ? hits.toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0)) : hits).map(
    ({ docid, title, text }) => ({ docid, title, text }),
  )

/** Layouts of text, each with the groups `docid`, and `title` and `text` where it has them; the first that occurs counts. */
const LAYOUTS: readonly RegExp[] = [
  // LRAT: DocID:<id>, [title], snippet, blank line.
  /^DocID:[ \t]*(?<docid>[^\n]*\S)[ \t]*(?:\n\[(?<title>[^\n]*)\])?(?:\n(?<text>(?:(?!DocID:)[^\n]+\n?)*))?/gm,
  // Search-R1: Doc 1(Title: "…") text.
  /^Doc \d+ ?\(Title: ?"?(?<docid>[^\n]*?)"?\)[ \t]*(?<text>(?:(?!Doc \d+ ?\()[^\n]*\n?)*)/gm,
  // Tags: <document id="…"> or <doc docid=…>.
  /<(?:document|doc|passage|result|source)\b[^>\n]*?\b(?:id|docid|doc_id|url|href)=["']?(?<docid>[^"'>\s]+)["']?[^>\n]*>(?<text>[^]*?)<\/(?:document|doc|passage|result|source)>/g,
  // Numbered Markdown links: 1. [title](url), and what is said of each.
  /^\s*(?:\d+[.)]|[-*])\s+\[(?<title>[^\]\n]*)\]\((?<docid>[^)\s]+)\)[^\n]*\n?(?<text>(?:(?!\s*(?:\d+[.)]|[-*])\s+\[)[^\n]*\n?)*)/gm,
  // A line that names the document: URL: …, Source: …, ID: …, docid: ….
  /^[ \t*#-]*(?:\*\*)?(?:url|link|source|doc(?:ument)?[ _]?id|id)(?:\*\*)?[ \t]*[:=][ \t]*(?:\*\*)?[ \t]*<?(?<docid>[^\s>]+)>?[ \t]*$/gim,
]

const matched = (text: string, pattern: RegExp): LoggedHit[] =>
  Array.from(text.matchAll(pattern), ({ groups }) => ({
    docid: (groups?.['docid'] ?? '').trim(),
    title: (groups?.['title'] ?? '').trim(),
    text: (groups?.['text'] ?? '').trim(),
  })).filter((hit) => hit.docid !== '')

const NOTHING_FOUND =
  /\b(no|zero|0) (?:relevant |matching |search )?(?:results?|documents?|hits?|passages?|matches)\b|nothing (?:was )?found|not found/i

/** Hits of JSON that was cut short or has text around it: those whose docid is whole. */
const partial = (text: string): LoggedHit[] =>
  /^\s*[[{]/.test(text)
    ? Array.from(text.matchAll(/"docid"\s*:\s*(?:"([^"\\]+)"|(\d+))/g), ([, name, number]) => ({
        docid: name ?? number ?? '',
        title: '',
        text: '',
      }))
    : []

/** The hits of a search's result, best first; [] where it says that there are none, undefined where nothing is recognised in it. */
export const hitsIn = (result: unknown, rule: SearchRule = {}): LoggedHit[] | undefined => {
  const text = typeof result === 'string' ? result : contentText(result)
  if (rule.pattern !== undefined) return matched(text, new RegExp(rule.pattern, 'gm'))
  const value = decoded(result)
  if (rule.hits !== undefined) {
    const list = valuesAt(value, rule.hits).flatMap((item) => (Array.isArray(item) ? (item as unknown[]) : [item]))
    const hits = list.map((item) => hitOf(item, rule)).filter((hit) => hit !== undefined)
    return list.length > 0 && hits.length === 0 ? undefined : ranked(hits)
  }
  if (typeof value === 'string') {
    for (const layout of LAYOUTS) {
      const hits = matched(value, layout)
      if (hits.length > 0) return hits
    }
    const cut = partial(value)
    if (cut.length > 0) return cut
    return value.trim() === '' || (value.length < 400 && NOTHING_FOUND.test(value)) ? [] : undefined
  }
  const list = listIn(value)
  if (list === undefined)
    return Array.isArray(value) && text !== '' && typeof result !== 'string' ? hitsIn(text, rule) : undefined
  const hits = list.map((item) => hitOf(item, rule)).filter((hit) => hit !== undefined)
  return list.length > 0 && hits.length === 0 ? undefined : ranked(hits)
}
