// Fingerprints: equal for equal content, different for different content, however it is stored or touched.
import fc from 'fast-check'
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { canonical, digest, hashFile, hashOutside } from '../../pipeline/fingerprint.ts'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, shuffled(inner)]),
  )
}

describe('canonical JSON', () => {
  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonical(shuffled(value))).toBe(canonical(value))
        expect(digest(shuffled(value))).toBe(digest(value))
      }),
    )
  })

  test('loses nothing, and depends on the order of lists', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    expect(digest([1, 2])).not.toBe(digest([2, 1]))
  })

  test('a key that is undefined is as good as absent', () => {
    expect(digest({ a: 1, b: undefined })).toBe(digest({ a: 1 }))
    expect(digest(undefined)).toBe(digest(null))
  })
})

test('the hash of a file is the SHA-256 of its bytes', () => {
  const folder = temp()
  writeFiles(folder, { empty: '', long: Buffer.alloc(3_000_000, 'ab') })
  expect(hashFile(join(folder, 'empty'))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(hashFile(join(folder, 'long'))).not.toBe(hashFile(join(folder, 'empty')))
})

describe('outside files', () => {
  const world = () => {
    const folder = temp()
    const [file, cache] = [join(folder, 'file'), join(folder, 'cache.json')]
    writeFileSync(file, 'content')
    const hash = (path = file): string => hashOutside([path], cache)[0].sha256
    return { folder, file, cache, hash }
  }

  test('touched, moved into place again or cached no more, the same content has the same hash', () => {
    const { file, hash, cache } = world()
    const before = hash()
    utimesSync(file, 1, 1)
    expect(hash()).toBe(before)
    writeFileSync(`${file}2`, 'content')
    renameSync(`${file}2`, file)
    expect(hash()).toBe(before)
    rmSync(cache)
    expect(hash()).toBe(before)
  })

  test('a broken cache is only a cache', () => {
    const { hash, cache } = world()
    const before = hash()
    writeFileSync(cache, '{"half')
    expect(hash()).toBe(before)
  })

  test('other content of the same length has another hash', () => {
    const { file, hash } = world()
    const before = hash()
    writeFileSync(file, 'contenT')
    expect(hash()).not.toBe(before)
    writeFileSync(file, 'content')
    expect(hash()).toBe(before)
  })

  test('says the size', () => {
    const { file, cache } = world()
    expect(hashOutside([file], cache)[0]).toMatchObject({ path: file, bytes: 7 })
  })

  test('of a folder: names and contents count, of files at any depth; the order on disk does not', () => {
    const { folder, hash } = world()
    const tree = (name: string, files: Record<string, string>): string => {
      const path = join(folder, name)
      mkdirSync(path)
      writeFiles(path, files)
      return hash(path)
    }
    const before = tree('one', { a: '1', 'sub/b': '2' })
    expect(tree('two', { 'sub/b': '2', a: '1' })).toBe(before)
    expect(tree('three', { a: '1', 'sub/b': '3' })).not.toBe(before)
    expect(tree('four', { a: '1', 'sub/c': '2' })).not.toBe(before)
    expect(tree('five', { a: '1', 'sub/b': '2', 'sub/c': '' })).not.toBe(before)
    expect(tree('six', { a: '12', 'sub/b': '' })).not.toBe(before)
    writeFileSync(join(folder, 'one', 'new'), '')
    expect(hash(join(folder, 'one'))).not.toBe(before)
  })

  test('that is missing is an error naming it', () => {
    const { folder, file, cache } = world()
    for (const path of [join(folder, 'nowhere'), join(file, 'below-a-file')]) {
      expect(() => hashOutside([path], cache)).toThrow(`${path}: expected`)
    }
  })
})
