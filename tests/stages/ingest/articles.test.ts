// Articles to parts: the same bytes however many threads cut them, and whatever of them was there.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Article } from '../../../data/readers/corpora/article.ts'
import { documents } from '../../../data/schemas.ts'
import { tokenizerFromJson, wordPieceJson } from '../../../model/tokenize/tokenizer.ts'
import { Interrupted } from '../../../core/errors.ts'
import { hashFile } from '../../../pipeline/fingerprint.ts'
import { listParts } from '../../../pipeline/parts.ts'
import { createContext } from '../../../pipeline/context.ts'
import { configSchema } from '../../../stages/config.ts'
import { ingestArticles } from '../../../stages/ingest/articles.ts'
import { cutArticles, openCutters } from '../../../stages/ingest/cut.ts'
import { ingestStage } from '../../../stages/ingest/stage.ts'
import { tempFolders } from '../../helpers/temp.ts'
import { silent } from '../../pipeline/fake-stages.ts'

const temp = tempFolders()
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'play', '##ing', '##s', 'the', 'piano', ',', '.', 'a', '1']
const tokenizer = tokenizerFromJson(wordPieceJson(`${VOCABULARY.join('\n')}\n`, 'vocab.txt'), 'small')

const articles = (n: number): Article[] =>
  Array.from({ length: n }, (_, i) => ({
    id: `a${i}`,
    title: `The ${i}`,
    text: 'Playing the piano, a lot. Pianos play. '.repeat(1 + (i % 7)),
  }))

const contextIn = (run: string, signal: AbortSignal) =>
  createContext({
    stages: [ingestStage],
    stage: ingestStage,
    restsOn: [],
    config: configSchema.parse({ run, corpus: { path: 'unused' } }),
    run,
    fingerprint: 'f',
    progress: silent,
    signal,
  })

const ingest = async (run: string, workers: number, signal = new AbortController().signal): Promise<string[]> => {
  const options = { tokens: 16, tokenizer, total: null, threads: { workers, patience: 0 } }
  await ingestArticles(contextIn(run, signal), articles(4100), options)
  return listParts(join(run, 'ingest'), documents).map(hashFile)
}

test('parts have the same bytes with any number of threads, and when one of them is made again', async () => {
  const run = temp()
  const plain = await ingest(run, 0)
  expect(plain).toHaveLength(3)
  expect(await ingest(temp(), 3)).toEqual(plain)
  rmSync(listParts(join(run, 'ingest'), documents)[1])
  expect(await ingest(run, 1)).toEqual(plain)
})

test('an interrupt ends the threads, keeps what is whole, and the rest is made later', async () => {
  const controller = new AbortController()
  const run = temp()
  async function* source(): AsyncGenerator<Article> {
    for (const [i, article] of articles(4100).entries()) {
      if (i === 3000) controller.abort()
      yield article
    }
  }
  const options = { tokens: 16, tokenizer, total: null, threads: { workers: 2, patience: 0 } }
  await expect(ingestArticles(contextIn(run, controller.signal), source(), options)).rejects.toThrow(Interrupted)
  expect(listParts(join(run, 'ingest'), documents).length).toBeLessThan(3)
  expect(await ingest(run, 2)).toEqual(await ingest(temp(), 0))
})

test('threads cut as it is done here, whatever the articles', async () => {
  const threads = openCutters(tokenizer, { workers: 2, patience: 0 })
  const here = cutArticles(tokenizer)
  const article = fc.record({
    id: fc.string(),
    title: fc.string({ maxLength: 20 }),
    text: fc
      .array(fc.constantFrom('Playing ', 'the. ', 'piano ', '\n', '😀', '\ud83d'), { maxLength: 80 })
      .map((x) => x.join('')),
  })
  const tokens = fc.option(fc.integer({ min: 4, max: 40 }), { nil: undefined })
  await fc.assert(
    fc.asyncProperty(fc.array(article), tokens, async (some, limit) => {
      const task = { articles: some, tokens: limit }
      expect(await threads.run(task)).toEqual(here(task))
    }),
    { numRuns: 60, seed: 6 },
  )
  await threads.close()
})

test('an error names the article', async () => {
  const threads = openCutters(tokenizer, { workers: 1, patience: 0 })
  const broken = { id: 'b', title: '', text: null as unknown as string }
  const failing = threads.run({ articles: [...articles(3), broken], tokens: 16 })
  await expect(failing).rejects.toThrow(/^article b: expected a text that the tokenizer small can read/)
  await threads.close()
})
