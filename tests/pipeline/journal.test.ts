import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Interrupted } from '../../core/errors.ts'
import { runItems } from '../../pipeline/items.ts'
import { openJournal, type Journal } from '../../pipeline/journal.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lrat-journal-'))
  path = join(folder, 'journal.ndjson')
})
afterEach(() => rmSync(folder, { recursive: true }))

const everything = async <T>(journal: Journal<T>): Promise<(readonly [string, T])[]> => {
  const all = []
  for await (const entry of journal.entries()) all.push(entry)
  return all
}

describe('journal', () => {
  it('keeps what was appended, over closing and opening', async () => {
    const first = await openJournal<{ text: string }>(path)
    const texts = ['', 'line\nfeed', 'é 東京 😀', 'x'.repeat(3_000_000)]
    await Promise.all(texts.map((text, index) => first.append(`k${index}`, { text })))
    await first.append('k0', { text: 'a second value for the same key is ignored' })
    expect(await first.read('k2')).toEqual({ text: texts[2] })
    await first.close()
    const second = await openJournal<{ text: string }>(path)
    expect(await everything(second)).toEqual(texts.map((text, index) => [`k${index}`, { text }]))
    await second.append('more', { text: 'm' })
    expect(await second.read('more')).toEqual({ text: 'm' })
    await second.close()
  })

  it.each([1, 5, 12, 20])('cuts a torn last line off (%i bytes missing) and goes on', async (missing) => {
    const first = await openJournal<string>(path)
    await first.append('a', 'one')
    await first.append('b', 'ein längerer Wert')
    await first.close()
    truncateSync(path, readFileSync(path).length - missing)
    const second = await openJournal<string>(path)
    expect([second.has('a'), second.has('b'), second.damaged]).toEqual([true, false, 0])
    await second.append('b', 'again')
    await second.close()
    const third = await openJournal<string>(path)
    expect(await everything(third)).toEqual([
      ['a', 'one'],
      ['b', 'again'],
    ])
    await third.close()
  })

  it('counts damaged lines and does their items again', async () => {
    writeFileSync(path, '["a",1]\nno JSON\n{"b":2}\n["c",3]\n')
    appendFileSync(path, '\0\0\0')
    const journal = await openJournal<number>(path)
    expect(journal.damaged).toBe(2)
    expect(await everything(journal)).toEqual([
      ['a', 1],
      ['c', 3],
    ])
    await journal.close()
  })

  it('survives SIGKILL: whatever was acknowledged is there', async () => {
    const program = `
      const { appendFile, open } = require('node:fs/promises')
      ;(async () => {
        const file = await open(process.argv[1], 'a')
        for (let i = 0; ; i++) {
          await file.appendFile(JSON.stringify(['k' + i, 'v'.repeat(i % 500)]) + '\\n')
          await file.datasync()
          process.stdout.write(i + '\\n')
        }
      })()`
    const child = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let seen = ''
    child.stdout.on('data', (data: Buffer) => {
      seen += data.toString()
      if (seen.split('\n').length > 40) child.kill('SIGKILL')
    })
    await new Promise((resolve) => child.on('close', resolve))
    const acknowledged = seen.split('\n').length - 1
    const journal = await openJournal<string>(path)
    for (let i = 0; i < acknowledged; i += 1) expect(await journal.read(`k${i}`)).toBe('v'.repeat(i % 500))
    await journal.close()
  })
})

const range = (n: number): number[] => Array.from({ length: n }, (_, index) => index)
const numbered = {
  key: (item: number): string => String(item),
  signal: new AbortController().signal,
}

describe('runItems', () => {
  it('does each item once, in bounded concurrency, and gives keys in input order', async () => {
    const journal = await openJournal<number>(path)
    let now = 0
    let most = 0
    const outcome = await runItems({
      ...numbered,
      items: [...range(50), 3, 4],
      concurrency: 7,
      journal,
      work: async (item) => {
        most = Math.max(most, (now += 1))
        await new Promise((resolve) => setTimeout(resolve, (item * 7) % 5))
        now -= 1
        return item * item
      },
    })
    expect(outcome).toEqual({ keys: range(50).map(String), fresh: 50, stopped: false })
    expect(most).toBe(7)
    expect(await journal.read('7')).toBe(49)
    await journal.close()
  })

  it('does only what is missing after an interruption', async () => {
    const controller = new AbortController()
    const first = await openJournal<number>(path)
    const started: number[] = []
    const work = async (item: number, signal: AbortSignal): Promise<number> => {
      started.push(item)
      if (item === 20) controller.abort()
      await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
      return item
    }
    const options = { ...numbered, items: range(40), concurrency: 3, work }
    await expect(runItems({ ...options, journal: first, signal: controller.signal })).rejects.toThrow(Interrupted)
    const done = first.size
    expect(done).toBeLessThan(21)
    await first.close()
    started.length = 0
    const second = await openJournal<number>(path)
    const outcome = await runItems({ ...options, journal: second })
    expect([outcome.fresh, started.length, second.size]).toEqual([40 - done, 40 - done, 40])
    await second.close()
  })

  it('fails with the first error and keeps what was finished', async () => {
    const journal = await openJournal<number>(path)
    const work = async (item: number): Promise<number> => {
      if (item === 5) throw new Error('five')
      return item
    }
    await expect(runItems({ ...numbered, items: range(100), concurrency: 2, work, journal })).rejects.toThrow('five')
    expect(journal.has('4')).toBe(true)
    expect(journal.size).toBeLessThan(10)
    await journal.close()
  })

  it('stops cleanly where it is told to', async () => {
    const journal = await openJournal<number>(path)
    const outcome = await runItems({
      ...numbered,
      items: range(100),
      concurrency: 4,
      work: async (item) => item,
      journal,
      admit: () => journal.size < 10,
    })
    expect(outcome.stopped).toBe(true)
    expect(journal.size).toBe(outcome.fresh)
    expect(outcome.fresh).toBeGreaterThanOrEqual(9)
    expect(outcome.fresh).toBeLessThan(20)
    await journal.close()
  })
})
