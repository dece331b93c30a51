// HotpotQA: questions that each bring ten Wikipedia paragraphs, two of them needed.
import { createHash } from 'node:crypto'
import type { Qrel, Query } from '../../schemas.ts'
import { readJsonArray } from '../json-array.ts'
import { isObject, type Json } from '../../../core/json.ts'
import { badField, firstOf, idAt, isTexts, objectAt, textAt } from '../record.ts'
import type { Article } from './article.ts'

export interface HotpotItem {
  readonly query: Omit<Query, 'split'>
  /** Paragraphs that no earlier question brought. */
  readonly articles: readonly Article[]
  readonly qrels: readonly Qrel[]
}

type Paragraph = readonly [title: string, sentences: readonly string[]]

const isParagraph = (value: unknown): value is Paragraph =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && isTexts(value[1])

// Either [[title, [sentence …]] …] or {title: […], sentences: [[…] …]}.
const paragraphsOf = (context: unknown, where: string): readonly Paragraph[] => {
  if (Array.isArray(context) && context.every(isParagraph)) return context
  if (isObject(context) && isTexts(context.title) && Array.isArray(context.sentences)) {
    const { title, sentences } = context
    const pairs = title.map((name, i): unknown => [name, sentences[i] as unknown])
    if (pairs.every(isParagraph)) return pairs
  }
  throw badField(where, ['context'], 'a list of [title, [sentence …]]', context)
}

const supportingTitles = (record: Json, where: string): ReadonlySet<string> => {
  const facts = record.supporting_facts
  if (facts === undefined || facts === null) return new Set()
  if (Array.isArray(facts)) {
    const titles = facts.map((fact): unknown => (Array.isArray(fact) ? (fact as unknown[])[0] : undefined))
    if (isTexts(titles)) return new Set(titles)
  } else if (isObject(facts) && isTexts(facts.title)) return new Set(facts.title)
  throw badField(where, ['supporting_facts'], 'a list of [title, sentence number]', facts)
}

// A colon would be taken for a prefix when an agent's argument is read back, "#2" for a second text of that title.
const docidOf = (title: string): string =>
  title.replace(/[%:#]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/** Gives each distinct (title, text) one docid: the title's, or with #2, #3 … where a title has several texts. */
const docidAssigner = (): ((title: string, text: string) => { docid: string; isNew: boolean }) => {
  const docids = new Map<string, string>()
  const variants = new Map<string, number>()
  return (title, text) => {
    const key = createHash('sha1').update(`${title}\n${text}`).digest('base64')
    const known = docids.get(key)
    if (known !== undefined) return { docid: known, isNew: false }
    const variant = (variants.get(title) ?? 0) + 1
    variants.set(title, variant)
    const docid = variant === 1 ? docidOf(title) : `${docidOf(title)}#${variant}`
    docids.set(key, docid)
    return { docid, isNew: true }
  }
}

/**
 * Questions of a HotpotQA file (a JSON array, in either published layout, compressed or not) with their new paragraphs
 * and their qrels: relevance 1 for the paragraphs of the supporting facts. Memory grows with the number of paragraphs by
 * about 100 bytes each. Throws UserError at a question that lacks what it needs.
 */
export async function* readHotpotqa(path: string): AsyncGenerator<HotpotItem> {
  const assign = docidAssigner()
  for await (const { value, index } of readJsonArray(path)) {
    const where = `${path} element ${index}`
    const record = objectAt(value, where)
    const hasId = firstOf(record, ['_id', 'id']) !== undefined
    const query_id = hasId ? idAt(record, ['_id', 'id'], where) : `hotpotqa-${index}`
    const titles = supportingTitles(record, where)
    const articles: Article[] = []
    const qrels = new Map<string, Qrel>()
    for (const [title, sentences] of paragraphsOf(record.context, where)) {
      const text = sentences.join('').trim()
      const { docid, isNew } = assign(title, text)
      if (isNew) articles.push({ id: docid, title, text })
      if (titles.has(title)) qrels.set(docid, { query_id, docid, relevance: 1 })
    }
    const answer = textAt(record, ['answer'], where, '')
    const query = { query_id, question: textAt(record, ['question'], where), answers: answer === '' ? [] : [answer] }
    yield { query, articles, qrels: [...qrels.values()] }
  }
}

/** The distinct paragraphs of a HotpotQA file as articles. */
export async function* readHotpotqaArticles(path: string): AsyncGenerator<Article> {
  for await (const { articles } of readHotpotqa(path)) yield* articles
}
