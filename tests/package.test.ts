// What the package depends on and ships: licences, the lock file, the files of the tarball.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const json = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))

interface Locked {
  readonly dev?: boolean
  readonly license?: string
  readonly hasInstallScript?: boolean
  readonly os?: readonly string[]
  readonly resolved?: string
}
const { packages } = json('package-lock.json') as { packages: Record<string, Locked> }
const locked = Object.entries(packages).filter(([path]) => path !== '')

/** Licences that ask for no more than their notice, by their SPDX names. */
const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
  'WTFPL',
])
/** Weak copyleft, for tools that are not part of the package. */
const ALLOWED_TOOLS = new Set([...ALLOWED, 'MPL-2.0', 'CC-BY-4.0'])
/** Where the package itself says it, or says it badly: looked up in its repository. */
const LOOKED_UP: Readonly<Record<string, string>> = {}

/** `(MIT OR Apache-2.0)`: one of them has to be allowed; `MIT AND Zlib`: each. */
const isAllowed = (licence: string, allowed: ReadonlySet<string>): boolean =>
  licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((name) => allowed.has(name.trim())))

const licenceOf = (path: string, { license }: Locked): string | undefined => {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  if (name in LOOKED_UP) return LOOKED_UP[name]
  if (license !== undefined) return license
  const own = join(path, 'package.json')
  if (!existsSync(join(root, own))) return undefined
  const { license: said, licenses } = json(own) as {
    license?: string | { type: string }
    licenses?: { type: string }[]
  }
  return typeof said === 'object' ? said.type : (said ?? licenses?.map(({ type }) => type).join(' OR '))
}

describe('dependencies', () => {
  test('have licences that this package may be used with', () => {
    const refused = locked.flatMap(([path, entry]) => {
      const licence = licenceOf(path, entry)
      // Packages of other platforms, whose entries were added by hand, are those of their parents.
      if (licence === undefined && entry.os !== undefined) return []
      if (licence !== undefined && isAllowed(licence, entry.dev === true ? ALLOWED_TOOLS : ALLOWED)) return []
      return [`${path}: ${licence ?? 'no licence'}`]
    })
    expect(refused).toEqual([])
  })

  test('are locked without addresses, and run no install step (npm run lockfile)', () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
    expect(locked.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path)).toEqual([])
  })

  test('with notices of their own are named in NOTICE', () => {
    const notice = readFileSync(join(root, 'NOTICE'), 'utf8')
    const missing = locked
      .filter(
        ([path, { dev }]) =>
          dev !== true && ['NOTICE', 'NOTICE.txt'].some((name) => existsSync(join(root, path, name))),
      )
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
      .filter((name) => !notice.includes(name))
    expect(missing).toEqual([])
  })
})

test('the tarball holds what a user needs, and no tests, benchmarks or traces of the build', () => {
  const shell = process.platform === 'win32'
  const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    shell,
  })
  const [{ files }] = JSON.parse(said) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  for (const needed of [
    'dist/cli/main.js',
    'configs/demo.yaml',
    'configs/sample/corpus.jsonl',
    'scripts/preinstall.mjs',
  ])
    expect(paths).toContain(needed)
  const tops = new Set(paths.map((path) => path.split('/')[0]))
  for (const top of ['tests', 'node_modules', 'runs', '.ci']) expect(tops).not.toContain(top)
  expect(paths.filter((path) => /tsbuildinfo|\.test\.|dist\/(scripts|tests)\/|bench/.test(path))).toEqual([])
})
