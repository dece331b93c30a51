// Tokenising in threads equals tokenising here.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokenizerFromJson, whitespaceTokenizer, wordPieceJson } from '../../../model/tokenize/tokenizer.ts'
import { openTokenThreads } from '../../../model/tokenize/tokens.ts'
import { ahead } from '../../../core/ahead.ts'
import { UserError } from '../../../core/errors.ts'

const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'play', '##ing', '##s', 'the', 'piano', ',', 'a', '1', '##8']
const tokenizer = tokenizerFromJson(wordPieceJson(`${VOCABULARY.join('\n')}\n`, 'vocab.txt'), 'small')

const text = fc
  .array(fc.oneof(fc.constantFrom('playing ', 'the ', 'pianos, ', '18 ', '\ud83d'), fc.string({ unit: 'grapheme' })))
  .map((words) => words.join(''))

describe('openTokenThreads', () => {
  it.each([0, 1, 3])('gives the ids of the tokenizer, in order, with %i threads', async (workers) => {
    const threads = openTokenThreads(tokenizer, { workers, patience: 0 })
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(text)), fc.integer({ min: 2, max: 12 }), async (batches, limit) => {
          const found: number[][] = []
          for await (const { ids, ends } of ahead(batches, (texts) => threads.run({ texts, limit }), 4))
            for (const [i, end] of ends.entries()) found.push([...ids.subarray(ends[i - 1] ?? 0, end)])
          expect(found).toEqual(batches.flat().map((one) => tokenizer.encode(one, limit)))
        }),
        { numRuns: 50, seed: 4 },
      )
    } finally {
      await threads.close()
    }
  })

  it.each([0, 2])('names the text that the tokenizer fails at, with %i threads', async (workers) => {
    const threads = openTokenThreads(tokenizer, { workers, patience: 0 })
    const texts = ['a', null as unknown as string]
    const failing = threads.run({ texts, limit: 8, where: ['file line 1', 'file line 2'] })
    await expect(failing).rejects.toThrow(/^file line 2: expected a text that the tokenizer small can read/)
    await expect(failing).rejects.toThrow(UserError)
    await expect(threads.run({ texts, limit: 8 })).rejects.toThrow(/^text 1/)
    expect([...(await threads.run({ texts: ['a'], limit: 8 })).ids]).toEqual([2, 10, 3])
    await threads.close()
  })

  it('says here that a tokenizer has no vocabulary', async () => {
    const threads = openTokenThreads(whitespaceTokenizer(), { workers: 2, patience: 0 })
    await expect(threads.run({ texts: ['a'], limit: 8 })).rejects.toThrow(/expected a tokenizer with a vocabulary/)
    await threads.close()
  })
})
