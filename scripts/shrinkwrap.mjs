// Around `npm pack`: puts npm-shrinkwrap.json, the lock file without development packages, into the package, so that
// `npm install --global` of it gets what `npm ci` gets here: these versions, and none of what package.json leaves out.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'

const at = (name) => new URL(`../${name}`, import.meta.url)

if (process.argv.includes('--remove')) rmSync(at('npm-shrinkwrap.json'), { force: true })
else {
  const lock = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'))
  const { devDependencies: _, ...own } = lock.packages['']
  const packages = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  const kept = { ...lock, packages: { '': own, ...Object.fromEntries(packages) } }
  writeFileSync(at('npm-shrinkwrap.json'), `${JSON.stringify(kept, null, 1)}\n`)
}
