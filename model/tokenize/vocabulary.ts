// A word-level vocabulary from texts, as a standard tokenizer.json.
const PUNCTUATION = String.raw`\p{P}!-/:-@\[-\x60{-~`
const WORDS = new RegExp(String.raw`[^\s${PUNCTUATION}]+|[${PUNCTUATION}]`, 'gu')

export interface VocabularyOptions {
  /** At most so many entries, [PAD] and [UNK] included. */
  readonly size: number
  /** Longer texts are cut here, in tokens. */
  readonly maxTokens: number
}

export interface VocabularyBuilder {
  add(text: string): void
  /** The tokenizer.json of the most frequent words; words equally frequent are taken in code point order. */
  finish(options: VocabularyOptions): string
}

/** Counts lower-cased words and punctuation marks. */
export const vocabularyBuilder = (): VocabularyBuilder => {
  const counts = new Map<string, number>()
  return {
    add: (text) => {
      for (const [word] of text.toLowerCase().matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1)
    },
    finish: ({ size, maxTokens }) => {
      const words = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word)
      return wordLevelJson(words.slice(0, Math.max(0, size - 2)), maxTokens)
    },
  }
}

const special = (content: string, id: number): object => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
})

const wordLevelJson = (words: readonly string[], maxTokens: number): string =>
  JSON.stringify({
    version: '1.0',
    truncation: { direction: 'Right', max_length: maxTokens, strategy: 'LongestFirst', stride: 0 },
    padding: null,
    added_tokens: [special('[PAD]', 0), special('[UNK]', 1)],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: null,
    // WordPiece without a single continuation piece is a word-level model, in the form that every reader knows.
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(['[PAD]', '[UNK]', ...words].map((word, id) => [word, id])),
    },
  })
