// Large calls are tokenised in threads and computed in turn: the same numbers, whoever waits for whom.
import { expect, it } from 'vitest'
import { encoderOf } from '../../model/encoder.ts'
import { randomStaticModel } from '../../model/folder.ts'
import { vocabularyBuilder } from '../../model/tokenize/vocabulary.ts'
import { Interrupted } from '../../core/errors.ts'

const word = (i: number): string => `w${(i * 7919) % 503}`
const text = (i: number): string => Array.from({ length: 20 + (i % 60) }, (_, k) => word(i + k * k)).join(' ')
const batches = [0, 1, 2].map((batch) => Array.from({ length: 900 }, (_, i) => text(batch * 900 + i)))

const model = (() => {
  const builder = vocabularyBuilder()
  for (const one of batches.flat()) builder.add(one)
  const tokenizerJson = builder.finish({ size: 400, maxTokens: 50 })
  return randomStaticModel({ tokenizerJson, dimensions: 8, maxTokens: 50, seed: 1 })
})()

it('gives the same for large calls at once, with threads and without, as for small ones', async () => {
  const plain = await encoderOf(model, { threads: { workers: 0 } })
  const small: number[] = []
  const all = batches.flat()
  for (let at = 0; at < all.length; at += 100) small.push(...(await plain.encode(all.slice(at, at + 100), 'passage')))
  for (const encoder of [plain, await encoderOf(model, { threads: { workers: 2, patience: 0 } })]) {
    const large = await Promise.all(batches.map((batch) => encoder.encode(batch, 'passage')))
    const found = large.flatMap((vectors) => [...vectors])
    expect(found).toHaveLength(small.length)
    expect(Math.max(...found.map((x, i) => Math.abs(x - small[i])))).toBeLessThan(1e-6)
    await encoder.close()
  }
})

it('stops between two batches, and goes on for others', async () => {
  const encoder = await encoderOf(model, { batchTokens: 100, threads: { workers: 1, patience: 0 } })
  const controller = new AbortController()
  const stopped = encoder.encode(batches[0], 'passage', controller.signal)
  const other = encoder.encode(batches[1], 'passage')
  controller.abort()
  await expect(stopped).rejects.toThrow(Interrupted)
  expect(await other).toHaveLength(8 * batches[1].length)
  await encoder.close()
})
