// Progress: one renewing line on a terminal, plain lines now and then elsewhere, and an honest rate.
import fc from 'fast-check'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { columnsOf } from '../../core/style.ts'
import { bytes, count, createProgress, duration } from '../../pipeline/progress.ts'

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly quiet?: boolean
}

const world = (isTTY: boolean, columns = 80, { env = { NO_COLOR: '1' }, quiet = false }: Surroundings = {}) => {
  let written = ''
  const clock = { ms: 0 }
  const output = { isTTY, columns, write: (text: string) => (written += text) }
  const progress = createProgress({ output, now: () => clock.ms, env, quiet })
  const take = (): string => {
    const text = written
    written = ''
    return text
  }
  return { progress, clock, take }
}
const CLEAR = '\r\x1b[2K'

describe('on a terminal', () => {
  test('one line renews itself, with share, rate, time left and note', () => {
    const { progress, clock, take } = world(true)
    progress.start('mine')
    clock.ms = 1000
    progress.update(100, 400, 'parts', '3 skipped')
    expect(take()).toBe(`${CLEAR}  mine: 100/400 parts, 100/s, 3.0 s left, 3 skipped`)
    clock.ms = 1900
    progress.update(380, 400, 'parts')
    expect(take()).toBe(`${CLEAR}  mine: 380/400 parts, 200/s, 0.1 s left`)
  })

  test('a bar joins it after two seconds, where there is room and an end in sight', () => {
    const { progress, clock, take } = world(true)
    progress.start('mine')
    clock.ms = 2000
    progress.update(200, 400, 'parts')
    expect(take()).toBe(`${CLEAR}  mine: ${'━'.repeat(7)}${'─'.repeat(7)}  50%  200/400 parts, 100/s, 2.0 s left`)
    clock.ms = 3000
    progress.update(300, null, 'parts')
    expect(take()).toBe(`${CLEAR}  mine: 300 parts, 100/s`)
    const narrow = world(true, 60)
    narrow.progress.start('mine')
    narrow.clock.ms = 2000
    narrow.progress.update(200, 400, 'parts')
    expect(narrow.take()).toBe(`${CLEAR}  mine:  50%  200/400 parts, 100/s, 2.0 s left`)
  })

  test('colours unless NO_COLOR is set or the terminal is dumb; a dumb one is not asked to clear lines', () => {
    const shown = (env: Record<string, string>): string => {
      const { progress, take } = world(true, 80, { env })
      progress.say('mine      up to date')
      progress.say('          note: an odd thing')
      return take()
    }
    expect(shown({})).toBe(
      `${CLEAR}\x1b[1mmine\x1b[22m\x1b[2m      up to date\x1b[22m\n${CLEAR}          \x1b[33mnote:\x1b[39m an odd thing\n`,
    )
    expect(shown({ NO_COLOR: '1' })).toBe(`${CLEAR}mine      up to date\n${CLEAR}          note: an odd thing\n`)
    expect(shown({ TERM: 'dumb' })).toBe('mine      up to date\n          note: an odd thing\n')
  })

  test('at most ten times a second', () => {
    const { progress, clock, take } = world(true)
    progress.start('mine')
    clock.ms = 1000
    progress.update(1, 9, 'parts')
    take()
    clock.ms = 1050
    progress.update(2, 9, 'parts')
    expect(take()).toBe('')
  })

  test('never wider than the terminal, so that it stays one line', () => {
    const { progress, clock, take } = world(true, 20)
    progress.start('a long label')
    clock.ms = 1000
    progress.update(1, 2, 'parts', 'and a long note')
    expect(take().slice(CLEAR.length)).toHaveLength(19)
  })

  test('also with a bar, colours, and letters that take two columns', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 160 }), fc.string({ unit: 'grapheme' }), (columns, note) => {
        const { progress, clock, take } = world(true, columns, { env: {} })
        progress.start('index')
        clock.ms = 5000
        progress.update(3, 7, 'parts', `你好 ${note}`)
        const line = stripVTControlCharacters(take()).slice(1)
        expect(columnsOf(line)).toBeLessThan(columns)
        expect(line).not.toContain('\n')
      }),
    )
  })

  test('other lines stand above it', () => {
    const { progress, take } = world(true)
    progress.say('hello')
    expect(take()).toBe(`${CLEAR}hello\n`)
    progress.finish('done')
    expect(take()).toBe(`${CLEAR}done\n`)
  })
})

describe('elsewhere', () => {
  test('plain lines, every five seconds at most, without control characters', () => {
    const { progress, clock, take } = world(false)
    progress.start('mine')
    for (clock.ms = 0; clock.ms <= 12_000; clock.ms += 500) progress.update(clock.ms / 500, 100, 'parts')
    progress.finish('done')
    expect(take()).toBe(
      ['  mine: 10/100 parts, 2.0/s, 45 s left', '  mine: 20/100 parts, 2.0/s, 40 s left', 'done', ''].join('\n'),
    )
  })
})

test('a quiet one only says what deserves a second look', () => {
  const { progress, clock, take } = world(false, 80, { quiet: true })
  progress.start('mine')
  clock.ms = 60_000
  progress.update(3, 9, 'parts')
  progress.say('          note: 3 records were skipped')
  progress.finish('mine      9 rows')
  expect(take()).toBe('          note: 3 records were skipped\n')
})

describe('the rate', () => {
  test('counts from where a resumed stage went on', () => {
    const { progress, clock, take } = world(false)
    progress.start('train', 900)
    clock.ms = 10_000
    progress.update(950, 1000, 'steps')
    expect(take()).toBe('  train: 950/1,000 steps, 5.0/s, 10 s left\n')
  })

  test('is none, and promises no end, while finished work is looked over again', () => {
    const { progress, clock, take } = world(false)
    progress.start('train', 900)
    clock.ms = 10_000
    progress.update(20, 1000, 'steps')
    expect(take()).toBe('  train: 20/1,000 steps, 0.0/s\n')
  })

  test('of slow work is the time that each takes', () => {
    const { progress, clock, take } = world(false)
    progress.start('train')
    clock.ms = 60_000
    progress.update(3, 9, 'steps')
    expect(take()).toBe('  train: 3/9 steps, 20 s each, 2 min left\n')
  })

  test('begins anew with each stage', () => {
    const { progress, clock, take } = world(false)
    progress.start('one')
    clock.ms = 10_000
    progress.update(1000, null, 'runs')
    progress.start('two')
    clock.ms = 20_000
    progress.update(10, null, 'runs')
    expect(take()).toBe('  one: 1,000 runs, 100/s\n  two: 10 runs, 1.0/s\n')
  })
})

test('numbers are written for people', () => {
  expect([0, 999, 1234567].map(count)).toEqual(['0', '999', '1,234,567'])
  expect([0, 9.96, 42, 120, 7200, 7260, Infinity].map(duration)).toEqual([
    '0.0 s',
    '10.0 s',
    '42 s',
    '2 min',
    '2 h 0 min',
    '2 h 1 min',
    '?',
  ])
  expect([0, 999, 1000, 45_000, 3.9e9].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '45 kB', '3.9 GB'])
})
