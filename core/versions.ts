// Versions of what computes: they go into every manifest.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's or package's root, from the sources as well as from dist/. */
export const packageRoot = ((): string => {
  for (const up of ['..', '../..']) {
    const path = fileURLToPath(new URL(`${up}/package.json`, import.meta.url))
    try {
      const { name } = JSON.parse(readFileSync(path, 'utf8')) as { name?: string }
      if (name === 'lrat') return fileURLToPath(new URL(up, import.meta.url))
    } catch {
      continue
    }
  }
  throw new Error('package.json of lrat is missing')
})()

const own = JSON.parse(readFileSync(`${packageRoot}/package.json`, 'utf8')) as {
  version: string
  dependencies: Record<string, string>
}

export const version = own.version

export const versions = (): Record<string, string> => ({
  lrat: own.version,
  node: process.versions.node,
  duckdb: own.dependencies['@duckdb/node-api'] ?? '',
  lancedb: own.dependencies['@lancedb/lancedb'] ?? '',
  onnxruntime: own.dependencies['onnxruntime-node'] ?? '',
})
