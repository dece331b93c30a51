import { truncateSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLineChunks } from '../../data/readers/line-chunks.ts'
import { readJsonLines, readLines } from '../../data/readers/lines.ts'
import { collect, failure, scratch } from './helpers.ts'

const { folder, write } = scratch()
const linesOf = async (path: string) => (await collect(readLines(path))).flat()

describe('readLines', () => {
  it('strips the byte order mark and carriage returns, skips blank lines, keeps numbers', async () => {
    const path = write('a.txt', '\ufeffone\r\n\r\n  \n two\nthree')
    expect(await linesOf(path)).toEqual([
      { text: 'one', number: 1 },
      { text: ' two', number: 4 },
      { text: 'three', number: 5 },
    ])
  })

  it('an empty file has no lines', async () => {
    expect(await linesOf(write('empty.txt', ''))).toEqual([])
    expect(await linesOf(write('newlines.txt', '\n\n'))).toEqual([])
  })

  it('keeps lines whole across blocks', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${i} ${'ä€😀'.repeat(i % 400)}`)
    const path = write('long.txt.gz', gzipSync(lines.join('\n')))
    expect(await linesOf(path)).toEqual(lines.map((text, i) => ({ text, number: i + 1 })))
  })

  it('a line over several blocks', async () => {
    const long = 'x'.repeat(5_000_000)
    expect((await linesOf(write('huge.txt', `a\n${long}\nb\n`))).map(({ text }) => text)).toEqual(['a', long, 'b'])
  })

  it('refuses what is not UTF-8, with its line', async () => {
    const path = write('latin1.txt', Buffer.from('one\ncaf\xe9\n', 'latin1'))
    expect((await failure(readLines(path))).problem.where).toBe(`${path} line 2`)
  })
})

describe('readJsonLines', () => {
  it('gives values with their line numbers', async () => {
    const path = write('a.jsonl', '{"a":1}\n\n[2]\n')
    expect((await collect(readJsonLines(path))).flat()).toEqual([
      { value: { a: 1 }, number: 1 },
      { value: [2], number: 3 },
    ])
  })

  it('malformed JSON is an error with the file, the line and what is there', async () => {
    const path = write('bad.jsonl', `{"a":1}\n{"a":2}\n{"a": ${'3'.repeat(200)}\n`)
    const { problem } = await failure(readJsonLines(path))
    expect(problem.where).toMatch(/bad.jsonl line 3 column \d+$/)
    expect(problem.found).toBe(`"{"a": ${'3'.repeat(74)}…"`)
  })
})

describe('readLineChunks', () => {
  const chunksOf = (paths: string[], bytes: number) => collect(readLineChunks(paths, bytes))

  it('cuts at line ends only, numbers lines and chunks', async () => {
    const a = write('c1.txt', '\ufeffaa\nbb\ncc\n')
    const b = write('c2.txt', 'dd\nee')
    const chunks = await chunksOf([a, b], 6)
    expect(chunks.map(({ bytes, ...rest }) => ({ ...rest, text: bytes.toString() }))).toEqual([
      { index: 0, path: a, firstLine: 1, text: 'aa\nbb\n' },
      { index: 1, path: a, firstLine: 3, text: 'cc\n' },
      { index: 2, path: b, firstLine: 1, text: 'dd\nee' },
    ])
  })

  it('whatever the lines: chunks join to the file, keep the limit, and do not depend on compression', async () => {
    let n = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 30 }), { maxLength: 40 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 60 }),
        async (lengths, ended, limit) => {
          const text = lengths.map((length, i) => String(i % 10).repeat(length)).join('\n') + (ended ? '\n' : '')
          const plain = await chunksOf([write(`p${n}.txt`, text)], limit)
          const zipped = await chunksOf([write(`p${n++}.gz`, gzipSync(text))], limit)
          expect(plain.map(({ bytes }) => bytes.toString()).join('')).toBe(text)
          expect(zipped.map(({ bytes }) => bytes.toString())).toEqual(plain.map(({ bytes }) => bytes.toString()))
          let line = 1
          for (const [i, { bytes, firstLine }] of plain.entries()) {
            const chunk = bytes.toString()
            const lines = chunk.split('\n').length - 1
            expect(firstLine).toBe(line)
            expect(chunk.endsWith('\n') || i === plain.length - 1).toBe(true)
            expect(chunk.length <= limit || lines <= 1).toBe(true)
            line += lines
          }
        },
      ),
      { numRuns: 150, seed: 7 },
    )
  })

  it('cuts the same where a block ends inside a line', async () => {
    const text = Array.from({ length: 40_000 }, (_, i) => `${i} ${'y'.repeat(i % 173)}`).join('\n')
    const plain = await chunksOf([write('big.txt', text)], 300_000)
    const zipped = await chunksOf([write('big.gz', gzipSync(text))], 300_000)
    expect(zipped.map(({ bytes }) => bytes.length)).toEqual(plain.map(({ bytes }) => bytes.length))
    expect(Buffer.concat(plain.map(({ bytes }) => bytes)).equals(Buffer.from(text))).toBe(true)
  })

  it('an empty file gives no chunk, a missing one an error', async () => {
    expect(await chunksOf([write('empty.txt', '')], 10)).toEqual([])
    expect((await failure(readLineChunks([`${folder}/absent`], 10))).problem.found).toBe('nothing there')
  })

  it('a file without line ends is an error, not a full memory', async () => {
    const path = write('endless.jsonl', 'a\n')
    truncateSync(path, 600_000_000)
    for (const lines of [readLines(path), readLineChunks([path], 1 << 24)]) {
      expect((await failure(lines)).problem.where).toBe(`${path} line 2`)
    }
  })
})
