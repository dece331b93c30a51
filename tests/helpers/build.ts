// Before any test: dist/ holds the sources as they are now, for the commands and threads that tests start.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import type { TestProject } from 'vitest/node'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = join(root, 'dist')

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
const modified = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Compiles each source that is newer than what was made of it, without checking types, and removes what has no source. */
export const refreshDist = (): void => {
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.build.json'), (path) => readFileSync(path, 'utf8')).config,
    ts.sys,
    root,
  )
  // One file by itself cannot tell that package.json makes it an ES module.
  const compilerOptions = {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  }
  const sources = fileNames.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  const wanted = new Set<string>()
  let compiled = 0
  for (const source of sources) {
    const output = join(dist, relative(root, source)).replace(/\.ts$/, '.js')
    wanted.add(output)
    if (modified(output) >= modified(source)) continue
    const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), { compilerOptions, fileName: source })
    mkdirSync(dirname(output), { recursive: true })
    writeFileSync(output, outputText)
    compiled += 1
  }
  // What tsc remembers of its last build is no longer what lies there.
  if (compiled > 0) rmSync(join(dist, '.tsbuildinfo'), { force: true })
  const folders = new Set([...wanted].map((path) => relative(dist, path).split(sep)[0]))
  for (const folder of readdirSync(dist)) {
    const path = join(dist, folder)
    if (!statSync(path).isDirectory()) continue
    if (!folders.has(folder)) rmSync(path, { recursive: true })
    else for (const file of files(path)) if (file.endsWith('.js') && !wanted.has(file)) rmSync(file)
  }
}

export const setup = (project: TestProject): void => {
  refreshDist()
  project.onTestsRerun(async () => refreshDist())
}
