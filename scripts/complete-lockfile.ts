// Adds to package-lock.json the packages of other platforms that the registry at hand did not have when the file was
// made; `npm ci` insists on an entry for each. Run it after every change of dependencies.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../core/versions.ts'

interface Entry {
  readonly version?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
const path = join(packageRoot, 'package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Entry> }

const named = (name: string, words: readonly string[]): string[] => words.filter((word) => name.includes(word))

const added = Object.entries(lock.packages).flatMap(([at, { optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !(`node_modules/${name}` in lock.packages) && !(`${at}/node_modules/${name}` in lock.packages))
    .map(([name, version]) => {
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
const packages = Object.entries({ ...lock.packages, ...Object.fromEntries(added) }).sort(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`)
process.stdout.write(`${added.length} packages of other platforms added\n`)
