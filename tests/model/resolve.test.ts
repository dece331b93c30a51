// Names of models: folders first, then the local Hugging Face cache, and what to do where neither has it.
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hashOutside } from '../../pipeline/fingerprint.ts'
import { hubCache, modelPath } from '../../model/resolve.ts'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()

/** A cache as huggingface_hub lays it out: snapshots are links into blobs. */
const cache = (commits: readonly string[], refs: Readonly<Record<string, string>> = {}) => {
  const hub = temp()
  const repository = join(hub, 'models--org--small.model')
  mkdirSync(join(repository, 'blobs'), { recursive: true })
  for (const commit of commits) {
    const snapshot = join(repository, 'snapshots', commit)
    mkdirSync(snapshot, { recursive: true })
    writeFileSync(join(repository, 'blobs', commit), `{"commit": "${commit}"}`)
    symlinkSync(join('..', '..', 'blobs', commit), join(snapshot, 'config.json'))
  }
  for (const [name, commit] of Object.entries(refs)) writeFiles(repository, { [`refs/${name}`]: commit })
  return { hub, repository, env: { HF_HUB_CACHE: hub } }
}
const resolve = (model: string, env: Readonly<Record<string, string>>): string => modelPath(model, env)

describe('the cache', () => {
  test('is where huggingface_hub has it', () => {
    expect(hubCache({ HF_HUB_CACHE: '/a', HF_HOME: '/b' })).toBe('/a')
    expect(hubCache({ HF_HOME: '/b' })).toBe(join('/b', 'hub'))
    expect(hubCache({ XDG_CACHE_HOME: '/c' })).toBe(join('/c', 'huggingface', 'hub'))
    expect(hubCache({})).toMatch(/\.cache[/\\]huggingface[/\\]hub$/)
  })

  test('gives the commit that main is, and another revision by its name or commit', () => {
    const { repository, env } = cache(['aaa', 'bbb', 'ccc'], { main: 'bbb', v1: 'aaa' })
    expect(resolve('org/small.model', env)).toBe(join(repository, 'snapshots', 'bbb'))
    expect(resolve('org/small.model@v1', env)).toBe(join(repository, 'snapshots', 'aaa'))
    expect(resolve('org/small.model@ccc', env)).toBe(join(repository, 'snapshots', 'ccc'))
  })

  test('without refs gives the only commit, but does not choose between two', () => {
    const one = cache(['aaa'])
    expect(resolve('org/small.model', one.env)).toBe(join(one.repository, 'snapshots', 'aaa'))
    expect(() => resolve('org/small.model', cache(['aaa', 'bbb']).env)).toThrow('with that revision')
  })
})

test('a folder comes first', () => {
  const { env } = cache(['aaa'])
  const folder = temp()
  expect(resolve(folder, env)).toBe(folder)
})

describe('what is not there', () => {
  test('is said with the places looked at and the command that fetches it', () => {
    const { hub, env } = cache(['aaa'])
    expect(() => resolve('org/other', env)).toThrow(
      `neither the folder org/other nor ${join(hub, 'models--org--other')}. Fetch it with: hf download org/other.`,
    )
    expect(() => resolve('org/small.model@v9', env)).toThrow('hf download org/small.model --revision v9')
  })

  test('and was fetched in part, too', () => {
    const { repository, env } = cache(['aaa'])
    rmSync(join(repository, 'snapshots', 'aaa', 'config.json'))
    expect(() => resolve('org/small.model', env)).toThrow('it was fetched in part. Fetch the rest with: hf download')
  })

  test.each(['models/a/b', '/nowhere', './nothing', 'nothing', 'a//b'])(
    'as %s, which is no name of a model',
    (path) => {
      expect(() => resolve(path, {})).toThrow(`${path}: expected a model folder; found no such folder`)
    },
  )
})

test('a snapshot of links has the fingerprint of the same files in a folder', () => {
  const { repository } = cache(['aaa'])
  const snapshot = join(repository, 'snapshots', 'aaa')
  const copy = join(temp(), 'copy')
  cpSync(snapshot, copy, { recursive: true, dereference: true })
  const [linked, plain, other] = hashOutside([snapshot, copy, cache(['bbb']).repository], join(temp(), 'hashes.json'))
  expect(linked?.sha256).toBe(plain?.sha256)
  expect(linked?.bytes).toBeGreaterThan(0)
  expect(other?.sha256).not.toBe(plain?.sha256)
})
