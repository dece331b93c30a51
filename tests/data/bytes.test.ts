import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openBytes } from '../../data/readers/bytes.ts'
import { collect, failure, scratch } from './helpers.ts'

const { folder, write } = scratch()

const installed = (tool: string): boolean => {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const compress = (tool: string, bytes: Uint8Array): Buffer =>
  execFileSync(tool, ['-c'], { input: bytes, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] })

const text = Buffer.from(
  Array.from({ length: 60_000 }, (_, i) => `line ${i} ${(i * 2654435761) % 4294967296}\n`).join(''),
)

const variants: readonly { name: string; extension: string; encode: (bytes: Uint8Array) => Buffer; runs: boolean }[] = [
  { name: 'gzip', extension: 'gz', encode: (bytes) => gzipSync(bytes), runs: true },
  { name: 'zstd', extension: 'zst', encode: (bytes) => compress('zstd', bytes), runs: installed('zstd') },
  { name: 'bzip2', extension: 'bz2', encode: (bytes) => compress('bzip2', bytes), runs: installed('bzip2') },
]

describe('openBytes', () => {
  it('reads a plain file, and an empty one', async () => {
    expect(Buffer.concat(await collect(openBytes(write('plain.txt', text)))).equals(text)).toBe(true)
    expect(await collect(openBytes(write('empty.txt', '')))).toEqual([])
  })

  for (const { name, extension, encode, runs } of variants) {
    describe.skipIf(!runs)(
      `${name}${runs ? '' : ' (skipped: the tool that makes such files is not installed)'}`,
      () => {
        it('is decompressed by its extension and by its first bytes, several streams in a row too', async () => {
          const half = text.length >> 1
          const twice = Buffer.concat([encode(text.subarray(0, half)), encode(text.subarray(half))])
          for (const path of [write(`a.${extension}`, encode(text)), write(`two.${extension}`, twice)]) {
            expect(Buffer.concat(await collect(openBytes(path))).equals(text)).toBe(true)
          }
          expect(Buffer.concat(await collect(openBytes(write(`b-${name}`, encode(text))))).equals(text)).toBe(true)
        })

        it('cut short is an error that says how far it got', async () => {
          const whole = encode(text)
          for (const length of [20, whole.length >> 1, whole.length - 9]) {
            const path = write(`cut.${extension}`, whole.subarray(0, length))
            const error = await failure(openBytes(path))
            expect(error.problem.where).toBe(path)
            expect(error.problem.found).toMatch(/ after [\d,]+ decompressed bytes$/)
            expect(error.problem.found).not.toContain('undefined')
          }
        })

        it('damaged at its start or empty is an error', async () => {
          const damaged = encode(text)
          damaged[0] = 0
          expect((await failure(openBytes(write(`bad.${extension}`, damaged)))).problem.expected).toContain(name)
          expect((await failure(openBytes(write(`none.${extension}`, '')))).problem.found).toBe('an empty file')
        })
      },
    )
  }

  it('a gzip file damaged in the middle is an error', async () => {
    const damaged = gzipSync(text)
    damaged.fill(0, damaged.length >> 1, (damaged.length >> 1) + 200)
    await failure(openBytes(write('middle.gz', damaged)), /whole gzip data/)
  })

  it('names a missing file, a folder, a compression it does not know', async () => {
    expect((await failure(openBytes(`${folder}/absent.txt`))).problem.found).toBe('nothing there')
    expect((await failure(openBytes(folder))).problem.found).toBe('a folder')
    expect((await failure(openBytes(write('a.xz', 'x')))).problem.fix).toBe('Decompress it first.')
  })

  it.skipIf(process.getuid?.() === 0)('names a file that may not be read', async () => {
    const path = write('secret', 'x')
    chmodSync(path, 0)
    expect((await failure(openBytes(path))).problem.found).toBe('no permission to read it')
  })

  it('can be left early', async () => {
    for (const { extension, encode, runs } of variants) {
      if (!runs) continue
      const path = write(`early.${extension}`, encode(text))
      for await (const piece of openBytes(path)) {
        expect(piece.length).toBeGreaterThan(0)
        break
      }
      expect(readFileSync(path).length).toBeGreaterThan(0)
    }
  })
})
