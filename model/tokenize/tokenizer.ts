// Text to token ids and back to character offsets, for chunking, snippets, counting and training.
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as huggingFace from '@huggingface/tokenizers'
import { messageOf, UserError } from '../../core/errors.ts'

/** What is used of the package; its own declarations do not resolve under NodeNext. */
interface HuggingFaceTokenizer {
  encode(text: string, options?: { add_special_tokens: boolean }): { ids: number[]; tokens: string[] }
  token_to_id(token: string): number | undefined
  get_vocab(withAddedTokens: boolean): Map<string, number>
}
const { Tokenizer: HuggingFaceTokenizer } = huggingFace as unknown as {
  Tokenizer: new (json: object, config: object) => HuggingFaceTokenizer
}

/** Where a token lies in its text, in UTF-16 code units, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Tokenizer {
  readonly name: string
  /** Number of ids, special tokens included; 0 for `whitespace`, which has no vocabulary. */
  readonly vocabularySize: number
  /** Id that fills up a padded batch. */
  readonly padId: number
  /** Number of tokens of the text itself, special tokens not counted. */
  count(text: string): number
  /** Ids with the model's special tokens, at most `limit` in all: the text's tail is cut, special tokens stay. */
  encode(text: string, limit?: number): number[]
  /** Each token's place in the text, in order, special tokens left out. */
  spans(text: string): Span[]
  /** The text up to the end of its n-th token; all of it when it has no more than n. */
  truncate(text: string, n: number): string
  /** The content of `tokenizer.json`; undefined for `whitespace`. */
  readonly json?: string
}

/** What Python's str.split() splits at (JavaScript's \s lacks U+001C–U+001F and U+0085 and has U+FEFF). */
const PYTHON_SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const WORD = new RegExp(`[^${PYTHON_SPACE}]+`, 'g')

const truncateBySpans = (spans: (text: string) => Span[], text: string, n: number): string => {
  if (n <= 0) return ''
  if (text.length <= n) return text
  const all = spans(text)
  const last = all[n - 1]
  return last === undefined || all.length <= n ? text : text.slice(0, last.end)
}

/** Splits as Python's str.split(); counts and offsets only, no ids. */
export const whitespaceTokenizer = (): Tokenizer => {
  const spans = (text: string): Span[] =>
    Array.from(text.matchAll(WORD), (m) => ({ start: m.index, end: m.index + m[0].length }))
  return {
    name: 'whitespace',
    vocabularySize: 0,
    padId: 0,
    count: (text) => text.match(WORD)?.length ?? 0,
    encode: () => {
      throw new UserError({
        where: 'tokenizer',
        expected: 'a tokenizer with a vocabulary, to turn text into ids',
        found: '"whitespace"',
        fix: 'Name a tokenizer.json or vocab.txt, or let the static model build its own vocabulary.',
      })
    },
    spans,
    truncate: (text, n) => truncateBySpans(spans, text, n),
  }
}

const SPACE = /\s/
/** Whether a UTF-16 unit is white space, as \s has it. */
const isSpace = (unit: number): boolean =>
  unit < 0x80 ? unit === 0x20 || (unit >= 9 && unit <= 13) : SPACE.test(String.fromCharCode(unit))

/**
 * A text cut before each single space between two non-spaces. That never changes the tokens of the vocabularies in use:
 * their pre-tokenizers end a word there, and where a word carries its space (byte-level BPE, Metaspace) it leads the word.
 */
const piecesOf = (text: string): string[] => {
  const pieces: string[] = []
  let start = 0
  for (let at = text.indexOf(' ', 1); at > 0 && at + 1 < text.length; at = text.indexOf(' ', at + 1)) {
    if (isSpace(text.charCodeAt(at - 1)) || isSpace(text.charCodeAt(at + 1))) continue
    pieces.push(text.slice(start, at))
    start = at
  }
  pieces.push(text.slice(start))
  return pieces
}

const CACHED_PIECES = 200_000
const CACHED_PIECE_LENGTH = 64

interface Piece {
  readonly ids: readonly number[]
  readonly tokens: readonly string[]
  /** Places of the tokens within the piece, once somebody asked. */
  spans?: readonly Span[]
}

