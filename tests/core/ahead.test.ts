// Work done one item ahead, and what happens to it when its user stops early.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ahead } from '../../core/ahead.ts'
import { createBackground } from '../../core/background.ts'

test('gives results in order, with the next one begun before the current one is used', async () => {
  const begun: number[] = []
  const seen: [number, number][] = []
  const work = async (item: number): Promise<number> => {
    begun.push(item)
    await sleep(item === 1 ? 20 : 1)
    return item * 10
  }
  for await (const result of ahead([1, 2, 3], work)) seen.push([result, begun.length])
  expect(seen).toEqual([
    [10, 2],
    [20, 3],
    [30, 3],
  ])
})

test('whoever stops early waits for the work that is under way, failing or not', async () => {
  let over = 0
  const work = async (item: number): Promise<number> => {
    await sleep(item === 1 ? 1 : 30)
    over += 1
    if (item === 2) throw new Error('nobody hears this')
    return item
  }
  await expect(
    (async () => {
      for await (const result of ahead([1, 2, 3], work)) if (result === 1) throw new Error('stop')
    })(),
  ).rejects.toThrow('stop')
  expect(over).toBe(2)
})

test('an error comes when its turn comes', async () => {
  const seen: number[] = []
  const work = async (item: number): Promise<number> => {
    if (item === 2) throw new Error('second')
    return item
  }
  await expect(
    (async () => {
      for await (const result of ahead([1, 2, 3], work)) seen.push(result)
    })(),
  ).rejects.toThrow('second')
  expect(seen).toEqual([1])
})

test('background work keeps to its limit and reports its first error', async () => {
  const background = createBackground(2)
  let running = 0
  let most = 0
  const piece = (fails: boolean) => async (): Promise<void> => {
    running += 1
    most = Math.max(most, running)
    await sleep(5)
    running -= 1
    if (fails) throw new Error('piece')
  }
  for (let at = 0; at < 5; at += 1) await background.add(piece(false))
  await background.drain()
  expect([most, running]).toEqual([2, 0])
  await background.add(piece(true))
  await expect(background.drain()).rejects.toThrow('piece')
  await expect(background.add(piece(false))).rejects.toThrow('piece')
})

test('works as many items ahead as it is told, draws no further, and gives errors of the source in their turn', async () => {
  let drawn = 0
  let closed = 0
  async function* source(): AsyncGenerator<number> {
    try {
      for (;;) {
        if (drawn === 7) throw new Error('seventh')
        yield drawn++
      }
    } finally {
      closed += 1
    }
  }
  const seen: [number, number][] = []
  const all = async (stop: number): Promise<void> => {
    for await (const item of ahead(source(), async (n) => n, 3)) if (seen.push([item, drawn]) === stop) return
  }
  await all(2)
  expect([drawn, closed]).toEqual([5, 1])
  await expect(all(100)).rejects.toThrow('seventh')
  expect(closed).toBe(2)
  expect(seen).toEqual([
    [0, 4],
    [1, 5],
    [5, 7],
    [6, 7],
  ])
})
