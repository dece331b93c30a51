import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadTokenizer, tokenizerFromJson, wordPieceJson } from '../../../model/tokenize/tokenizer.ts'
import { sharedTest } from '../../helpers/shared.ts'

const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'play', '##ing', '##s', 'the', 'piano', ',', 'a', '1', '##8']
const small = () => tokenizerFromJson(wordPieceJson(VOCABULARY.join('\n') + '\n', 'vocab.txt'), 'small')

describe('whitespace', () => {
  it("splits as Python's str.split()", async () => {
    const tokenizer = await loadTokenizer('whitespace')
    const text = ' a\u001cb\u0085c\u00a0d\ufeffe\n\n f '
    expect(tokenizer.spans(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      'a',
      'b',
      'c',
      'd\ufeffe',
      'f',
    ])
    expect(tokenizer.count(text)).toBe(5)
    expect(tokenizer.count('')).toBe(0)
    expect(tokenizer.truncate('one  two three', 2)).toBe('one  two')
    expect(tokenizer.truncate('one two', 5)).toBe('one two')
    expect(() => tokenizer.encode('a')).toThrow(/whitespace.*tokenizer\.json|tokenizer.*whitespace/)
  })
})

describe('WordPiece', () => {
  it('gives ids with special tokens, truncated inside them', () => {
    const tokenizer = small()
    expect(tokenizer.encode('Playing the piano, a')).toEqual([2, 4, 5, 7, 8, 9, 10, 3])
    expect(tokenizer.encode('Playing the piano, a', 5)).toEqual([2, 4, 5, 7, 3])
    expect(tokenizer.encode('')).toEqual([2, 3])
    expect(tokenizer.count('Playing the piano, zzz')).toBe(6)
    expect(tokenizer.padId).toBe(0)
    expect(tokenizer.vocabularySize).toBe(VOCABULARY.length)
  })

  it('places tokens in the text', () => {
    const text = 'Playing  the piano,  18'
    const spans = small().spans(text)
    expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual([
      'Play',
      'ing',
      'the',
      'piano',
      ',',
      '1',
      '8',
    ])
    expect(small().truncate(text, 4)).toBe('Playing  the piano')
    expect(small().truncate(text, 0)).toBe('')
  })

  const asAWhole = async (tokenizer: ReturnType<typeof tokenizerFromJson>): Promise<void> => {
    const text = 'It’s  Zürich\n\n(1893–1941), naïve [SEP] 東京 re-opened…  the Øresund\tx. unaffable'
    const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as {
      Tokenizer: new (json: object, config: object) => { encode(text: string): { ids: number[] } }
    }
    const whole = new Tokenizer(JSON.parse(tokenizer.json ?? '') as object, {})
    expect(tokenizer.encode(text)).toEqual(whole.encode(text).ids)
    expect(tokenizer.spans(text)).toHaveLength(tokenizer.count(text))
  }
  it('encodes by pieces exactly as the whole text at once', async () => {
    const more = 'it ’ s zurich ( 1893 – 1941 ) naive 東 京 re - opened … ##resund ø x . una ##ff ##able'.split(' ')
    await asAWhole(tokenizerFromJson(wordPieceJson([...VOCABULARY, ...more].join('\n') + '\n', 'vocab.txt'), 'larger'))
  })
  sharedTest(
    'encodes by pieces exactly as the whole text at once, with a real vocabulary',
    ['data/tokenizers/bert-base-uncased-vocab.txt'],
    async (path) => asAWhole(await loadTokenizer(path)),
  )
})

describe('pieces', () => {
  const words = fc.constantFrom(
    'play',
    'Playing',
    'PIANO,',
    'a|b',
    '|',
    '[SEP]',
    'naïve',
    '東京',
    '\u0301x',
    '\u200b',
    '18s',
    'ﬁ',
  )
  const gaps = fc.constantFrom(' ', ' ', ' ', '  ', '\n', '\t ', ' | ', '')
  const texts = fc
    .array(fc.tuple(words, gaps), { maxLength: 40 })
    .map((parts) => parts.map(([word, gap]) => word + gap).join(''))
  const library = async (json: string): Promise<{ encode(text: string): { ids: number[] } }> => {
    const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as {
      Tokenizer: new (json: object, config: object) => { encode(text: string): { ids: number[] } }
    }
    return new Tokenizer(JSON.parse(json) as object, {})
  }

  it('have, cold or remembered, the ids of the whole text', async () => {
    for (const bar of ['|', 'bar']) {
      const json = wordPieceJson([...VOCABULARY, bar, '##b', 'x', 'na', '##ive'].join('\n'), 'vocab.txt')
      const whole = await library(json)
      fc.assert(
        fc.property(fc.array(texts, { maxLength: 3 }), (given) => {
          const tokenizer = tokenizerFromJson(json, 'small')
          const long = Array.from({ length: 40 }, (_, i) => `${given.join(' ')} w${i}`).join(' ')
          for (const text of [...given, long, ...given]) {
            const { ids } = whole.encode(text)
            expect(tokenizer.encode(text)).toEqual(ids)
            expect(tokenizer.count(text)).toBe(ids.length - 2)
            if (ids.length > 5) expect(tokenizer.encode(text, 5)).toEqual([...ids.slice(0, 4), ids[ids.length - 1]])
          }
        }),
        { numRuns: 60 },
      )
    }
  })
})

describe('bad input', () => {
  it('names the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lrat-tokenizer-'))
    await writeFile(join(folder, 'tokenizer.json'), '{"model": 3')
    await writeFile(join(folder, 'vocab.txt'), 'a\nb\n')
    await expect(loadTokenizer(join(folder, 'missing.json'))).rejects.toThrow(
      /missing\.json: expected .*found nothing|missing\.json.*no such file/,
    )
    await expect(loadTokenizer(join(folder, 'tokenizer.json'))).rejects.toThrow(/tokenizer.json/)
    await expect(loadTokenizer(join(folder, 'vocab.txt'))).rejects.toThrow(/\[UNK\]/)
  })
})
