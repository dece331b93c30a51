// Completes package-lock.json after a change of dependencies (`npm run lockfile`). It adds the packages of other platforms
// that the registry at hand did not have, for `npm ci` insists on an entry for each; notes what package.json leaves out; and
// takes the notice of install steps off, so that npm runs none: one would download a CUDA provider from outside the registry.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../core/versions.ts'

/** What package.json overrides by a version that does not exist: no platform has it. */
const NONE = '0.0.0-none'
const LEFT_OUT = ['@huggingface/transformers']

interface Entry {
  readonly version?: string
  readonly hasInstallScript?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
const path = join(packageRoot, 'package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Entry> }

const named = (name: string, words: readonly string[]): string[] => words.filter((word) => name.includes(word))

const added = Object.entries(lock.packages).flatMap(([at, { optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !(`node_modules/${name}` in lock.packages) && !(`${at}/node_modules/${name}` in lock.packages))
    .map(([name, version]) => {
      if (LEFT_OUT.includes(name))
        return [`node_modules/${name}`, { version: NONE, optional: true, os: ['none'] }] as const
      const libc = name.includes('musl') ? ['musl'] : name.includes('gnu') ? ['glibc'] : undefined
      const entry = {
        version,
        cpu: named(name, ['arm64', 'x64']),
        ...(libc && { libc }),
        optional: true,
        os: named(name, ['darwin', 'linux', 'win32']),
      }
      return [`node_modules/${name}`, entry] as const
    }),
)
const all: Record<string, Entry> = { ...lock.packages, ...Object.fromEntries<Entry>(added) }
const packages = Object.entries(all)
  .map(([at, { hasInstallScript: _, ...entry }]) => [at, entry] as const)
  .sort(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`)
process.stdout.write(`${added.length} packages of other platforms added\n`)
