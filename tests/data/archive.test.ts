import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readEntries } from '../../data/readers/archive.ts'
import { compareNaturally } from '../../core/natural-order.ts'
import { makeTar, makeZip } from './archives.ts'
import { collect, failure, scratch } from './helpers.ts'

const { folder, write } = scratch()
const accept = (name: string): boolean => name.endsWith('.json')
const read = async (path: string) =>
  (await collect(readEntries(path, { accept }))).map(({ name, bytes }) => [name, bytes.toString()])

describe('natural order', () => {
  it('takes digits as numbers, and is total', () => {
    expect(['11.json', '4.json', '1.json', '5.json'].sort(compareNaturally)).toEqual([
      '1.json',
      '4.json',
      '5.json',
      '11.json',
    ])
    expect(['a1', 'b', 'a/10', 'a01', 'a/2', 'a'].sort(compareNaturally)).toEqual([
      'a',
      'a01',
      'a1',
      'a/2',
      'a/10',
      'b',
    ])
    expect(compareNaturally('99999999999999999999', '100000000000000000000')).toBeLessThan(0)
  })
})

describe('readEntries of a folder', () => {
  it('reads wanted files of all sub-folders in natural order', async () => {
    for (const name of ['11.json', '4.json', '1.json', 'deep/er/2.json', 'notes.txt', '._1.json']) {
      write(`plain/${name}`, name)
    }
    expect((await read(join(folder, 'plain'))).map(([name]) => name)).toEqual([
      '1.json',
      '4.json',
      '11.json',
      'deep/er/2.json',
    ])
  })

  it('reads links within, refuses links out, and does not walk in circles', async () => {
    write('links/1.json', 'one')
    write('outside.json', 'secret')
    symlinkSync('1.json', join(folder, 'links/2.json'))
    symlinkSync('.', join(folder, 'links/loop.json'))
    expect(await read(join(folder, 'links'))).toEqual([
      ['1.json', 'one'],
      ['2.json', 'one'],
    ])
    symlinkSync('../outside.json', join(folder, 'links/3.json'))
    expect((await failure(readEntries(join(folder, 'links'), { accept }))).problem.found).toContain('leads out of it')
  })

  it('limits the size of an entry', async () => {
    write('large/1.json', 'x'.repeat(101))
    const { problem } = await failure(readEntries(join(folder, 'large'), { maxBytes: 100 }))
    expect(problem.where).toContain('1.json')
    expect(problem.found).toBe('101')
  })

  it('an empty folder has no entries, a missing one is an error', async () => {
    write('empty/notes.txt', '')
    expect(await read(join(folder, 'empty'))).toEqual([])
    expect((await failure(readEntries(join(folder, 'absent')))).problem.found).toBe('nothing there')
    expect((await failure(readEntries(write('what.rar', '')))).problem.expected).toContain('.zip')
  })
})

describe('readEntries of a tar', () => {
  const files = [
    { name: './runs/', type: 'directory' as const },
    { name: './runs/2.json', content: 'two' },
    { name: './runs/notes.txt', content: 'no' },
    { name: './runs/10.json', content: 'ten'.repeat(100_000) },
    { name: './runs/empty.json' },
  ]

  it('plain and gzipped, in its own order', async () => {
    const tar = await makeTar(files)
    for (const path of [write('a.tar', tar), write('a.tar.gz', gzipSync(tar)), write('a.tgz', gzipSync(tar))]) {
      expect(await read(path)).toEqual([
        ['runs/2.json', 'two'],
        ['runs/10.json', 'ten'.repeat(100_000)],
        ['runs/empty.json', ''],
      ])
    }
  })

  it('refuses names that point outside, links, and entries too large', async () => {
    for (const name of ['../evil.json', '/etc/evil.json', 'a/../../evil.json', 'C:\\evil.json']) {
      const { problem } = await failure(readEntries(write('evil.tar', await makeTar([{ name, content: 'x' }]))))
      expect(problem.found).toContain('points outside')
    }
    for (const type of ['symlink', 'link'] as const) {
      const tar = await makeTar([{ name: '1.json', type, linkname: '/etc/passwd' }])
      expect((await failure(readEntries(write('link.tar', tar)))).problem.found).toContain('never followed')
    }
    await failure(readEntries(write('large.tar', await makeTar(files)), { maxBytes: 1000 }), /at most 1,000 bytes/)
  })

  it('cut short or no tar at all is an error', async () => {
    const tar = await makeTar(files)
    for (const bytes of [tar.subarray(0, 200_000), tar.subarray(0, 1700), Buffer.from('{"a": 1}'.repeat(200))]) {
      await failure(readEntries(write('cut.tar', bytes)), /a whole tar archive.*cut short or damaged/)
    }
    const { problem } = await failure(readEntries(write('cut.tgz', gzipSync(tar).subarray(0, 400))))
    expect(problem.found).toContain('decompressed bytes')
  })

  it('an empty tar has no entries', async () => {
    expect(await read(write('none.tar', await makeTar([])))).toEqual([])
  })

  it('can be left early', async () => {
    for await (const { name } of readEntries(write('early.tgz', gzipSync(await makeTar(files))), { accept })) {
      expect(name).toBe('runs/2.json')
      break
    }
  })
})

describe('readEntries of a zip', () => {
  it('reads wanted entries in the order of its directory', async () => {
    const zip = makeZip([
      { name: 'runs/' },
      { name: 'runs/2.json', content: 'two' },
      { name: '__MACOSX/2.json', content: 'junk' },
      { name: 'runs/notes.txt', content: 'no' },
      { name: 'runs/ä.json', content: 'ä'.repeat(100_000) },
    ])
    expect(await read(write('a.zip', zip))).toEqual([
      ['runs/2.json', 'two'],
      ['runs/ä.json', 'ä'.repeat(100_000)],
    ])
  })

  it('refuses names that point outside, links, and entries too large', async () => {
    for (const name of ['../evil.json', '/evil.json', 'a/../../evil.json', 'C:/evil.json', '..\\evil.json']) {
      const { problem } = await failure(readEntries(write('evil.zip', makeZip([{ name, content: 'x' }]))))
      expect(problem.where).toContain('evil.zip')
    }
    const link = makeZip([{ name: '1.json', content: '/etc/passwd', link: true }])
    expect((await failure(readEntries(write('link.zip', link)))).problem.found).toContain('never followed')
    const large = makeZip([{ name: '1.json', content: 'x'.repeat(5000) }])
    await failure(readEntries(write('large.zip', large), { maxBytes: 1000 }), /at most 1,000 bytes/)
  })

  it('cut short or damaged is an error', async () => {
    const zip = makeZip([{ name: '1.json', content: 'hello '.repeat(50) }])
    await failure(readEntries(write('cut.zip', zip.subarray(0, 60))), /a whole zip archive.*damaged or unsafe/)
    await failure(readEntries(write('none.zip', '')), /a whole zip archive.*damaged or unsafe/)
    const damaged = Buffer.from(zip)
    damaged[40] ^= 0xff
    await failure(readEntries(write('damaged.zip', damaged)), /the checksum of .* does not match/)
  })
})