/** Characters of the text that a token stands for, if its spelling tells. */
const spelling = (token: string): string => token.replace(/^##|^[Ġ▁]+|<\/w>$/gu, '')

/** Offsets of the tokens within a piece: by their spelling where it is found, else in equal shares. */
const placeTokens = (piece: string, tokens: readonly string[]): Span[] => {
  const lower = piece.toLowerCase()
  const usable = lower.length === piece.length
  const spans: Span[] = []
  let at = 0
  for (const [i, token] of tokens.entries()) {
    while (/\s/.test(piece[at] ?? '')) at++
    const text = spelling(token).toLowerCase()
    const found = usable && text !== '' ? lower.indexOf(text, at) : -1
    const rest = piece.trimEnd().length - at
    const start = found >= 0 && found - at <= 1 ? found : at
    const share = Math.max(1, Math.round(rest / (tokens.length - i)))
    const end = found >= 0 && found - at <= 1 ? found + text.length : Math.min(piece.length, at + share)
    spans.push({ start, end })
    at = end
  }
  const last = spans.at(-1)
  if (last !== undefined) spans[spans.length - 1] = { start: last.start, end: piece.trimEnd().length }
  return spans
}

/** The position of the special tokens that a model puts around a text. */
const specialTokens = (inner: HuggingFaceTokenizer): { before: number[]; after: number[] } => {
  const bare = inner.encode('a', { add_special_tokens: false }).ids
  const full = inner.encode('a').ids
  const before = full.findIndex((_, i) => bare.every((id, j) => full[i + j] === id))
  return before < 0
    ? { before: [], after: [] }
    : { before: full.slice(0, before), after: full.slice(before + bare.length) }
}

const PAD_TOKENS = ['[PAD]', '<pad>', '<|endoftext|>']

/** A tokenizer from the text of a `tokenizer.json`. Throws UserError when it is not one. */
export const tokenizerFromJson = (json: string, name: string): Tokenizer => {
  const inner = construct(json, name)
  const cache = new Map<string, Piece>()
  const encodePiece = (piece: string): Piece => {
    const known = cache.get(piece)
    if (known !== undefined) return known
    const { ids, tokens } = inner.encode(piece, { add_special_tokens: false })
    const fresh: Piece = { ids, tokens }
    if (piece.length <= CACHED_PIECE_LENGTH) {
      if (cache.size >= CACHED_PIECES) cache.clear()
      cache.set(piece, fresh)
    }
    return fresh
  }
  const { before, after } = specialTokens(inner)
  const spans = (text: string): Span[] => {
    const all: Span[] = []
    let offset = 0
    for (const piece of piecesOf(text)) {
      const known = encodePiece(piece)
      known.spans ??= placeTokens(piece, known.tokens)
      for (const { start, end } of known.spans) all.push({ start: offset + start, end: offset + end })
      offset += piece.length
    }
    return all
  }
  const padId = PAD_TOKENS.map((token) => inner.token_to_id(token)).find((id) => id !== undefined) ?? 0
  return {
    name,
    vocabularySize: 1 + Math.max(0, ...maximum(inner.get_vocab(true).values())),
    padId,
    count: (text) => {
      let n = 0
      for (const piece of piecesOf(text)) n += encodePiece(piece).ids.length
      return n
    },
    encode: (text, limit = Infinity) => {
      const room = limit - before.length - after.length
      const ids: number[] = [...before]
      for (const piece of piecesOf(text)) {
        if (ids.length - before.length >= room) break
        for (const id of encodePiece(piece).ids) ids.push(id)
      }
      if (ids.length - before.length > room) ids.length = before.length + Math.max(0, room)
      for (const id of after) ids.push(id)
      return ids
    },
    spans,
    truncate: (text, n) => truncateBySpans(spans, text, n),
    json,
  }
}

/** The largest value, as a list of at most one, without spreading a vocabulary over the stack. */
const maximum = (values: Iterable<number>): number[] => {
  let top = -1
  for (const value of values) if (value > top) top = value
  return top < 0 ? [] : [top]
}

const construct = (json: string, name: string): HuggingFaceTokenizer => {
  try {
    return new HuggingFaceTokenizer(JSON.parse(json) as object, {})
  } catch (error) {
    throw new UserError({
      where: name,
      expected: 'a Hugging Face tokenizer.json',
      found: messageOf(error),
      fix: 'Name the tokenizer.json of a model, a WordPiece vocab.txt, or "whitespace".',
      cause: error,
    })
  }
}

/** The tokenizer.json of a BERT WordPiece vocabulary: one token a line, its line number its id. */
export const wordPieceJson = (vocabulary: string, name: string): string => {
  const tokens = vocabulary.split(/\r?\n/)
  if (tokens.at(-1) === '') tokens.pop()
  for (const needed of ['[UNK]', '[CLS]', '[SEP]', '[PAD]']) {
    if (!tokens.includes(needed))
      throw new UserError({
        where: name,
        expected: `a WordPiece vocabulary with ${needed}, one token a line`,
        found: `${tokens.length} lines without it`,
        fix: 'Name the vocab.txt of a BERT model.',
      })
  }
  const special = tokens.flatMap((content, id) => (/^\[[A-Z]+\]$/.test(content) ? [{ content, id }] : []))
  const uncased = !tokens.some((token) => /[A-Z]/.test(token) && !/^\[.*\]$/.test(token))
  const id = (token: string): number => tokens.indexOf(token)
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((token) => ({
      ...token,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: uncased,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 1 } },
        { SpecialToken: { id: '[SEP]', type_id: 1 } },
      ],
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]'].map((token) => [token, { id: token, ids: [id(token)], tokens: [token] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, index) => [token, index])),
    },
  })
}

/**
 * The tokenizer named by `spec`: "whitespace", the path of a `tokenizer.json` or WordPiece `vocab.txt` (any *.txt), or
 * a model folder with one of the two. Throws UserError when it cannot be read.
 */
export const loadTokenizer = async (spec: string): Promise<Tokenizer> => {
  if (spec === 'whitespace') return whitespaceTokenizer()
  const path = await tokenizerFile(spec)
  const text = await readFile(path, 'utf8')
  return tokenizerFromJson(path.endsWith('.txt') ? wordPieceJson(text, path) : text, basename(spec))
}

const tokenizerFile = async (spec: string): Promise<string> => {
  const candidates = [spec, join(spec, 'tokenizer.json'), join(spec, 'vocab.txt')]
  for (const path of candidates) {
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile() === true) return path
  }
  throw new UserError({
    where: spec,
    expected: 'a tokenizer.json, a WordPiece vocab.txt, or a folder with one of them',
    found: 'no such file',
    fix: 'Correct `tokenizer:` in the config, or use "whitespace".',
  })
}
