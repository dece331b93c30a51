// Cuts articles into chunks of a bounded number of tokens, at sentence ends where possible.
import type { Span, Tokenizer } from '../../model/tokenize/tokenizer.ts'
import type { Article } from '../../data/readers/corpora/article.ts'
import type { Document } from '../../data/schemas.ts'
import { sentenceEnds } from './sentences.ts'

export interface ChunkOptions {
  /** The most tokens of a chunk, its title line included. */
  readonly tokens: number
}

export interface Chunk extends Document {
  readonly tokens: number
}

type Counter = Pick<Tokenizer, 'count' | 'spans'>

/**
 * The docid of an article's n-th chunk: `<article>#<n>`. A colon would be taken for a prefix when an agent's argument
 * is read back, so it is written %3A (and % as %25, so that no two articles share an id).
 */
export const chunkDocid = (article: string, n: number): string =>
  `${article.replaceAll('%', '%25').replaceAll(':', '%3A')}#${n}`

/** The id of the article that a chunk's docid was made of. */
export const articleOfChunk = (docid: string): string =>
  docid.replace(/#\d+$/, '').replaceAll('%3A', ':').replaceAll('%25', '%')

// A title may take half of a chunk; beyond that it is cut at a token.
const titleLine = (title: string, tokenizer: Counter, limit: number): string => {
  const line = title.replace(/\s+/g, ' ').trim()
  if (line === '') return ''
  const spans = tokenizer.spans(line)
  const most = Math.max(1, Math.floor(limit / 2))
  return spans.length <= most ? `${line}\n` : `${line.slice(0, spans[most - 1].end).trimEnd()}\n`
}

const isLowSurrogate = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00

// Where to cut a sentence that is too long before token `end`: at the last white space, else between two tokens.
const cutWithin = (text: string, spans: readonly Span[], first: number, end: number): number => {
  for (let token = end; token > first; token--) {
    const at = spans[token].start
    if (/\s/.test(text.charAt(at - 1))) return at
  }
  const from = spans[first].start
  const at = Math.max(spans[end].start, spans[end - 1].end)
  const whole = isLowSurrogate(text, at) ? at - 1 : at
  return whole > from ? whole : Math.min(text.length, at + 1)
}

const lastAtMost = (sorted: readonly number[], value: number): number | undefined => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] <= value) low = middle + 1
    else high = middle
  }
  return sorted[low - 1]
}

const firstTokenFrom = (spans: readonly Span[], from: number, at: number): number => {
  let token = from
  while (token < spans.length && spans[token].start < at) token++
  return token
}

/**
 * Chunks of an article: each at most `tokens` tokens, its title the first line (`title\ntext`), cut at sentence ends, or
 * between words or tokens where one sentence is too long. The chunks' bodies, joined, are the article's text up to white
 * space. An article without text has no chunk. The same article and tokenizer always give the same chunks and docids.
 */
export const chunkArticle = (article: Article, tokenizer: Counter, { tokens: limit }: ChunkOptions): Chunk[] => {
  const body = article.text.trim()
  if (body === '') return []
  const title = titleLine(article.title, tokenizer, limit)
  const titleTokens = title === '' ? 0 : tokenizer.count(title)
  const chunks: Chunk[] = []
  const add = (text: string, tokens: number): void => {
    chunks.push({ docid: chunkDocid(article.id, chunks.length), title: article.title, text, tokens })
  }
  // Counting is several times faster than placing tokens, and most articles fit into one chunk.
  if (body.length <= limit * 6) {
    const tokens = tokenizer.count(title + body)
    if (tokens <= limit) {
      if (tokens > titleTokens) add(title + body, tokens)
      return chunks
    }
  }
  const spans = tokenizer.spans(body)
  if (spans.length === 0) return []
  const budget = Math.max(1, limit - titleTokens)
  const ends = sentenceEnds(body)
  for (let start = 0, first = 0, room = budget; start < body.length;) {
    const last = first + room
    let end = body.length
    if (last < spans.length) {
      const sentence = lastAtMost(ends, spans[last].start) ?? 0
      end = sentence > start ? sentence : cutWithin(body, spans, first, last)
    }
    const text = title + body.slice(start, end).trim()
    const tokens = tokenizer.count(text)
    // Tokens at a cut may differ from those of the whole text, so what counts is the chunk itself.
    if (tokens > limit && room > 1) {
      room = Math.max(1, room - (tokens - limit))
      continue
    }
    add(text, tokens)
    first = firstTokenFrom(spans, first, end)
    start = first < spans.length ? end : body.length
    room = budget
  }
  return chunks
}
